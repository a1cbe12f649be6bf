import { afterEach, describe, expect, it, vi } from 'vitest';
import { maxCompressedBytes } from '../../src/protocol/limits.ts';
import { MessageAssembler, type MessageHandler } from '../../src/protocol/message-assembler.ts';
import { type DataOpcode, Opcode } from '../../src/protocol/opcode.ts';
import { violation } from './support/faults.ts';
import { hex, octetByOctet, octets, pattern, utf8 } from './support/octets.ts';
import { testPrimitives } from './support/recording-endpoint.ts';

const MAX = 10_000;

class Recorder {
  readonly messages: string[] = [];
  readonly assembler: MessageAssembler;

  constructor(maxBytes = MAX) {
    this.assembler = new MessageAssembler(
      {
        textMessage: (text, bytes) => this.messages.push(`${text} (${bytes})`),
        binaryMessage: (given, start, end) => this.messages.push(hex(given.subarray(start, end))),
        compressedMessage: (opcode, given, start, end) =>
          this.messages.push(`${opcode}: ${hex(given.subarray(start, end))}`),
      },
      testPrimitives,
      maxBytes,
    );
  }

  join(opcode: DataOpcode, parts: readonly Uint8Array[], compressed = false): void {
    this.assembler.begin(opcode, compressed);
    for (const part of parts) this.assembler.part(part, 0, part.length);
    this.assembler.end();
  }
}

describe('a message in one piece', () => {
  it('is handed on with its length in octets', () => {
    const { assembler, messages } = new Recorder();
    assembler.whole(Opcode.Text, octets('ff e2 82 ac ff'), 1, 4);
    assembler.whole(Opcode.Binary, octets('ff 01 02 ff'), 1, 3);
    assembler.whole(Opcode.Text, octets(''), 0, 0);
    expect(messages).toEqual(['€ (3)', '01 02', ' (0)']);
  });

  it('is refused when it is text and not UTF-8 (§8.1)', () => {
    const { assembler, messages } = new Recorder();
    expect(() => assembler.whole(Opcode.Text, octets('61 ff'), 0, 2)).toThrow(
      violation('WS_TEXT_UTF8'),
    );
    assembler.whole(Opcode.Binary, octets('61 ff'), 0, 2);
    expect(messages).toEqual(['61 ff']);
  });

  it('is not copied: binary octets are the very ones that came', () => {
    const given = octets('01 02');
    const seen: Uint8Array[] = [];
    const handler: MessageHandler = {
      textMessage: () => {},
      binaryMessage: (it) => void seen.push(it),
      compressedMessage: (_opcode, it) => void seen.push(it),
    };
    const assembler = new MessageAssembler(handler, testPrimitives, MAX);
    assembler.whole(Opcode.Binary, given, 0, 2);
    assembler.whole(Opcode.Binary, given, 0, 2, true);
    expect(seen).toEqual([given, given]);
    expect(seen.every((it) => it === given)).toBe(true);
  });
});

describe('a message in parts', () => {
  it('is joined, wherever it was cut', () => {
    const recorder = new Recorder();
    recorder.join(Opcode.Text, octetByOctet(utf8('a€😀')));
    recorder.join(Opcode.Binary, [octets('01'), octets(''), octets('02 03')]);
    recorder.join(Opcode.Text, []);
    expect(recorder.messages).toEqual(['a€😀 (8)', '01 02 03', ' (0)']);
  });

  it.each([1, 1_023, 1_024, 1_025, 2_048, 2_049, MAX - 1, MAX])(
    'of %i octets is joined, octet by octet and in two parts',
    (length) => {
      const whole = pattern(length);
      const recorder = new Recorder();
      recorder.join(Opcode.Binary, octetByOctet(whole));
      recorder.join(Opcode.Binary, [whole.slice(0, length - 1), whole.slice(length - 1)]);
      expect(recorder.messages).toEqual([hex(whole), hex(whole)]);
    },
  );

  it('has copied each part: the memory it came in may change', () => {
    const recorder = new Recorder();
    const memory = octets('01');
    recorder.assembler.begin(Opcode.Binary);
    recorder.assembler.part(memory, 0, 1);
    memory[0] = 9;
    recorder.assembler.part(memory, 0, 1);
    recorder.assembler.end();
    expect(recorder.messages).toEqual(['01 09']);
  });

  it('holds nothing of the message before it', () => {
    const recorder = new Recorder();
    recorder.join(Opcode.Binary, [pattern(3_000)]);
    recorder.join(Opcode.Text, [utf8('b')]);
    recorder.assembler.begin(Opcode.Binary);
    recorder.assembler.part(octets('01'), 0, 1);
    recorder.join(Opcode.Binary, [octets('02')]); // begins anew
    expect(recorder.messages.slice(1)).toEqual(['b (1)', '02']);
  });
});

