import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nodePrimitives } from '../../src/connection/node-primitives.ts';
import { FIN, RSV1 } from '../../src/protocol/frame-parser.ts';
import { FrameWriter, makeFrame, type Outgoing } from '../../src/protocol/frame-writer.ts';
import { Opcode } from '../../src/protocol/opcode.ts';
import type { Primitives } from '../../src/protocol/primitives.ts';
import type { Role } from '../../src/protocol/role.ts';
import { hex, octets, pattern, utf8 } from './support/octets.ts';
import { RecordingOutput, TEST_KEY, testPrimitives } from './support/recording-endpoint.ts';
import { encodeFrame } from './support/reference-frame.ts';
import { anyText } from './support/text-arbitraries.ts';

/** What `write` makes a writer send, and how much room each frame asked for. */
function written(
  role: Role,
  write: (writer: FrameWriter) => void,
  primitives: Primitives = testPrimitives,
): { frames: Uint8Array[]; reserved: readonly number[] } {
  const frames: Uint8Array[] = [];
  const output = new RecordingOutput((frame) => frames.push(frame));
  write(new FrameWriter(role, output, primitives));
  return { frames, reserved: output.reserved };
}

const BINARY = FIN | Opcode.Binary;
const TEXT = FIN | Opcode.Text;
const same = (one: Uint8Array, other: Uint8Array) => Buffer.compare(one, other) === 0;

describe('the examples of RFC 6455 §5.7', () => {
  it.each([
    ['a single-frame unmasked text message', 'server', TEXT, '81 05 48 65 6c 6c 6f'],
    ['a single-frame masked text message', 'client', TEXT, '81 85 37 fa 21 3d 7f 9f 4d 51 58'],
    ['an unmasked Ping request', 'server', FIN | Opcode.Ping, '89 05 48 65 6c 6c 6f'],
    ['a masked Ping response', 'client', FIN | Opcode.Pong, '8a 85 37 fa 21 3d 7f 9f 4d 51 58'],
  ] as const)('are written: %s', (_what, role, head, wanted) => {
    const { frames } = written(role, (writer) => writer.frame(head, utf8('Hello'), 0, 5));
    expect(frames.map(hex)).toEqual([wanted]);
  });

  it('are written: a text message by its own method', () => {
    const byRole = (role: Role) => written(role, (writer) => writer.text('Hello')).frames.map(hex);
    expect(byRole('server')).toEqual(['81 05 48 65 6c 6c 6f']);
    expect(byRole('client')).toEqual(['81 85 37 fa 21 3d 7f 9f 4d 51 58']);
  });

  it('are written: a fragmented unmasked text message', () => {
    const { frames } = written('server', (writer) => {
      writer.frame(Opcode.Text, utf8('Hello'), 0, 3);
      writer.frame(FIN | Opcode.Continuation, utf8('Hello'), 3, 5);
    });
    expect(frames.map(hex)).toEqual(['01 03 48 65 6c', '80 02 6c 6f']);
  });

  it.each([
    ['256 bytes', '82 7e 01 00', 256],
    ['64KiB', '82 7f 00 00 00 00 00 01 00 00', 65_536],
  ])('are written: %s binary message in a single unmasked frame', (_what, header, length) => {
    const data = pattern(length);
    const { frames } = written('server', (writer) => writer.frame(BINARY, data, 0, length));
    expect(frames.map(hex)).toEqual([`${header} ${hex(data)}`]);
  });

  it("are written: the founding document's echo of Hello World!", () => {
    const { frames } = written('server', (writer) => writer.text('Hello World!'));
    expect(frames.map(hex)).toEqual(['81 0c 48 65 6c 6c 6f 20 57 6f 72 6c 64 21']);
  });
});

describe('the length is in its shortest form (§5.2)', () => {
  it.each([
    [0, '82 00', '82 80'],
    [1, '82 01', '82 81'],
    [125, '82 7d', '82 fd'],
    [126, '82 7e 00 7e', '82 fe 00 7e'],
    [127, '82 7e 00 7f', '82 fe 00 7f'],
    [65_535, '82 7e ff ff', '82 fe ff ff'],
    [65_536, '82 7f 00 00 00 00 00 01 00 00', '82 ff 00 00 00 00 00 01 00 00'],
    [1_048_576, '82 7f 00 00 00 00 00 10 00 00', '82 ff 00 00 00 00 00 10 00 00'],
    [16_777_217, '82 7f 00 00 00 00 01 00 00 01', '82 ff 00 00 00 00 01 00 00 01'],
  ])('for %i octets', (length, unmasked, withMask) => {
    const payload = new Uint8Array(length).fill(0x61);
    for (const [role, header] of [
      ['server', unmasked],
      ['client', `${withMask} 37 fa 21 3d`],
    ] as const) {
      const key = role === 'client' ? TEST_KEY : undefined;
      const { frames } = written(role, (writer) => writer.frame(BINARY, payload, 0, length));
      const [frame = new Uint8Array(0)] = frames;
      expect(hex(frame.subarray(0, frame.length - length))).toBe(header);
      expect(same(frame, encodeFrame({ head: BINARY, payload, key }))).toBe(true);
    }
  });
});

