import { describe, expect, it } from 'vitest';
import { FIN, RSV1 } from '../../src/protocol/frame-parser.ts';
import { type Limits, maxCompressedBytes, resolveLimits } from '../../src/protocol/limits.ts';
import {
  MessageReader,
  type MessageSink,
  type MessageTypes,
} from '../../src/protocol/message-reader.ts';
import { type DataOpcode, Opcode } from '../../src/protocol/opcode.ts';
import { violation } from './support/faults.ts';
import { hex, octets } from './support/octets.ts';

const { Continuation, Text, Binary } = Opcode;
const NAMES = { [Text]: 'text', [Binary]: 'binary' };
const nameOf = (opcode: DataOpcode, compressed: boolean): string =>
  `${compressed ? 'compressed ' : ''}${NAMES[opcode]}`;

interface Setup {
  readonly limits?: Partial<Limits>;
  readonly types?: MessageTypes;
}

/** A reader, and what its sink was told. */
class Recorder {
  readonly calls: string[] = [];
  readonly reader: MessageReader;

  constructor({ limits, types = 'any' }: Setup = {}) {
    const sink: MessageSink = {
      whole: (opcode, given, start, end, compressed) =>
        this.calls.push(
          `whole ${nameOf(opcode, compressed)} ${hex(given.subarray(start, end))}`.trimEnd(),
        ),
      begin: (opcode, compressed) => this.calls.push(`begin ${nameOf(opcode, compressed)}`),
      part: (given, start, end) => this.calls.push(`part ${hex(given.subarray(start, end))}`),
      end: () => this.calls.push('end'),
    };
    this.reader = new MessageReader(sink, resolveLimits(limits), types);
  }

  /** A frame whose payload comes in these pieces. */
  frame(head: number, ...pieces: readonly string[]): this {
    const parts = pieces.map(octets);
    this.reader.header(
      head,
      parts.reduce((sum, part) => sum + part.length, 0),
    );
    for (const [index, part] of parts.entries()) {
      this.reader.payload(part, 0, part.length, index === parts.length - 1);
    }
    return this;
  }
}

describe('messages (§5.4)', () => {
  it('in one frame and one piece are handed on whole, text unchecked', () => {
    const { calls } = new Recorder()
      .frame(FIN | Text, '61')
      .frame(FIN | Binary, '')
      .frame(FIN | Text, 'ff');
    expect(calls).toEqual(['whole text 61', 'whole binary', 'whole text ff']);
  });

  it('in one frame and several pieces are handed on as they come', () => {
    const { calls } = new Recorder().frame(FIN | Binary, '01', '02 03', '');
    expect(calls).toEqual(['begin binary', 'part 01', 'part 02 03', 'end']);
  });

  it('in several frames are handed on as they come, empty frames without a part', () => {
    const { calls } = new Recorder()
      .frame(Text, '')
      .frame(Continuation, '61')
      .frame(Continuation, '')
      .frame(FIN | Continuation, '');
    expect(calls).toEqual(['begin text', 'part 61', 'end']);
  });

  it('follow one another, whatever their shapes', () => {
    const { calls } = new Recorder()
      .frame(Text, '61')
      .frame(FIN | Continuation, '62')
      .frame(FIN | Binary, '01')
      .frame(Binary, '02')
      .frame(FIN | Continuation, '')
      .frame(FIN | Text, '63');
    expect(calls).toEqual([
      ...['begin text', 'part 61', 'part 62', 'end'],
      'whole binary 01',
      ...['begin binary', 'part 02', 'end'],
      'whole text 63',
    ]);
  });

  it('cannot go on before they began', () => {
    for (const head of [Continuation, FIN | Continuation]) {
      expect(() => new Recorder().reader.header(head, 1)).toThrow(
        violation('WS_CONTINUATION_UNEXPECTED'),
      );
    }
  });

  it('cannot go on after they ended', () => {
    const recorder = new Recorder().frame(Text, '61').frame(FIN | Continuation, '62');
    expect(() => recorder.reader.header(FIN | Continuation, 1)).toThrow(
      violation('WS_CONTINUATION_UNEXPECTED'),
    );
  });

  it.each([
    ['a text frame', FIN | Text],
    ['the beginning of another one', Text],
    ['a binary frame', FIN | Binary],
  ])('cannot be interrupted by %s, and that is known at its header', (_what, head) => {
    const recorder = new Recorder().frame(Text, '61');
    expect(() => recorder.reader.header(head, 1)).toThrow(violation('WS_MESSAGE_INTERRUPTED'));
  });
});