describe('a compressed message (RFC 7692 §6)', () => {
  it('is handed on with its type, and is not looked at', () => {
    const { assembler, messages } = new Recorder();
    assembler.whole(Opcode.Text, octets('aa ff c0 aa'), 1, 3, true);
    assembler.whole(Opcode.Binary, octets(''), 0, 0, true);
    expect(messages).toEqual(['1: ff c0', '2: ']);
  });

  it('is joined, wherever it was cut, and the next one is not taken for compressed', () => {
    const recorder = new Recorder();
    const whole = pattern(2_500);
    recorder.join(Opcode.Text, octetByOctet(whole), true);
    recorder.join(Opcode.Text, [utf8('a')]);
    expect(recorder.messages).toEqual([`1: ${hex(whole)}`, 'a (1)']);
  });
});

describe('memory for the parts', () => {
  afterEach(() => vi.unstubAllGlobals());

  /** The sizes of the buffers that are made while `work` runs, in order. */
  function allocations(work: () => void): number[] {
    const sizes: number[] = [];
    const counting = new Proxy(Uint8Array, {
      construct(made, given: [number | ArrayBuffer]) {
        if (typeof given[0] === 'number') sizes.push(given[0]);
        return Reflect.construct(made, given);
      },
    });
    vi.stubGlobal('Uint8Array', counting);
    work();
    vi.unstubAllGlobals();
    return sizes;
  }

  it.each([
    ['octet by octet', 1],
    ['in parts of 7 octets', 7],
    ['in parts of 1,000 octets', 1_000],
    ['in parts of 6,000 octets', 6_000],
    ['in one part', 10_000],
  ])('stays below twice maxMessageBytes, %s', (_how, size) => {
    const whole = pattern(MAX);
    const { assembler } = new Recorder();
    const sizes = allocations(() => {
      assembler.begin(Opcode.Binary);
      for (let at = 0; at < MAX; at += size) assembler.part(whole, at, Math.min(at + size, MAX));
    });
    expect(sizes.at(-1)).toBe(MAX);
    // A buffer and the one that it is copied from are held at the same time, never three.
    const held = sizes.map((length, index) => length + (sizes[index - 1] ?? 0));
    expect(Math.max(...held)).toBeLessThan(2 * MAX);
  });

  it('of a compressed message stays below twice what that may be', () => {
    const most = maxCompressedBytes(MAX);
    const { assembler } = new Recorder();
    const part = octets('01');
    const sizes = allocations(() => {
      assembler.begin(Opcode.Binary, true);
      for (let at = 0; at < most; at += 1) assembler.part(part, 0, 1);
    });
    expect(sizes).toEqual([1_024, 2_048, 4_096, 8_192, most]);
  });

  it('grows by doubling: 10,000 parts of one octet are copied four times', () => {
    const { assembler } = new Recorder();
    const part = octets('01');
    const sizes = allocations(() => {
      assembler.begin(Opcode.Binary);
      for (let at = 0; at < MAX; at += 1) assembler.part(part, 0, 1);
    });
    expect(sizes).toEqual([1_024, 2_048, 4_096, 8_192, MAX]);
  });

  it('never exceeds a limit that is smaller than the first buffer', () => {
    const { assembler } = new Recorder(10);
    const part = pattern(3);
    const sizes = allocations(() => {
      assembler.begin(Opcode.Binary);
      assembler.part(part, 0, 3);
    });
    expect(sizes).toEqual([10]);
  });

  it('is let go of before the message is handed on', () => {
    const recorder = new Recorder();
    recorder.join(Opcode.Binary, [pattern(9_000)]);
    const part = pattern(1);
    const sizes = allocations(() => {
      recorder.assembler.begin(Opcode.Binary);
      recorder.assembler.part(part, 0, 1);
    });
    expect(sizes).toEqual([1_024]);
  });
});
