import {
  Endpoint,
  type EndpointHandler,
  type EndpointOutput,
  type Limits,
  type MessageTypes,
  type ProtocolError,
  plainPrimitives,
  type Role,
  resolveLimits,
} from 'meerkat/protocol';

/** The primitives in plain JavaScript, without chance. */
export const primitives: ReturnType<typeof plainPrimitives> = {
  ...plainPrimitives((octets) => octets.fill(0)),
  maskKey: () => 0x37fa213d,
};

/** What is different between two endpoints. */
export interface Situation {
  readonly role: Role;
  readonly limits: Limits;
  readonly messageTypes: MessageTypes;
  readonly compression: boolean;
  /** Whether earlier output waits, so that Pongs do. */
  readonly congested: boolean;
  /** Whether the first text makes the driver close. */
  readonly closesOnText: boolean;
}

const LIMITS: readonly Limits[] = [
  // The burst is out of reach: it counts what a rate does, which is not what most inputs are about.
  resolveLimits({ maxMessageBytes: 70_000, controlFrameBurst: 1_000_000 }),
  resolveLimits({ maxMessageBytes: 125, controlFrameBurst: 1_000_000 }),
  resolveLimits({ maxMessageBytes: 1024, maxFramesPerMessage: 3, controlFrameBurst: 1_000_000 }),
  resolveLimits({ maxMessageBytes: 70_000, controlFrameBurst: 2, maxControlFramesPerSecond: 1 }),
];

/** The first octet of an input says what its reader is like; the others are what it reads. */
export function situationOf(octet: number): Situation {
  const types: readonly MessageTypes[] = ['any', 'any', 'text', 'binary'];
  return {
    role: (octet & 1) === 0 ? 'server' : 'client',
    limits: LIMITS[(octet >> 1) & 3] as Limits,
    compression: (octet & 8) !== 0,
    congested: (octet & 16) !== 0,
    messageTypes: types[(octet >> 5) & 3] as MessageTypes,
    closesOnText: (octet & 128) !== 0,
  };
}

/** How an endpoint ended, from what it read. */
export type RecordedEnd =
  | { readonly by: 'close'; readonly code: number; readonly reason: string }
  | { readonly by: 'violation'; readonly code: number; readonly error: ProtocolError };

/** An endpoint that keeps what it reports, and apart from that what it sends. */
export class RecordedEndpoint {
  /** `text 6869`, `binary …`, `compressed 1 …`, `ping …`, `pong …`: the content is hex. */
  readonly events: string[] = [];
  /** The same with the ends, and with what was sent in between. */
  readonly log: string[] = [];
  readonly sent: Uint8Array[] = [];
  readonly endpoint: Endpoint;
  end: RecordedEnd | undefined;
  /** How often an end was reported. */
  ends = 0;

  constructor(situation: Situation) {
    this.endpoint = new Endpoint({
      role: situation.role,
      handler: this.#handler(situation),
      output: this.#output(situation.congested),
      primitives,
      limits: situation.limits,
      messageTypes: situation.messageTypes,
      clock: { now: () => 0 },
      compression: situation.compression,
    });
  }

  /** Reads chunks; they are changed by it. */
  receive(chunks: readonly Uint8Array[]): this {
    for (const chunk of chunks) this.endpoint.receive(chunk, 0, chunk.length);
    return this;
  }

  #report(kind: string, octets: Uint8Array, start: number, end: number): void {
    const event = `${kind} ${hex(octets, start, end)}`;
    this.events.push(event);
    this.log.push(event);
  }

  #ended(end: RecordedEnd, entry: string): void {
    this.end = end;
    this.ends += 1;
    this.log.push(entry);
  }

  #handler({ closesOnText }: Situation): EndpointHandler {
    return {
      textMessage: (text, bytes) => {
        const octets = Buffer.from(text);
        this.#report(
          octets.length === bytes ? 'text' : `text of ${bytes}`,
          octets,
          0,
          octets.length,
        );
        if (closesOnText) this.endpoint.close(1000, 'enough');
      },
      binaryMessage: (octets, start, end) => this.#report('binary', octets, start, end),
      compressedMessage: (opcode, octets, start, end) =>
        this.#report(`compressed ${opcode}`, octets, start, end),
      ping: (octets, start, end) => this.#report('ping', octets, start, end),
      pong: (octets, start, end) => this.#report('pong', octets, start, end),
      closeReceived: (close) => {
        this.#ended({ by: 'close', ...close }, `close ${close.code} ${close.reason}`);
        this.endpoint.answerClose(close);
      },
      failed: (error) => {
        this.#ended({ by: 'violation', code: error.closeCode, error }, `failed ${error.code}`);
      },
    };
  }

  #output(congested: boolean): EndpointOutput {
    let octets = new Uint8Array(0);
    return {
      congested,
      get octets() {
        return octets;
      },
      reserve(length) {
        octets = new Uint8Array(length);
        return 0;
      },
      commit: (end) => {
        const frame = octets.slice(0, end);
        this.sent.push(frame);
        this.log.push(`sent ${hex(frame, 0, end)}`);
      },
    };
  }
}

function hex(octets: Uint8Array, start: number, end: number): string {
  return Buffer.from(octets.buffer, octets.byteOffset + start, end - start).toString('hex');
}