describe('text (§8.1)', () => {
  it('may cut a character at any frame and any piece', () => {
    const { calls } = new Recorder()
      .frame(Text, 'e2')
      .frame(Continuation, '82', 'ac f0')
      .frame(FIN | Continuation, '9f 98', '80');
    expect(calls.at(-1)).toBe('end');
  });

  it.each([
    ['in the first frame of several', (recorder: Recorder) => recorder.frame(Text, 'ce ba ff 80')],
    [
      'in a piece of an unfinished frame',
      (recorder: Recorder) => recorder.frame(FIN | Text, 'ce ff', '80'),
    ],
    ['between pieces', (recorder: Recorder) => recorder.frame(FIN | Text, 'e2', '28 a1')],
    [
      'between frames',
      (recorder: Recorder) => recorder.frame(Text, 'ed').frame(Continuation, 'a0 80'),
    ],
  ])('is refused at the first wrong octet %s, before the rest has come', (_where, send) => {
    const recorder = new Recorder();
    expect(() => send(recorder)).toThrow(violation('WS_TEXT_UTF8'));
    expect(recorder.calls).not.toContain('end');
    expect(recorder.calls.filter((call) => call.includes('ff') || call.includes('a1'))).toEqual([]);
  });

  it.each([
    ['of a frame in pieces', (recorder: Recorder) => recorder.frame(FIN | Text, 'e2', '82')],
    [
      'of the last frame',
      (recorder: Recorder) => recorder.frame(Text, 'e2').frame(FIN | Continuation, ''),
    ],
  ])('is refused when a character is unfinished at the end %s', (_where, send) => {
    const recorder = new Recorder();
    expect(() => send(recorder)).toThrow(violation('WS_TEXT_UTF8'));
    expect(recorder.calls).not.toContain('end');
  });

  it('is refused in the same words however it was cut, since they are sent to the peer', () => {
    const message = (send: (recorder: Recorder) => void): string => {
      try {
        send(new Recorder());
      } catch (error) {
        return (error as Error).message;
      }
      return '';
    };
    const inside = message((recorder) => recorder.frame(FIN | Text, '61 ff', '62'));
    expect(inside).not.toBe('');
    expect(message((recorder) => recorder.frame(FIN | Text, 'e2', '82'))).toBe(inside);
  });

  it('is not looked for in binary messages', () => {
    const { calls } = new Recorder().frame(Binary, 'ff').frame(FIN | Continuation, 'c0');
    expect(calls).toEqual(['begin binary', 'part ff', 'part c0', 'end']);
  });

  it('begins anew with each message', () => {
    const { calls } = new Recorder()
      .frame(Binary, 'e2')
      .frame(FIN | Continuation, '82')
      .frame(Text, '61')
      .frame(FIN | Continuation, '62');
    expect(calls.at(-1)).toBe('end');
  });
});

