import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FIN, type FrameHandler, FrameParser, RSV, RSV1 } from '../../src/protocol/frame-parser.ts';
import { Opcode } from '../../src/protocol/opcode.ts';
import { ProtocolError } from '../../src/protocol/protocol-error.ts';
import type { Role } from '../../src/protocol/role.ts';
import { violation } from './support/faults.ts';
import { streamOfFrames, withFaults } from './support/frame-arbitraries.ts';
import { cut, hex, join, octetByOctet, octets, pattern } from './support/octets.ts';
import { testPrimitives } from './support/recording-endpoint.ts';
import { encodeFrame, masked } from './support/reference-frame.ts';

const KEY = 0x37fa213d;

/** A parser and what it reported: payload that comes in pieces is one entry, told when its frame ends. */
class Recorder {
  readonly calls: string[] = [];
  readonly parser: FrameParser;
  #payload: Uint8Array[] = [];

  constructor(role: Role, extensionBits = 0, on: Partial<FrameHandler> = {}) {
    const handler: FrameHandler = {
      dataHeader: (head, length) => {
        this.calls.push(`header ${head.toString(16).padStart(2, '0')} ${length}`);
        on.dataHeader?.(head, length);
      },
      dataPayload: (given, start, end, last) => {
        this.#payload.push(given.slice(start, end));
        if (last) this.calls.push(`payload ${hex(join(this.#payload))}`.trimEnd());
        if (last) this.#payload = [];
        on.dataPayload?.(given, start, end, last);
      },
      controlFrame: (opcode, given, start, end) => {
        this.calls.push(`control ${opcode} ${hex(given.subarray(start, end))}`.trimEnd());
        on.controlFrame?.(opcode, given, start, end);
      },
    };
    this.parser = new FrameParser(role, handler, testPrimitives, extensionBits);
  }

