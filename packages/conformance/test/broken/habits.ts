// What an echo peer does in each respect. A fault is one habit that is not the correct one.

/** A whole message, as it is about to be echoed. */
export interface Message {
  readonly binary: boolean;
  readonly octets: Buffer;
}

/** A Close frame that came in, as far as it has a code. */
interface ReceivedClose {
  readonly code: number | undefined;
  readonly valid: boolean;
}

/** Octets that a UTF-8 check wrongly lets through or refuses. */
export type Utf8Flaw = 'surrogates' | 'overlong forms' | 'past U+10FFFF' | 'no noncharacters';

/** What to do with a frame that is out of place. */
type Stray = 'refused' | 'skipped' | 'taken';

export interface Habits {
  // What comes in.
  readonly utf8: 'as it comes' | 'at the end' | 'never';
  readonly utf8Flaw: Utf8Flaw | undefined;
  /** 4 · RSV1 + 2 · RSV2 + RSV3. */
  readonly ignoredReservedBits: number;
  readonly skippedOpcodes: readonly number[];
  /** A continuation without a start: `taken` as the start of a text message. */
  readonly strayContinuation: Stray;
  /** A new message inside of another: `skipped` forgets the old one, `taken` goes on with it. */
  readonly nestedMessage: Stray;
  readonly longControlFrames: 'refused' | 'taken';
  readonly fragmentedControlFrames: 'refused' | 'taken';
  readonly longLengthForms: 'refused' | 'taken';
  readonly topBitOfLength: 'refused' | 'ignored';
  /** Frames that are masked although they may not be, or not although they have to be. */
  readonly wrongMaskBit: 'refused' | 'taken';
  readonly unmasks: boolean;
  readonly maxMessageBytes: number;
  readonly maxFrames: number;
  /** Nothing is read any more once so many octets were. */
  readonly readsBytes: number;
  /** Octets that come in the segment of the upgrade. */
  readonly earlyOctets: 'read' | 'lost';

  // Pings.
  readonly pongs: 'each' | 'none' | 'after the message' | 'the latest' | 'the first hundred';
  readonly pongPayload: (payload: Buffer) => Buffer;

  // The echo.
  readonly echo: (message: Message) => Message | undefined;
  readonly join: (fragments: readonly Buffer[]) => readonly Buffer[];
  /** A frame of so many octets at most; `Infinity`: one frame a message. */
  readonly fragmentBytes: number;
  /** Of each frame that goes out: undefined is what the role demands. */
  readonly masks: boolean | undefined;
  readonly maskingKey: () => Buffer | undefined;
  /** Milliseconds that whatever goes out waits. */
  readonly delayMs: number;
  /** A ping of its own, before each echo. */
  readonly pingsFirst: boolean;

  // The end.
  readonly closeCodes: 'checked' | 'any';
  readonly shortClose: 'refused' | 'taken';
  readonly closeReason: 'checked' | 'any';
  readonly answersClose: (close: ReceivedClose) => boolean;
  /** The code that answers a Close; undefined is an empty one. */
  readonly closeAnswer: (code: number | undefined) => number | undefined;
  /** The code of a failed connection. */
  readonly failureCode: (code: number) => number;
  /** Whether an end is told with a Close frame, or TCP dropped. */
  readonly closesWith: 'a Close frame' | 'a drop of TCP';
  readonly dropsTcp: boolean;
  readonly textAfterClose: boolean;
  /** A frame that the process does not survive. */
  readonly diesOf: (opcode: number, payload: Buffer) => boolean;

  // Compression.
  readonly keepsContext: boolean;
  readonly ignoresWindow: boolean;
  readonly compressed: (deflated: Buffer, message: Buffer) => Buffer;
  /** Compressed messages go out without RSV1. */
  readonly forgetsFlag: boolean;
}

const MAX_MESSAGE_BYTES = 67_108_864;
const MAX_FRAMES = 131_072;

/** Whatever the RFCs ask for, and the strict choice where they leave one. */
export const CORRECT: Habits = {
  utf8: 'as it comes',
  utf8Flaw: undefined,
  ignoredReservedBits: 0,
  skippedOpcodes: [],
  strayContinuation: 'refused',
  nestedMessage: 'refused',
  longControlFrames: 'refused',
  fragmentedControlFrames: 'refused',
  longLengthForms: 'refused',
  topBitOfLength: 'refused',
  wrongMaskBit: 'refused',
  unmasks: true,
  maxMessageBytes: MAX_MESSAGE_BYTES,
  maxFrames: MAX_FRAMES,
  readsBytes: Number.POSITIVE_INFINITY,
  earlyOctets: 'read',
  pongs: 'each',
  pongPayload: (payload) => payload,
  echo: (message) => message,
  join: (fragments) => fragments,
  fragmentBytes: Number.POSITIVE_INFINITY,
  masks: undefined,
  maskingKey: () => undefined,
  delayMs: 0,
  pingsFirst: false,
  closeCodes: 'checked',
  shortClose: 'refused',
  closeReason: 'checked',
  answersClose: () => true,
  closeAnswer: (code) => code,
  failureCode: (code) => code,
  closesWith: 'a Close frame',
  dropsTcp: true,
  textAfterClose: false,
  diesOf: () => false,
  keepsContext: false,
  ignoresWindow: false,
  compressed: (deflated) => deflated,
  forgetsFlag: false,
};