describe('the limit on octets (§7.4.1)', () => {
  const limits = { maxMessageBytes: 10 };
  const TEN = '01 02 03 04 05 06 07 08 09 0a';

  it('lets exactly that many pass, in one frame and in several', () => {
    const { calls } = new Recorder({ limits })
      .frame(FIN | Binary, TEN)
      .frame(Binary, '01 02 03 04 05')
      .frame(FIN | Continuation, '06 07 08 09 0a');
    expect(calls).toEqual([
      `whole binary ${TEN}`,
      ...['begin binary', 'part 01 02 03 04 05', 'part 06 07 08 09 0a', 'end'],
    ]);
  });

  it.each([11, 2 ** 31, 2 ** 32 + 5, 2 ** 53, 2 ** 63 - 1024])(
    'refuses a frame that announces %d, before any of it has come',
    (length) => {
      expect(() => new Recorder({ limits }).reader.header(FIN | Binary, length)).toThrow(
        violation('WS_MESSAGE_TOO_BIG'),
      );
    },
  );

  it('counts a message, not a frame: one octet too many is refused when it is announced', () => {
    const recorder = new Recorder({ limits })
      .frame(Text, '61 62 63')
      .frame(Continuation, '64 65 66');
    expect(() => recorder.reader.header(FIN | Continuation, 5)).toThrow(
      violation('WS_MESSAGE_TOO_BIG'),
    );
    recorder.reader.header(FIN | Continuation, 4);
  });

  it('counts each message by itself', () => {
    const recorder = new Recorder({ limits });
    for (let n = 0; n < 5; n += 1) recorder.frame(Binary, TEN).frame(FIN | Continuation, '');
    expect(recorder.calls.filter((call) => call === 'end')).toHaveLength(5);
  });

  it('may be as small as one octet', () => {
    const { calls, reader } = new Recorder({ limits: { maxMessageBytes: 1 } })
      .frame(FIN | Text, '')
      .frame(FIN | Text, '61');
    expect(calls).toEqual(['whole text', 'whole text 61']);
    expect(() => reader.header(FIN | Text, 2)).toThrow(violation('WS_MESSAGE_TOO_BIG'));
  });
});

describe('the limit on frames of a message', () => {
  const limits = { maxFramesPerMessage: 3 };

  it('counts empty frames as well, and refuses one too many at its header', () => {
    const recorder = new Recorder({ limits })
      .frame(Text, '')
      .frame(Continuation, '')
      .frame(Continuation, '');
    expect(() => recorder.reader.header(Continuation, 0)).toThrow(violation('WS_TOO_MANY_FRAMES'));
  });

  it('lets exactly that many pass, in each message', () => {
    const recorder = new Recorder({ limits });
    for (let n = 0; n < 4; n += 1) {
      recorder
        .frame(Text, '61')
        .frame(Continuation, '62')
        .frame(FIN | Continuation, '63');
    }
    expect(recorder.calls.filter((call) => call === 'end')).toHaveLength(4);
  });

  it('of one lets no message be fragmented', () => {
    const recorder = new Recorder({ limits: { maxFramesPerMessage: 1 } }).frame(FIN | Text, '61');
    recorder.frame(Text, '61');
    expect(() => recorder.reader.header(FIN | Continuation, 1)).toThrow(
      violation('WS_TOO_MANY_FRAMES'),
    );
  });

  it('is 131072 by default', () => {
    const { reader } = new Recorder().frame(Binary, '');
    const nothing = new Uint8Array(0);
    for (let n = 1; n < 131_072; n += 1) {
      reader.header(Continuation, 0);
      reader.payload(nothing, 0, 0, true);
    }
    expect(() => reader.header(Continuation, 0)).toThrow(violation('WS_TOO_MANY_FRAMES'));
  });
});

describe('the types that are accepted (§7.4.1, 1003)', () => {
  it.each<[MessageTypes, number, string]>([
    ['text', Binary, 'WS_MESSAGE_TYPE_REFUSED'],
    ['binary', Text, 'WS_MESSAGE_TYPE_REFUSED'],
    ['text', Text, 'accepted'],
    ['binary', Binary, 'accepted'],
    ['any', Text, 'accepted'],
    ['any', Binary, 'accepted'],
  ])('%s: a message with opcode %i is %s', (types, opcode, wanted) => {
    const header = () => new Recorder({ types }).reader.header(opcode, 1);
    if (wanted === 'accepted') header();
    else expect(header).toThrow(expect.objectContaining({ code: wanted, closeCode: 1003 }));
  });

  it('are looked at only where a message begins', () => {
    const { calls } = new Recorder({ types: 'text' })
      .frame(Text, '61')
      .frame(FIN | Continuation, '62');
    expect(calls.at(-1)).toBe('end');
  });
});

