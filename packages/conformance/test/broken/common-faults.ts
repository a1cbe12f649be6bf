// Ways in which either side may be wrong, and the cases that catch each.
import type { FaultRow } from './fault-row.ts';
import type { Message } from './habits.ts';

const UTF8_BAD = ['6.3', '6.12', '6.20', '6.6.1', '6.6.3', '6.6.4', '6.6.6', '6.6.8', '6.6.10'];

export const UTF8_FAULTS = {
  noUtf8Check: {
    words: 'does not check whether text is UTF-8',
    habits: { utf8: 'never' },
    cases: ['6.2', '6.3', '6.4', '6.6', '6.12', '6.20', '6.22', '7.5.1', 'F18', 'F20.1', 'C7'],
    fails: [
      ...UTF8_BAD,
      '6.4',
      'F18.9',
      'F18.10',
      'F18.11',
      'F18.12',
      'F18.13',
      'F18.14',
      'F18.15',
      'F18.16',
      'F18.17',
      'F18.18',
      'F18.19',
      'F20.1',
      'C7.1',
      'C7.2',
      'C7.3',
      'C7.4',
    ],
  },
  lateUtf8Check: {
    words: 'checks text only when the message is complete',
    habits: { utf8: 'at the end' },
    cases: ['6.2', '6.3', '6.4', '6.6', '7.5.1', 'F18', 'F20'],
    fails: [],
    nonStrict: ['6.4', 'F20'],
  },
  surrogates: {
    words: 'takes encoded surrogates for UTF-8',
    habits: { utf8Flaw: 'surrogates' },
    cases: ['6.3', '6.4', '6.11', '6.19', '6.20', '6.21', '6.22', '7.5.1', 'F14', 'F20.4', 'F20.5'],
    fails: ['6.3', '6.20', '6.21', '7.5.1', 'F14.3'],
    nonStrict: ['F20.4'],
  },
  overlongForms: {
    words: 'takes overlong forms for UTF-8',
    habits: { utf8Flaw: 'overlong forms' },
    cases: ['6.8', '6.14', '6.17', '6.18', '6.19', '6.20', 'F14', 'F20.4', 'F20.5'],
    fails: [
      '6.17.1',
      '6.17.2',
      '6.17.3',
      '6.18.1',
      '6.18.2',
      '6.18.3',
      '6.19.1',
      '6.19.2',
      '6.19.3',
      'F14.4',
    ],
    nonStrict: ['F20.5'],
  },
  pastTheLastCodePoint: {
    words: 'takes code points past U+10FFFF',
    habits: { utf8Flaw: 'past U+10FFFF' },
    cases: ['6.3', '6.4', '6.9', '6.10', '6.11', '6.13', 'F20.6', 'F20.7'],
    fails: ['6.4', '6.11.5'],
    nonStrict: ['F20.6'],
  },
  noNoncharacters: {
    words: 'refuses noncharacters, which are valid',
    habits: { utf8Flaw: 'no noncharacters' },
    cases: ['6.2', '6.9', '6.11', '6.22', '6.23', 'F14', 'F18'],
    fails: ['6.9.3', '6.9.4', '6.11.4', '6.22', '6.23.6', '6.23.7', 'F14.7', 'F18.4'],
  },
  utf8AsProtocolError: {
    words: 'closes with 1002 for text that is not UTF-8',
    habits: { failureCode: (code: number) => (code === 1007 ? 1002 : code) },
    cases: ['3.1', '6.2', '6.3', '6.6', '7.5.1', '7.9.1', 'F14', 'F18.13', 'C7.1'],
    fails: ['6.3', '6.6.1', '6.6.3', '6.6.4', '6.6.6', '6.6.8', '6.6.10', 'F18.13', 'C7.1'],
  },
  anyReason: {
    words: 'does not check whether the reason of a Close is UTF-8',
    habits: { closeReason: 'any' },
    cases: ['6.3', '7.3', '7.5.1', 'F14'],
    fails: ['7.5.1', 'F14.1', 'F14.2', 'F14.3', 'F14.4'],
  },
} as const satisfies Record<string, FaultRow>;

