import { CloseCode } from './close-code.ts';

/** Which rule the peer broke. Permanent: safe to switch on. */
export type ViolationCode =
  | 'WS_BYTE_RATE'
  | 'WS_CLOSE_CODE_INVALID'
  | 'WS_CLOSE_PAYLOAD_LENGTH'
  | 'WS_CLOSE_REASON_UTF8'
  | 'WS_CONTINUATION_UNEXPECTED'
  | 'WS_CONTROL_FRAGMENTED'
  | 'WS_CONTROL_RATE'
  | 'WS_CONTROL_TOO_LONG'
  | 'WS_DEFLATE_FINAL_BLOCKS'
  | 'WS_DEFLATE_INVALID'
  | 'WS_INFLATE_RATIO'
  | 'WS_LENGTH_MSB_SET'
  | 'WS_LENGTH_NOT_MINIMAL'
  | 'WS_MASK_MISSING'
  | 'WS_MASK_UNEXPECTED'
  | 'WS_MESSAGE_INTERRUPTED'
  | 'WS_MESSAGE_RATE'
  | 'WS_MESSAGE_TOO_BIG'
  | 'WS_MESSAGE_TYPE_REFUSED'
  | 'WS_OPCODE_RESERVED'
  | 'WS_RESERVED_BIT_SET'
  | 'WS_TEXT_UTF8'
  | 'WS_TOO_MANY_FRAMES';

interface Violation {
  readonly closeCode: number;
  readonly section: string;
  readonly message: string;
  /** The option whose value was exceeded, where it was a limit. */
  readonly limit?: string;
}

const { ProtocolError: BROKEN, InvalidPayload, PolicyViolation, MessageTooBig } = CloseCode;

const VIOLATIONS: Readonly<Record<ViolationCode, Violation>> = {
  WS_BYTE_RATE: violation(
    PolicyViolation,
    '§7.4.1',
    'more octets a second than are accepted',
    'maxBytesPerSecond',
  ),
  WS_CLOSE_CODE_INVALID: violation(BROKEN, '§7.4.1', 'the close code may not be sent'),
  WS_CLOSE_PAYLOAD_LENGTH: violation(BROKEN, '§5.5.1', 'a Close frame with one octet of payload'),
  WS_CLOSE_REASON_UTF8: violation(InvalidPayload, '§5.5.1', 'the close reason is not UTF-8'),
  WS_CONTINUATION_UNEXPECTED: violation(BROKEN, '§5.4', 'a continuation without a message'),
  WS_CONTROL_FRAGMENTED: violation(BROKEN, '§5.5', 'a fragmented control frame'),
  WS_CONTROL_RATE: violation(
    PolicyViolation,
    '§5.5',
    'too many control frames',
    'maxControlFramesPerSecond',
  ),
  WS_CONTROL_TOO_LONG: violation(BROKEN, '§5.5', 'a control frame of more than 125 octets'),
  WS_DEFLATE_FINAL_BLOCKS: violation(
    PolicyViolation,
    'RFC 7692 §7.2.3.4',
    'a compressed message with too many final blocks',
  ),
  WS_DEFLATE_INVALID: violation(
    InvalidPayload,
    'RFC 7692 §7.2.2',
    'a compressed message cannot be inflated',
  ),
  WS_INFLATE_RATIO: violation(
    PolicyViolation,
    'RFC 7692 §8',
    'a message inflates to too many times its octets',
    'maxInflateRatio',
  ),
  WS_LENGTH_MSB_SET: violation(BROKEN, '§5.2', 'the top bit of a 64-bit length is set'),
  WS_LENGTH_NOT_MINIMAL: violation(BROKEN, '§5.2', 'a length that is not in its shortest form'),
  WS_MASK_MISSING: violation(BROKEN, '§5.1', 'a frame from the client is not masked'),
  WS_MASK_UNEXPECTED: violation(BROKEN, '§5.1', 'a frame from the server is masked'),
  WS_MESSAGE_INTERRUPTED: violation(BROKEN, '§5.4', 'a new message inside a fragmented one'),
  WS_MESSAGE_RATE: violation(
    PolicyViolation,
    '§7.4.1',
    'more messages a second than are accepted',
    'maxMessagesPerSecond',
  ),
  WS_MESSAGE_TOO_BIG: violation(
    MessageTooBig,
    '§7.4.1',
    'the message exceeds the limit',
    'maxMessageBytes',
  ),
  WS_MESSAGE_TYPE_REFUSED: violation(
    CloseCode.UnsupportedData,
    '§7.4.1',
    'this type of message is not accepted here',
    'messageTypes',
  ),
  WS_OPCODE_RESERVED: violation(BROKEN, '§5.2', 'a reserved opcode'),
  WS_RESERVED_BIT_SET: violation(BROKEN, '§5.2', 'a reserved bit is set'),
  WS_TEXT_UTF8: violation(InvalidPayload, '§8.1', 'a text message is not UTF-8'),
  WS_TOO_MANY_FRAMES: violation(
    PolicyViolation,
    '§5.4',
    'the message has too many frames',
    'maxFramesPerMessage',
  ),
};

/**
 * The peer broke a rule of the protocol or exceeded a limit. It is never thrown at the application: the connection
 * fails with `closeCode`, and the error is kept in `connection.closed`.
 */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
  readonly code: ViolationCode;
  /** The code of the Close frame that answers it (§7.4.1). */
  readonly closeCode: number;
  /** The section of RFC 6455 that holds the rule, or of RFC 7692, which it says. */
  readonly section: string;
  /** The option whose value was exceeded; undefined where a rule was broken. */
  readonly limit: string | undefined;

  constructor(code: ViolationCode, detail?: string) {
    const { closeCode, section, message, limit } = VIOLATIONS[code];
    super(detail === undefined ? message : `${message}: ${detail}`);
    this.code = code;
    this.closeCode = closeCode;
    this.section = section;
    this.limit = limit;
  }
}

/** Every code with what it stands for, for documentation and tests. */
export const violationCodes: readonly ViolationCode[] = Object.keys(VIOLATIONS) as ViolationCode[];

function violation(closeCode: number, section: string, message: string, limit?: string): Violation {
  return limit === undefined
    ? { closeCode, section, message }
    : { closeCode, section, message, limit };
}