  /** Payload of a frame that has not ended. */
  get unfinished(): string {
    return hex(join(this.#payload));
  }

  parse(...chunks: readonly (string | Uint8Array)[]): this {
    for (const chunk of chunks) {
      const copy = typeof chunk === 'string' ? octets(chunk) : chunk.slice();
      this.parser.parse(copy, 0, copy.length);
    }
    return this;
  }

  /** Everything that became of the octets in these pieces, a fault at the end. */
  outcome(chunks: readonly Uint8Array[]): string[] {
    try {
      this.parse(...chunks);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      return [...this.calls, `unfinished ${this.unfinished}`, error.code];
    }
    return [...this.calls, `unfinished ${this.unfinished}`];
  }
}

/** The index of the octet with which `given` is refused, one by one, and how; nothing may be reported before. */
function refusal(role: Role, given: Uint8Array, extensionBits = 0): string {
  const recorder = new Recorder(role, extensionBits);
  for (const [at, octet] of given.entries()) {
    try {
      recorder.parse(Uint8Array.of(octet));
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      return `${error.code} at ${at}`;
    }
  }
  return 'not refused';
}

describe('the examples of RFC 6455 §5.7', () => {
  it.each([
    [
      'a single-frame unmasked text message',
      'client',
      ['81 05 48 65 6c 6c 6f'],
      ['header 81 5', 'payload 48 65 6c 6c 6f'],
    ],
    [
      'a single-frame masked text message',
      'server',
      ['81 85 37 fa 21 3d 7f 9f 4d 51 58'],
      ['header 81 5', 'payload 48 65 6c 6c 6f'],
    ],
    [
      'a fragmented unmasked text message',
      'client',
      ['01 03 48 65 6c', '80 02 6c 6f'],
      ['header 01 3', 'payload 48 65 6c', 'header 80 2', 'payload 6c 6f'],
    ],
    ['an unmasked Ping request', 'client', ['89 05 48 65 6c 6c 6f'], ['control 9 48 65 6c 6c 6f']],
    [
      'a masked Ping response',
      'server',
      ['8a 85 37 fa 21 3d 7f 9f 4d 51 58'],
      ['control 10 48 65 6c 6c 6f'],
    ],
  ] as const)('are read: %s', (_what, role, chunks, calls) => {
    expect(new Recorder(role).parse(...chunks).calls).toEqual(calls);
  });

  it.each([
    ['256 bytes', '82 7E 0100', 256],
    ['64KiB', '82 7F 0000000000010000', 65_536],
  ])('are read: %s binary message in a single unmasked frame', (_what, header, length) => {
    const data = pattern(length);
    const { calls } = new Recorder('client').parse(header.toLowerCase(), data);
    expect(calls).toEqual([`header 82 ${length}`, `payload ${hex(data)}`]);
  });
});

describe('the dump of the founding document', () => {
  it("holds a browser's masked Hello World!", () => {
    const { calls } = new Recorder('server').parse(
      '81 8c ed 7f 06 db a5 1a 6a b7 82 5f 51 b4 9f 13 62 fa',
    );
    expect(calls).toEqual(['header 81 12', 'payload 48 65 6c 6c 6f 20 57 6f 72 6c 64 21']);
  });

  it("holds the server's unmasked echo of it", () => {
    const { calls } = new Recorder('client').parse('81 0c 48 65 6c 6c 6f 20 57 6f 72 6c 64 21');
    expect(calls).toEqual(['header 81 12', 'payload 48 65 6c 6c 6f 20 57 6f 72 6c 64 21']);
  });
});

describe.each<[Role, number | undefined]>([
  ['server', KEY],
  ['client', undefined],
])('a %s reads payload', (role, key) => {
  it.each([0, 1, 125, 126, 127, 65_535, 65_536])('of %i octets, whole and octet by octet', (n) => {
    const payload = pattern(n);
    const frame = encodeFrame({ head: 0x82, payload, key });
    const wanted = [`header 82 ${n}`, `payload ${hex(payload)}`.trimEnd()];
    expect(new Recorder(role).parse(frame).calls).toEqual(wanted);
    expect(new Recorder(role).parse(...octetByOctet(frame)).calls).toEqual(wanted);
  });

  it('of any length from 0 to 140, behind and in front of other frames', () => {
    const lengths = [...Array(141).keys()];
    const frames = lengths.map((n) => encodeFrame({ head: 0x82, payload: pattern(n), key }));
    const { calls } = new Recorder(role).parse(join(frames));
    expect(calls).toEqual(
      lengths.flatMap((n) => [`header 82 ${n}`, `payload ${hex(pattern(n))}`.trimEnd()]),
    );
  });

  it('of control frames of 0 to 125 octets, cut at every point', () => {
    for (const n of [0, 1, 2, 7, 125]) {
      const frame = encodeFrame({ head: 0x8a, payload: pattern(n), key });
      const wanted = [`control 10 ${hex(pattern(n))}`.trimEnd()];
      for (let at = 0; at <= frame.length; at += 1) {
        expect(new Recorder(role).parse(...cut(frame, [at])).calls, `cut at ${at}`).toEqual(wanted);
      }
    }
  });

  it('of control frames one behind the other, each in pieces', () => {
    const frames = [8, 3, 0, 125].map((n) => encodeFrame({ head: 0x89, payload: pattern(n), key }));
    const { calls } = new Recorder(role).parse(...octetByOctet(join(frames)));
    expect(calls).toEqual([8, 3, 0, 125].map((n) => `control 9 ${hex(pattern(n))}`.trimEnd()));
  });
});

describe('what a handler is told, and when', () => {
  it('is the length before the masking key has come, so that a limit acts on the announcement', () => {
    expect(new Recorder('server').parse('82 ff 00000000 06000000').calls).toEqual([
      `header 82 ${96 * 2 ** 20}`,
    ]);
    expect(new Recorder('server').parse('82 85').calls).toEqual(['header 82 5']);
  });

  it('is a frame without payload as soon as its header is complete', () => {
    expect(new Recorder('client').parse('81 00').calls).toEqual(['header 81 0', 'payload']);
    expect(new Recorder('server').parse('81 80 37fa21').calls).toEqual(['header 81 0']);
    expect(new Recorder('server').parse('81 80 37fa213d').calls).toEqual([
      'header 81 0',
      'payload',
    ]);
    expect(new Recorder('client').parse('89 00').calls).toEqual(['control 9']);
    expect(new Recorder('server').parse('88 80 37fa213d').calls).toEqual(['control 8']);
  });

  it('is payload as it comes, unmasked in the right phase', () => {
    const recorder = new Recorder('server').parse('82 86 37fa213d', '36 f8', '22', '39 32');
    expect(recorder.unfinished).toBe('01 02 03 04 05');
    expect(recorder.parse('fc').calls).toEqual(['header 82 6', 'payload 01 02 03 04 05 06']);
  });

  it('is a control frame in the middle of a fragmented message (§5.4)', () => {
    expect(new Recorder('client').parse('01 01 61 89 01 70 80 01 62').calls).toEqual([
      'header 01 1',
      'payload 61',
      'control 9 70',
      'header 80 1',
      'payload 62',
    ]);
  });

  it('is a length of 2^53 - 1 to the last octet', () => {
    expect(new Recorder('client').parse('82 7f 001fffff ffffffff').calls).toEqual([
      `header 82 ${Number.MAX_SAFE_INTEGER}`,
    ]);
  });

  it('is nothing for no octets', () => {
    expect(new Recorder('server').parse('', '81', '', '80', '', '00000000', '').calls).toEqual([
      'header 81 0',
      'payload',
    ]);
  });

  it('lies between start and end, and the memory around it stays as it is', () => {
    const memory = octets('eeee 81 85 37fa213d 7f9f4d5158 eeee');
    const recorder = new Recorder('server');
    recorder.parser.parse(memory, 2, memory.length - 2);
    expect(recorder.calls).toEqual(['header 81 5', 'payload 48 65 6c 6c 6f']);
    expect(hex(memory)).toBe('ee ee 81 85 37 fa 21 3d 48 65 6c 6c 6f ee ee');
  });

  it('leaves the memory of frames that are not masked as it is', () => {
    const memory = octets('81 05 48656c6c6f 89 01 70');
    const before = hex(memory);
    new Recorder('client').parser.parse(memory, 0, memory.length);
    expect(hex(memory)).toBe(before);
  });

  it('lets what a handler throws pass, whatever it is', () => {
    const limit = new ProtocolError('WS_MESSAGE_TOO_BIG');
    const recorder = new Recorder('client', 0, {
      dataHeader: () => {
        throw limit;
      },
    });
    expect(() => recorder.parse('82 01 61')).toThrow(limit);
  });
});

describe('every first octet (§5.2)', () => {
  // Written from the RFC, not from the parser: "MUST be 0 unless an extension is negotiated", "If an unknown opcode is
  // received", "All control frames … MUST NOT be fragmented."
  const fault = (head: number, extensionBits: number): string | undefined => {
    const opcode = head % 16;
    const reserved = Math.floor(head / 16) % 8;
    const fin = head >= 128;
    const extended = (opcode === 1 || opcode === 2) && extensionBits === RSV1;
    if (reserved !== 0 && !(extended && reserved === 4)) return 'WS_RESERVED_BIT_SET';
    if (![0, 1, 2, 8, 9, 10].includes(opcode)) return 'WS_OPCODE_RESERVED';
    if (opcode >= 8 && !fin) return 'WS_CONTROL_FRAGMENTED';
    return undefined;
  };

  it.each([
    ['without an extension', 0],
    ['with one that uses RSV1', RSV1],
  ])('is taken or refused at once %s', (_with, extensionBits) => {
    for (let head = 0; head < 256; head += 1) {
      const code = fault(head, extensionBits);
      const wanted = code === undefined ? 'not refused' : `${code} at 0`;
      expect(refusal('server', Uint8Array.of(head), extensionBits), head.toString(16)).toBe(wanted);
    }
  });

  it('is made of FIN, RSV1, RSV2, RSV3 and the opcode', () => {
    expect([FIN, RSV1, RSV]).toEqual([0b1000_0000, 0b0100_0000, 0b0111_0000]);
  });
});

describe('every second octet (§5.1, §5.2, §5.5)', () => {
  it.each<[string, Role, number, string]>([
    ['a data frame from a client', 'server', 0x81, 'WS_MASK_MISSING'],
    ['a data frame from a server', 'client', 0x82, 'WS_MASK_UNEXPECTED'],
    ['a continuation from a client', 'server', 0x00, 'WS_MASK_MISSING'],
    ['a control frame from a client', 'server', 0x89, 'WS_MASK_MISSING'],
    ['a control frame from a server', 'client', 0x88, 'WS_MASK_UNEXPECTED'],
  ])('of %s is taken or refused at once', (_what, role, head, maskFault) => {
    for (let second = 0; second < 256; second += 1) {
      const isMasked = second >= 128;
      const tooLong = head >= 0x88 && second % 128 > 125;
      let wanted = tooLong ? 'WS_CONTROL_TOO_LONG at 1' : 'not refused';
      if (isMasked !== (role === 'server')) wanted = `${maskFault} at 1`;
      expect(refusal(role, Uint8Array.of(head, second)), second.toString(16)).toBe(wanted);
    }
  });
});

describe('longer lengths (§5.2: "the minimal number of bytes MUST be used")', () => {
  it('in 16 bits are refused below 126 with their last octet, of all 65536', () => {
    const given = octets('82 7e 0000');
    const differences: number[] = [];
    for (let length = 0; length < 0x1_0000; length += 1) {
      given[2] = length >> 8;
      given[3] = length;
      const recorder = new Recorder('client');
      const wanted = length < 126 ? 'WS_LENGTH_NOT_MINIMAL' : `header 82 ${length}`;
      const [got] = recorder.outcome([given]).filter((entry) => !entry.startsWith('unfinished'));
      if (got !== wanted) differences.push(length);
    }
    expect(differences).toEqual([]);
    expect(refusal('client', octets('82 7e 007d'))).toBe('WS_LENGTH_NOT_MINIMAL at 3');
  });

  it.each([
    ['5 in 64 bits', '82 7f 00000000 00000005', 'WS_LENGTH_NOT_MINIMAL at 9'],
    ['200 in 64 bits', '82 7f 00000000 000000c8', 'WS_LENGTH_NOT_MINIMAL at 9'],
    ['65535 in 64 bits', '82 7f 00000000 0000ffff', 'WS_LENGTH_NOT_MINIMAL at 9'],
    ['65536 in 64 bits', '82 7f 00000000 00010000', 'not refused'],
    ['2^31, whose low half has its top bit set', '82 7f 00000000 80000000', 'not refused'],
    ['2^32', '82 7f 00000001 00000000', 'not refused'],
    ['2^63 - 1', '82 7f 7fffffff ffffffff', 'not refused'],
    [
      '2^63: "the most significant bit MUST be 0"',
      '82 7f 80000000 00000000',
      'WS_LENGTH_MSB_SET at 5',
    ],
    ['2^64 - 1', '82 7f ffffffff ffffffff', 'WS_LENGTH_MSB_SET at 5'],
  ])('of %s', (_length, given, wanted) => {
    expect(refusal('client', octets(given))).toBe(wanted);
  });

  it('in 64 bits are told to the handler as the nearest number', () => {
    const bits = fc.oneof(
      fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      fc.bigInt({ min: 0n, max: 2n ** 18n }),
      fc.bigInt({ min: 2n ** 31n, max: 2n ** 33n }),
    );
    fc.assert(
      fc.property(bits, (length) => {
        const given = octets(`82 7f ${length.toString(16).padStart(16, '0')}`);
        const [got] = new Recorder('client').outcome([given]);
        if (length >= 2n ** 63n) expect(refusal('client', given)).toMatch(/^WS_LENGTH_MSB_SET/);
        else if (length < 65_536n) {
          expect(refusal('client', given)).toMatch(/^WS_LENGTH_NOT_MINIMAL/);
        } else expect(got).toBe(`header 82 ${Number(length)}`);
      }),
      { numRuns: 300 },
    );
  });
});

describe('refusals', () => {
  it.each([
    [
      'a reserved bit without an extension (§5.2)',
      'c1 81 00000000 61',
      'WS_RESERVED_BIT_SET',
      1002,
    ],
    ['a reserved opcode of data (§5.2)', '83 81 00000000 61', 'WS_OPCODE_RESERVED', 1002],
    ['a reserved opcode of control (§5.2)', '8b 81 00000000 61', 'WS_OPCODE_RESERVED', 1002],
    ['a fragmented ping (§5.5)', '09 81 00000000 61', 'WS_CONTROL_FRAGMENTED', 1002],
    ['a control frame of 126 octets (§5.5)', '89 fe 007e 00000000', 'WS_CONTROL_TOO_LONG', 1002],
    [
      'a short control frame in the 64-bit form',
      '89 ff 00000000 00000001',
      'WS_CONTROL_TOO_LONG',
      1002,
    ],
    ['an unmasked frame from a client (§5.1)', '81 01 61', 'WS_MASK_MISSING', 1002],
    [
      'a length that is not minimal (§5.2)',
      '81 fe 0005 00000000 68',
      'WS_LENGTH_NOT_MINIMAL',
      1002,
    ],
    ['a length of 2^63 (§5.2)', '82 ff 80000000 00000000', 'WS_LENGTH_MSB_SET', 1002],
  ] as const)('refuses %s', (_rule, given, code, closeCode) => {
    const parse = () => new Recorder('server').parse(given);
    expect(parse).toThrow(violation(code));
    expect(parse).toThrow(expect.objectContaining({ closeCode }));
  });

  it('are the same behind good frames as at the beginning, and those are reported', () => {
    const recorder = new Recorder('client');
    expect(() => recorder.parse('81 01 61 89 00 c1 01 62')).toThrow(
      violation('WS_RESERVED_BIT_SET'),
    );
    expect(recorder.calls).toEqual(['header 81 1', 'payload 61', 'control 9']);
  });

  it('take RSV1 on the first frame of a message only, where an extension uses it (RFC 7692 §6)', () => {
    const { calls } = new Recorder('client', RSV1).parse('41 01 61 89 00 80 01 62 c2 00');
    expect(calls).toHaveLength(7);
    expect(refusal('client', octets('41 01 61 c0'), RSV1)).toBe('WS_RESERVED_BIT_SET at 3');
    expect(refusal('client', octets('c9'), RSV1)).toBe('WS_RESERVED_BIT_SET at 0');
    expect(refusal('client', octets('a1'), RSV1)).toBe('WS_RESERVED_BIT_SET at 0');
  });
});

describe('a parser that is stopped', () => {
  it.each<[keyof FrameHandler, string[]]>([
    ['dataHeader', ['header 01 1']],
    ['dataPayload', ['header 01 1', 'payload 61']],
    ['controlFrame', ['header 01 1', 'payload 61', 'control 9 70']],
  ])('in %s reports nothing behind it, whole and octet by octet', (method, calls) => {
    const stream = octets('01 01 61 89 01 70 80 01 62 8a 00 ff ff');
    for (const chunks of [[stream], octetByOctet(stream)]) {
      const recorder: Recorder = new Recorder('client', 0, {
        [method]: () => recorder.parser.stop(),
      });
      expect(recorder.parse(...chunks).calls).toEqual(calls);
      expect(recorder.unfinished).toBe('');
    }
  });

  it('in the middle of payload reports no more of it', () => {
    const recorder: Recorder = new Recorder('client', 0, {
      dataPayload: () => recorder.parser.stop(),
    });
    expect(recorder.parse('82 03 61', '62', '63').calls).toEqual(['header 82 3']);
    expect(recorder.unfinished).toBe('61');
  });

  it.each<[string, Role, string]>([
    ['masked data', 'server', '82 80 00000000'],
    ['data', 'client', '82 00'],
  ])('in the header of an empty frame of %s reports no payload either', (_what, role, frame) => {
    const recorder: Recorder = new Recorder(role, 0, { dataHeader: () => recorder.parser.stop() });
    recorder.parse(frame, frame, 'ff ff');
    expect(recorder.calls).toEqual(['header 82 0']);
  });

  it('between chunks takes nothing more, however wrong it is', () => {
    const recorder = new Recorder('server').parse('81 82 00000000 61');
    recorder.parser.stop();
    recorder.parse('ff ff ff ff', 'ff');
    expect(recorder.calls).toEqual(['header 81 2']);
    expect(recorder.unfinished).toBe('61');
  });

  it('leaves what follows in the chunk masked', () => {
    const recorder: Recorder = new Recorder('server', 0, {
      controlFrame: () => recorder.parser.stop(),
    });
    const memory = octets('89 80 37fa213d 81 85 37fa213d 7f9f4d5158');
    recorder.parser.parse(memory, 0, memory.length);
    expect(hex(memory.subarray(-5))).toBe('7f 9f 4d 51 58');
  });
});

describe('whatever octets come', () => {
  const streams = fc.oneof(
    fc.uint8Array({ maxLength: 80 }),
    streamOfFrames('server'),
    withFaults(streamOfFrames('server')),
  );

  it('the same is reported at every cut, and octet by octet', () => {
    fc.assert(
      fc.property(streams, fc.constantFrom(0, RSV1), (stream, bits) => {
        const whole = new Recorder('server', bits).outcome([stream]);
        expect(new Recorder('server', bits).outcome(octetByOctet(stream))).toEqual(whole);
        for (let at = 1; at < Math.min(stream.length, 60); at += 1) {
          expect(new Recorder('server', bits).outcome(cut(stream, [at]))).toEqual(whole);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('they are taken or refused with a ProtocolError, nothing else is thrown', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (stream, server) => {
        new Recorder(server ? 'server' : 'client', RSV1).outcome([stream]);
      }),
      { numRuns: 300 },
    );
  });

  it('a good stream of frames is reported frame by frame, as it was written', () => {
    const frame = fc.record({
      head: fc.constantFrom(0x00, 0x01, 0x02, 0x80, 0x81, 0x82, 0x88, 0x89, 0x8a),
      payload: fc.uint8Array({ maxLength: 125 }),
      key: fc.integer(),
    });
    const offsets = fc.array(fc.nat(2_000), { maxLength: 8 });
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 10 }), offsets, (frames, cuts) => {
        const stream = join(frames.map(encodeFrame));
        const { calls } = new Recorder('server').parse(
          ...cut(
            stream,
            cuts.filter((at) => at < stream.length),
          ),
        );
        const wanted = frames.flatMap(({ head, payload }) => {
          const shown = hex(payload);
          const opcode = head & 0x0f;
          if (opcode >= Opcode.Close) return [`control ${opcode} ${shown}`.trimEnd()];
          const header = `header ${head.toString(16).padStart(2, '0')} ${payload.length}`;
          return [header, `payload ${shown}`.trimEnd()];
        });
        expect(calls).toEqual(wanted);
      }),
      { numRuns: 200 },
    );
  });

  it('memory that is masked twice with the same key is as it was', () => {
    const payload = pattern(100);
    const memory = encodeFrame({ head: 0x82, payload, key: KEY });
    new Recorder('server').parser.parse(memory, 0, memory.length);
    expect(masked(memory.slice(6), KEY)).toEqual(masked(payload, KEY));
  });
});