const DATA_OPCODES = [3, 4, 5, 6, 7];
const CONTROL_OPCODES = [11, 12, 13, 14, 15];
const PINGED_IN_MESSAGE = ['5.6', '5.7', '5.8', '5.19', '5.20'];

export const FRAME_FAULTS = {
  anyReservedBits: {
    words: 'ignores all reserved bits',
    habits: { ignoredReservedBits: 7 },
    cases: ['1.1.2', '3', '4.1.1', 'F1', 'C6'],
    fails: ['3', 'F1', 'C6'],
  },
  rsv1: {
    words: 'ignores RSV1 alone',
    habits: { ignoredReservedBits: 4 },
    cases: ['3', '5.1', '7.3.1', 'F1', 'C6'],
    fails: [
      '3.4',
      'F1.1',
      'F1.4',
      'F1.6',
      'F1.8',
      'F1.9',
      'C6.1',
      'C6.2',
      'C6.3',
      'C6.4',
      'C6.5',
      'C6.6',
      'C6.7',
    ],
  },
  rsv2: {
    words: 'ignores RSV2 alone',
    habits: { ignoredReservedBits: 2 },
    cases: ['3', '5.1', '7.3.1', 'F1', 'C6'],
    fails: ['3.2', 'F1.2', 'F1.7', 'C6.8', 'C6.10'],
  },
  rsv3: {
    words: 'ignores RSV3 alone',
    habits: { ignoredReservedBits: 1 },
    cases: ['3', '5.1', '7.3.1', 'F1', 'C6'],
    fails: ['3.1', 'F1.3', 'F1.5', 'C6.9', 'C6.11'],
  },
  reservedOpcodes: {
    words: 'skips frames of any reserved opcode',
    habits: { skippedOpcodes: [...DATA_OPCODES, ...CONTROL_OPCODES] },
    cases: ['3.1', '4', 'F2'],
    fails: ['4', 'F2.1', 'F2.2', 'F2.4'],
  },
  reservedDataOpcodes: {
    words: 'skips frames of the reserved opcodes 3 to 7',
    habits: { skippedOpcodes: DATA_OPCODES },
    cases: ['3.1', '4', 'F2'],
    fails: ['4.1', 'F2.1', 'F2.4'],
  },
  reservedControlOpcodes: {
    words: 'skips frames of the reserved opcodes 11 to 15',
    habits: { skippedOpcodes: CONTROL_OPCODES },
    cases: ['3.1', '4', 'F2'],
    fails: ['4.2', 'F2.2'],
  },
  continuationStartsMessage: {
    words: 'begins a message with a continuation',
    habits: { strayContinuation: 'taken' },
    cases: ['5', 'F8'],
    // Where another frame follows inside of the message that it believes in, it fails the connection after all.
    fails: ['5.9', '5.10', '5.11', '5.17', 'F8.1', 'F8.2', 'F8.3'],
    pauseMs: 50,
  },
  skipsStrayContinuations: {
    words: 'skips continuations that continue nothing',
    habits: { strayContinuation: 'skipped' },
    cases: ['5', 'F8'],
    fails: [
      '5.9',
      '5.10',
      '5.11',
      '5.12',
      '5.13',
      '5.14',
      '5.15',
      '5.16',
      '5.17',
      'F8.1',
      'F8.2',
      'F8.3',
    ],
    pauseMs: 50,
  },
  forgetsUnfinishedMessage: {
    words: 'forgets an unfinished message when another begins',
    habits: { nestedMessage: 'skipped' },
    cases: ['5.3', '5.9', '5.12', '5.15', '5.16', '5.17', '5.18', 'F8'],
    fails: ['5.18', 'F8.4', 'F8.5', 'F8.6'],
  },
  goesOnWithNestedMessage: {
    words: 'takes a new message inside of another for its continuation',
    habits: { nestedMessage: 'taken' },
    cases: ['5.3', '5.9', '5.12', '5.15', '5.16', '5.17', '5.18', 'F8'],
    fails: ['5.18', 'F8.4', 'F8.5', 'F8.6'],
  },
  longControlFrames: {
    words: 'takes control frames of more than 125 octets',
    habits: { longControlFrames: 'taken' },
    cases: ['2', '7.3', 'F4'],
    fails: ['2.5', '7.3.6', 'F4.1', 'F4.2', 'F4.4'],
  },
  fragmentedControlFrames: {
    words: 'answers a fragmented ping',
    habits: { fragmentedControlFrames: 'taken' },
    // The continuation that follows is a stray one for it, so that 5.2 ends as it should.
    cases: ['2.1', '5.1', '5.2', '5.3', '5.6', 'F3'],
    fails: ['5.1', 'F3'],
  },
  noPong: {
    words: 'answers no ping',
    habits: { pongs: 'none' },
    cases: ['1.1.2', '2', '5.6', '5.7', '5.8', '5.19', '5.20', '7.1.3', 'F9'],
    fails: [
      '2.1',
      '2.2',
      '2.3',
      '2.4',
      '2.6',
      '2.9',
      '2.10',
      '2.11',
      ...PINGED_IN_MESSAGE,
      'F9.1',
      'F9.2',
      'F9.3',
      'F9.4',
      'F9.5',
    ],
    pauseMs: 50,
  },
  pongAfterMessage: {
    words: 'answers a ping only after the message it came in',
    habits: { pongs: 'after the message' },
    cases: ['2', '5.3', ...PINGED_IN_MESSAGE, 'F9'],
    fails: [...PINGED_IN_MESSAGE, 'F9.1', 'F9.2', 'F9.3', 'F9.4', 'F9.5'],
    pauseMs: 50,
  },
  emptyPong: {
    words: 'answers every ping with an empty pong',
    habits: { pongPayload: () => Buffer.alloc(0) },
    cases: ['2', 'F23.1', 'F23.5'],
    fails: ['2.2', '2.3', '2.4', '2.6', '2.9', '2.10', '2.11', 'F23.5'],
  },
  latestPing: {
    words: 'answers the latest ping only, which RFC 6455 allows',
    habits: { pongs: 'the latest' },
    cases: ['2.1', '2.2', '2.9', '2.10', '5.3', 'F23.1'],
    fails: ['2.10'],
    nonStrict: ['F23.1'],
  },
} as const satisfies Record<string, FaultRow>;

