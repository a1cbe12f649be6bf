import {
  type DataOpcode,
  FrameParser,
  LIMIT_RANGES,
  type Limits,
  MessageReader,
  Opcode,
  ProtocolError,
  parseClose,
  plainPrimitives,
  type Role,
  RSV1,
  Utf8Validator,
} from 'meerkat/protocol';

/** No limit of an endpoint is ours to apply: only what no endpoint could take is refused. */
const NO_LIMITS: Limits = {
  maxMessageBytes: LIMIT_RANGES.maxMessageBytes[1],
  maxFramesPerMessage: LIMIT_RANGES.maxFramesPerMessage[1],
  maxControlFramesPerSecond: LIMIT_RANGES.maxControlFramesPerSecond[1],
  controlFrameBurst: LIMIT_RANGES.controlFrameBurst[1],
};

/** Nothing here is random. */
const primitives = plainPrimitives(() => {});

/** Looks at the frames of one direction with the engine's own eyes, and says which rule is broken. */
export class FrameJudge {
  readonly #parser: FrameParser;

  /**
   * @param receiver - Who receives these frames.
   * @param compression - Whether permessage-deflate was agreed on: RSV1 may be set then.
   */
  constructor(receiver: Role, compression: boolean) {
    const reader = new MessageReader(
      { whole: requireText, begin: ignore, part: ignore, end: ignore },
      NO_LIMITS,
      'any',
    );
    this.#parser = new FrameParser(
      receiver,
      {
        dataHeader: (head, length) => reader.header(head, length),
        dataPayload: (octets, start, end, last) => reader.payload(octets, start, end, last),
        controlFrame: (opcode, octets, start, end) => {
          if (opcode === Opcode.Close) parseClose(octets, start, end, primitives);
        },
      },
      primitives,
      compression ? RSV1 : 0,
    );
  }

  /**
   * Takes the next octets.
   *
   * @param octets - Payload is unmasked in place.
   * @returns The rule that they break; nothing may be given after that.
   */
  take(octets: Uint8Array, start: number, end: number): ProtocolError | undefined {
    try {
      this.#parser.parse(octets, start, end);
      return undefined;
    } catch (error) {
      if (error instanceof ProtocolError) return error;
      throw error;
    }
  }
}

/** Of a compressed one nobody can say it before it is inflated. */
function requireText(
  opcode: DataOpcode,
  octets: Uint8Array,
  start: number,
  end: number,
  compressed: boolean,
): void {
  if (opcode !== Opcode.Text || compressed) return;
  const validator = new Utf8Validator();
  if (!validator.accept(octets, start, end) || !validator.finish()) {
    throw new ProtocolError('WS_TEXT_UTF8');
  }
}

function ignore(): void {}