describe('a frame', () => {
  it('begins with the octet that it is given', () => {
    const { frames } = written('server', (writer) => {
      writer.frame(FIN | RSV1 | Opcode.Text, octets('61'), 0, 1);
      writer.frame(Opcode.Binary, octets('62'), 0, 1);
    });
    expect(frames.map(hex)).toEqual(['c1 01 61', '02 01 62']);
  });

  it.each([10, 63, 64, 200])('holds the payload from start to before end, %i octets', (length) => {
    const memory = pattern(300);
    for (const start of [0, 1, 300 - length]) {
      const { frames } = written('server', (w) => w.frame(BINARY, memory, start, start + length));
      const payload = memory.slice(start, start + length);
      expect(frames.map(hex)).toEqual([hex(encodeFrame({ head: BINARY, payload }))]);
    }
  });

  it('leaves the payload as it was, though a client masks', () => {
    const payload = pattern(100);
    written('client', (writer) => writer.frame(BINARY, payload, 0, 100));
    expect(payload).toEqual(pattern(100));
  });

  it('of a client has a new masking key each time (§5.3)', () => {
    let key = 0;
    const primitives = { ...testPrimitives, maskKey: () => ++key };
    const { frames } = written(
      'client',
      (writer) => {
        writer.frame(BINARY, octets('00'), 0, 1);
        writer.text('\0');
      },
      primitives,
    );
    expect(frames.map(hex)).toEqual(['82 81 00 00 00 01 00', '81 81 00 00 00 02 00']);
  });

  it('of a server asks for no masking key', () => {
    const maskKey = () => {
      throw new Error('a server does not mask');
    };
    const write = (writer: FrameWriter) => writer.frame(BINARY, octets('61'), 0, 1);
    expect(written('server', write, { ...testPrimitives, maskKey }).frames).toHaveLength(1);
  });

  it('asks for room for the longest header and its payload', () => {
    const write = (writer: FrameWriter) => writer.frame(BINARY, pattern(300), 0, 300);
    expect(written('client', write).reserved).toEqual([314]);
  });
});

// The length in UTF-16 units is on one side of a border of the header, the length in octets on the other.
describe.each<[string, Role, Primitives]>([
  ['a server, in plain JavaScript', 'server', testPrimitives],
  ['a client, in plain JavaScript', 'client', testPrimitives],
  ['a server, on Node', 'server', nodePrimitives],
  ['a client, on Node', 'client', { ...nodePrimitives, maskKey: () => TEST_KEY }],
])('a text of %s', (_name, role, primitives) => {
  const key = role === 'client' ? TEST_KEY : undefined;
  const frameOf = (text: string) => written(role, (writer) => writer.text(text), primitives);
  /** Buffer.from() turns lone surrogates into U+FFFD, as WHATWG says. */
  const wanted = (text: string) => encodeFrame({ head: TEXT, payload: utf8(text), key });

  it.each([
    ['ASCII alone', ''],
    ['one character of two octets', 'é'],
    ['one of three', '€'],
    ['one of four, which is two units', '😀'],
    ['several', 'é€😀'],
    ['a lone high surrogate', '\ud83d'],
    ['a lone low surrogate', '\ude00'],
  ])('is written at every length around 125 and 126, with %s', (_what, odd) => {
    for (let plain = 105; plain <= 130; plain += 1) {
      for (const text of [odd + 'a'.repeat(plain), 'a'.repeat(plain) + odd]) {
        expect(hex(frameOf(text).frames[0] as Uint8Array)).toBe(hex(wanted(text)));
      }
    }
  });

  it.each([
    ['ASCII alone', ''],
    ['characters of several octets', 'é€😀'],
    ['a lone surrogate', '\ud83d'],
  ])('is written at every length around 65535 and 65536, with %s', (_what, odd) => {
    for (let plain = 65_520; plain <= 65_540; plain += 1) {
      const text = 'a'.repeat(plain) + odd;
      expect(same(frameOf(text).frames[0] as Uint8Array, wanted(text)), `${plain}`).toBe(true);
    }
  });

  it.each([0, 1, 41, 42, 43, 125, 126, 4_095, 4_096, 4_097, 21_845, 21_846, 65_535, 65_536])(
    'of %i characters of three octets each is written',
    (length) => {
      const text = '€'.repeat(length);
      expect(same(frameOf(text).frames[0] as Uint8Array, wanted(text))).toBe(true);
    },
  );

  it('asks for three octets a unit up to 4,096 units, and for exactly what it needs above', () => {
    expect(frameOf('a'.repeat(10)).reserved).toEqual([14 + 30]);
    expect(frameOf('a'.repeat(4_096)).reserved).toEqual([14 + 3 * 4_096]);
    expect(frameOf('a'.repeat(4_097)).reserved).toEqual([14 + 4_097]);
    expect(frameOf('€'.repeat(4_097)).reserved).toEqual([14 + 3 * 4_097]);
    expect(frameOf('\ud800'.repeat(4_097)).reserved).toEqual([14 + 3 * 4_097]);
  });

  it('of whatever UTF-16 units is written as UTF-8', () => {
    const content = fc
      .tuple(anyText(20), fc.constantFrom(0, 100, 120, 4_090))
      .map(([text, padding]) => 'a'.repeat(padding) + text);
    fc.assert(
      fc.property(content, (text) => {
        expect(same(frameOf(text).frames[0] as Uint8Array, wanted(text))).toBe(true);
      }),
      { numRuns: 150 },
    );
  });
});