const BIG = 65_536;
const BYTE_ORDER_MARK = Buffer.from('efbbbf', 'hex');

function flipped({ binary, octets }: Message): Message {
  const copy = Buffer.from(octets);
  const last = copy.length - 1;
  if (last >= 0) copy[last] = (copy[last] as number) ^ 1;
  return { binary, octets: copy };
}

const isBig = ({ octets }: Message) => octets.length > BIG;

export const ECHO_FAULTS = {
  flipsBit: {
    words: 'flips a bit of every echo',
    habits: { echo: flipped },
    cases: ['1.1.1', '1.1.2', '1.2.1', '1.2.2', '2.2', '6.1.1', '6.1.3', '9.1.1', '9.7.1', '10'],
    fails: ['1.1.2', '1.2.2', '6.1.3', '9.1.1', '10'],
  },
  flipsBitAbove64Ki: {
    words: 'flips a bit of echoes of more than 64 KiB',
    habits: { echo: (message: Message) => (isBig(message) ? flipped(message) : message) },
    cases: ['1.1.7', '1.2.7', '9.1.1', '9.1.2', '9.2.1', '9.2.2', '9.3.6', '10'],
    fails: ['9.1.2', '9.2.2', '9.3.6'],
    finding: 'CONTENT',
  },
  truncatesAbove64Ki: {
    words: 'cuts echoes at 64 KiB',
    habits: {
      echo: ({ binary, octets }: Message) => ({ binary, octets: octets.subarray(0, BIG) }),
    },
    cases: ['1.1.7', '1.2.7', '9.1.1', '9.1.2', '9.2.1', '9.2.2', '9.3.6', '10'],
    fails: ['9.1.2', '9.2.2', '9.3.6'],
  },
  losesEmptyMessages: {
    words: 'does not echo an empty message',
    habits: {
      echo: (message: Message) => (message.octets.length === 0 ? undefined : message),
    },
    cases: ['1.1.1', '1.1.2', '1.2.1', '1.2.2', '6.1', '9.7.1'],
    fails: ['1.1.1', '1.2.1', '6.1.1', '6.1.2', '9.7.1'],
  },
  textAsBinary: {
    words: 'echoes text as binary',
    habits: { echo: ({ octets }: Message) => ({ binary: true, octets }) },
    cases: ['1.1', '1.2', '2', '9.1.1', '9.2.1'],
    fails: ['1.1', '9.1.1'],
  },
  binaryAsText: {
    words: 'echoes binary as text',
    habits: { echo: ({ octets }: Message) => ({ binary: false, octets }) },
    cases: ['1.1', '1.2', '2', '9.1.1', '9.2.1', '9.4.9'],
    fails: ['1.2', '9.2.1', '9.4.9'],
  },
  cutsAtNul: {
    words: 'cuts text at a NUL',
    habits: {
      echo: ({ binary, octets }: Message) => {
        const nul = binary ? -1 : octets.indexOf(0);
        return { binary, octets: nul < 0 ? octets : octets.subarray(0, nul) };
      },
    },
    cases: ['1.1.2', '6.5', '6.7', '6.9', 'F18.1', 'F18.2'],
    fails: ['6.7.1', 'F18.1'],
  },
  stripsByteOrderMark: {
    words: 'strips a byte order mark from text',
    habits: {
      echo: ({ binary, octets }: Message) => {
        const marked = !binary && octets.subarray(0, 3).equals(BYTE_ORDER_MARK);
        return { binary, octets: marked ? octets.subarray(3) : octets };
      },
    },
    cases: ['6.2', '6.11', 'F18'],
    fails: ['F18.2', 'F18.3', 'F18.6'],
  },
  wrongOrder: {
    words: 'joins fragments in the wrong order',
    habits: { join: (fragments: readonly Buffer[]) => fragments.toReversed() },
    // Where all fragments are alike, or all but one empty, nobody can tell.
    cases: [
      '1.1.2',
      '5.3',
      '5.4',
      '5.5',
      '5.15',
      '5.19',
      '6.1',
      '6.2',
      '10',
      'F19.1',
      'F21.3',
      'F21.4',
    ],
    fails: ['5.3', '5.4', '5.5', '5.15', '5.19', '6.2.2', '6.2.3', '6.2.4', 'F19.1', 'F21.4'],
    pauseMs: 50,
  },
  losesFragment: {
    words: 'loses the second of three or more fragments',
    habits: {
      join: (fragments: readonly Buffer[]) =>
        fragments.length < 3 ? fragments : fragments.toSpliced(1, 1),
    },
    cases: ['1.1.2', '5.3', '5.6', '5.19', '6.1', '6.2', '10', 'F19.1', 'F19.3', 'F21.3', 'F21.4'],
    fails: ['5.19', '6.1.3', '6.2.3', '6.2.4', '10', 'F19.1', 'F21.3'],
    pauseMs: 50,
  },
  messageLimit: {
    words: 'takes messages of 1 MiB at most',
    habits: { maxMessageBytes: 1_048_576 },
    cases: ['1.1.6', '9.1.3', '9.1.4', '9.2.3', '9.2.4', '9.3.7', '9.5.6', 'C9.1'],
    fails: ['9.1.4', '9.2.4', '9.3.7'],
    nonStrict: ['C9.1'],
  },
  frameLimit: {
    words: 'takes messages of 16,384 frames at most',
    habits: { maxFrames: 16_384 },
    cases: ['9.3.1', '9.3.2', '9.3.3', '9.4.2', '9.4.3', 'F21.1', 'F21.3'],
    fails: ['9.3.1', '9.3.2', '9.4.2'],
  },
  pings: {
    words: 'sends pings of its own, which is allowed',
    habits: { pingsFirst: true },
    cases: ['1.1.1', '1.1.2', '5.3', '5.6', '9.1.1', '9.7.1'],
    fails: [],
  },
  fragments: {
    words: 'echoes in fragments of 1,000 octets, which is allowed',
    habits: { fragmentBytes: 1000 },
    cases: ['1.1', '1.2', '5.3', '9.1.1', '12.1.5'],
    fails: [],
  },
  rawWithRsv1: {
    words: 'sends uncompressed data with RSV1 set',
    habits: { compressed: (_deflated: Buffer, message: Buffer) => message },
    cases: ['1.1.2', '12.1.3', '13.1.5', 'C1.1'],
    fails: ['12', '13', 'C1.1'],
  },
  compressedWithoutRsv1: {
    words: 'sends compressed data without RSV1',
    habits: { forgetsFlag: true },
    cases: ['1.1.2', '12.1.3', '13.1.5', 'C1.1'],
    fails: ['12', '13', 'C1.1'],
  },
  truncatedDeflate: {
    words: 'cuts more than the tail off compressed data',
    habits: { compressed: (deflated: Buffer) => deflated.subarray(0, -4) },
    cases: ['1.1.2', '12.1.3', '13.1.5', 'C1.1'],
    fails: ['12', '13', 'C1.1'],
  },
} as const satisfies Record<string, FaultRow>;