describe('messages that are compressed (RFC 7692 §6)', () => {
  it('are handed on as they came, and said to be compressed', () => {
    const { calls } = new Recorder()
      .frame(FIN | RSV1 | Text, 'ca 00')
      .frame(FIN | RSV1 | Binary, '');
    expect(calls).toEqual(['whole compressed text ca 00', 'whole compressed binary']);
  });

  it('are gathered over frames and pieces', () => {
    const { calls } = new Recorder()
      .frame(RSV1 | Text, 'ca', '48 cd')
      .frame(Continuation, '')
      .frame(FIN | Continuation, 'c9', '');
    expect(calls).toEqual(['begin compressed text', 'part ca', 'part 48 cd', 'part c9', 'end']);
  });

  it('have RSV1 on the first frame only, and the next message is asked anew', () => {
    const { calls } = new Recorder()
      .frame(RSV1 | Binary, '01')
      .frame(FIN | Continuation, '02')
      .frame(FIN | Binary, '03')
      .frame(Binary, '04')
      .frame(FIN | Continuation, '05')
      .frame(FIN | RSV1 | Binary, '06');
    expect(calls).toEqual([
      ...['begin compressed binary', 'part 01', 'part 02', 'end'],
      'whole binary 03',
      ...['begin binary', 'part 04', 'part 05', 'end'],
      'whole compressed binary 06',
    ]);
  });

  it('are not looked at as text: what they inflate to is not known here', () => {
    const { calls } = new Recorder()
      .frame(FIN | RSV1 | Text, 'ff')
      .frame(RSV1 | Text, 'ff', 'c0')
      .frame(FIN | Continuation, 'e2');
    expect(calls.at(-1)).toBe('end');
    expect(() => new Recorder().frame(Text, 'ff')).toThrow(violation('WS_TEXT_UTF8'));
  });

  it.each([1, 8, 1_000, 1_048_576])(
    'of at most %i octets are bounded by what these can be at most, on the announcement',
    (maxMessageBytes) => {
      const most = maxCompressedBytes(maxMessageBytes);
      const reader = () => new Recorder({ limits: { maxMessageBytes } }).reader;
      reader().header(FIN | RSV1 | Binary, most);
      expect(() => reader().header(FIN | RSV1 | Binary, most + 1)).toThrow(
        violation('WS_MESSAGE_TOO_BIG'),
      );
      expect(() => reader().header(FIN | Binary, maxMessageBytes + 1)).toThrow(
        violation('WS_MESSAGE_TOO_BIG'),
      );
    },
  );

  it('are counted over their frames', () => {
    const recorder = new Recorder({ limits: { maxMessageBytes: 8 } });
    const most = maxCompressedBytes(8);
    recorder.frame(RSV1 | Binary, '00 '.repeat(most - 1));
    recorder.reader.header(Continuation, 1);
    recorder.reader.payload(octets('00'), 0, 1, true);
    expect(() => recorder.reader.header(FIN | Continuation, 1)).toThrow(
      violation('WS_MESSAGE_TOO_BIG'),
    );
  });

  it('leave the next message its own bound', () => {
    const recorder = new Recorder({ limits: { maxMessageBytes: 2 } });
    recorder.frame(FIN | RSV1 | Binary, '01 02 03');
    expect(() => recorder.reader.header(FIN | Binary, 3)).toThrow(violation('WS_MESSAGE_TOO_BIG'));
  });

  it('are bound by the limit on frames and the types like any other', () => {
    const recorder = new Recorder({ limits: { maxFramesPerMessage: 1 } });
    recorder.frame(RSV1 | Text, '02 61');
    expect(() => recorder.reader.header(FIN | Continuation, 0)).toThrow(
      violation('WS_TOO_MANY_FRAMES'),
    );
    expect(() => new Recorder({ types: 'text' }).reader.header(RSV1 | Binary, 1)).toThrow(
      violation('WS_MESSAGE_TYPE_REFUSED'),
    );
  });
});