describe('whatever is sent', () => {
  it('is the frame of §5.2, for each head, role, payload and key', () => {
    const heads = fc.constantFrom(0x01, 0x02, 0x00, 0x80, 0x81, 0x82, 0xc1, 0x88, 0x89, 0x8a);
    fc.assert(
      fc.property(heads, fc.uint8Array({ maxLength: 300 }), fc.integer(), (head, payload, key) => {
        const primitives = { ...testPrimitives, maskKey: () => key };
        const write = (writer: FrameWriter) => writer.frame(head, payload, 0, payload.length);
        for (const [role, used] of [
          ['server', undefined],
          ['client', key],
        ] as const) {
          const { frames } = written(role, write, primitives);
          expect(frames.map(hex)).toEqual([hex(encodeFrame({ head, payload, key: used }))]);
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('a frame that was made before', () => {
  const LENGTHS = [0, 1, 61, 62, 125, 126, 127, 65_535, 65_536, 70_000];
  const made = (head: number, payload: Uint8Array): Uint8Array => {
    const frame = makeFrame(head, payload.length);
    frame.set(payload, frame.length - payload.length);
    return frame;
  };

  it.each(LENGTHS)('is what a server writes at once, with %i octets', (length) => {
    const payload = pattern(length);
    const frame = made(BINARY, payload);
    expect(same(frame, encodeFrame({ head: BINARY, payload }))).toBe(true);
    const { frames } = written('server', (writer) => writer.madeFrame(frame));
    expect(frames.length).toBe(1);
    expect(same(frames[0] ?? frame.subarray(1), frame)).toBe(true);
  });

  it('is handed over as it is to an output that keeps frames, but for a client', () => {
    const frame = made(BINARY, pattern(10));
    for (const role of ['server', 'client'] as const) {
      const kept: Uint8Array[] = [];
      const written: Uint8Array[] = [];
      const output = new RecordingOutput((each) => written.push(each));
      const keeping: Outgoing = {
        get octets() {
          return output.octets;
        },
        reserve: (length) => output.reserve(length),
        commit: (end) => output.commit(end),
        append: (each) => void kept.push(each),
      };
      new FrameWriter(role, keeping, testPrimitives).madeFrame(frame);
      expect([kept.length, written.length]).toEqual(role === 'server' ? [1, 0] : [0, 1]);
      if (role === 'server') expect(kept[0]).toBe(frame);
    }
  });

  it.each(LENGTHS)('is masked by a client, and stays as it is, with %i octets', (length) => {
    const payload = pattern(length);
    for (const head of [BINARY, FIN | RSV1 | Opcode.Text]) {
      const frame = made(head, payload);
      const before = frame.slice();
      const atOnce = written('client', (writer) => writer.frame(head, payload, 0, length));
      const { frames } = written('client', (writer) => writer.madeFrame(frame));
      expect(same(frames[0] ?? before, atOnce.frames[0] ?? frame)).toBe(true);
      expect(same(frame, before)).toBe(true);
    }
  });
});