const EACH_END = ['1.1.1', '2.1', '3.1', '6.6.1', '7.3.1', '7.3.2', '7.7.2', '7.9.1'];

export const CLOSING_FAULTS = {
  anyCloseCode: {
    words: 'gives back any close code',
    habits: { closeCodes: 'any' },
    cases: ['7.3', '7.5.1', '7.7', '7.9', 'F11', 'F12', 'F16'],
    fails: ['7.9', 'F11'],
  },
  shortClose: {
    words: 'takes a Close of one octet for a normal one',
    habits: { shortClose: 'taken' },
    cases: ['7.3', '7.9.1', 'F10'],
    fails: ['7.3.2', 'F10'],
  },
  neverAnswersClose: {
    words: 'never answers a Close',
    habits: { answersClose: ({ valid }) => !valid },
    cases: [...EACH_END, 'F9.6', 'F10.1', 'F12.1'],
    fails: ['1.1.1', '2.1', '7.3.1', '7.7.2', 'F9.6', 'F12.1'],
  },
  neverAnswersInvalidClose: {
    words: 'never answers an invalid Close',
    habits: { answersClose: ({ valid }) => valid },
    cases: [...EACH_END, '7.5.1', '7.9.5', 'F10.1', 'F11.1', 'F12.1'],
    fails: ['7.3.2', '7.5.1', '7.9', 'F10.1', 'F11.1'],
  },
  answersWithWrongCode: {
    words: 'answers every Close with 1001',
    habits: { closeAnswer: () => 1001 },
    // 7.7.2 sends 1001 itself.
    cases: [...EACH_END, 'F12.1', 'F12.4'],
    fails: ['1.1.1', '2.1', '7.3.1', 'F12.1', 'F12.4'],
  },
  code1005: {
    words: 'answers an empty Close with the code 1005',
    habits: { closeAnswer: (code: number | undefined) => code ?? 1005 },
    cases: [...EACH_END, 'F13.1'],
    fails: ['7.3.1', 'F13.1'],
  },
  failsWith1000: {
    words: 'fails a connection with 1000',
    habits: { failureCode: () => 1000 },
    cases: EACH_END,
    fails: ['3.1', '6.6.1', '7.3.2', '7.9.1'],
  },
  dropsTcp: {
    words: 'drops TCP without a Close frame',
    habits: { closesWith: 'a drop of TCP' },
    // To fail a connection so is allowed.
    cases: EACH_END,
    fails: ['1.1.1', '2.1', '7.3.1', '7.7.2'],
  },
  textAfterClose: {
    words: 'sends a text after its Close',
    habits: { textAfterClose: true },
    cases: [...EACH_END, 'F12.1'],
    fails: ['1.1.1', '2.1', '7.3.1', '7.7.2', 'F12.1'],
    finding: 'OCTETS_AFTER_THE_END',
  },
} as const satisfies Record<string, FaultRow>;
