import {
  Endpoint,
  type EndpointHandler,
  type EndpointOutput,
  type EndpointSetup,
} from '../../../src/protocol/endpoint.ts';
import { type Limits, resolveLimits } from '../../../src/protocol/limits.ts';
import { Opcode } from '../../../src/protocol/opcode.ts';
import { type Primitives, plainPrimitives } from '../../../src/protocol/primitives.ts';
import type { Role } from '../../../src/protocol/role.ts';
import { hex, octets } from './octets.ts';

/** The masking key of every frame that a test's client writes: the one of RFC 6455 §5.7. */
export const TEST_KEY = 0x37fa213d;

/** The plain primitives, without chance. */
export const testPrimitives: Primitives = {
  ...plainPrimitives((filled) => filled.fill(0)),
  maskKey: () => TEST_KEY,
};

export interface RecordingSetup
  extends Partial<Omit<EndpointSetup, 'role' | 'limits' | 'handler'>> {
  readonly limits?: Partial<Limits>;
  /** Called after the event was recorded. */
  readonly on?: Partial<EndpointHandler>;
}

/** An endpoint that keeps all it reports and all it sends, in one order. Time stands still until `now` is set. */
export class RecordingEndpoint {
  /** `text hello`, `binary 68 69`, `compressed text ca 00`, `ping`, `close 1000 bye`, `failed WS_MASK_MISSING`, and `sent` with a frame's octets. */
  readonly log: string[] = [];
  readonly endpoint: Endpoint;
  readonly output: RecordingOutput;
  now = 0;

  constructor(role: Role, setup: RecordingSetup = {}) {
    const { limits, on = {}, ...rest } = setup;
    this.output = new RecordingOutput((frame) => this.log.push(`sent ${hex(frame)}`));
    this.endpoint = new Endpoint({
      role,
      handler: this.#handler(on),
      output: this.output,
      primitives: testPrimitives,
      limits: resolveLimits(limits),
      messageTypes: 'any',
      clock: { now: () => this.now },
      ...rest,
    });
  }

  /** What was reported, without what was sent. */
  get events(): string[] {
    return this.log.filter((entry) => !entry.startsWith('sent '));
  }

  /** The frames that were sent, each as hex. */
  get sent(): string[] {
    return this.log
      .filter((entry) => entry.startsWith('sent '))
      .map((entry) => entry.slice('sent '.length));
  }

  /** Everything that was sent. */
  get wire(): Uint8Array {
    return octets(this.sent.join(' '));
  }

  /** Hands over copies of the chunks: the endpoint unmasks in place. */
  receive(...chunks: readonly (string | Uint8Array)[]): this {
    for (const chunk of chunks) {
      const copy = typeof chunk === 'string' ? octets(chunk) : chunk.slice();
      this.endpoint.receive(copy, 0, copy.length);
    }
    return this;
  }

  #handler(on: Partial<EndpointHandler>): EndpointHandler {
    return {
      textMessage: (text, bytes) => {
        this.log.push(`text ${text}`);
        on.textMessage?.(text, bytes);
      },
      binaryMessage: (message, start, end, owned) => {
        this.log.push(`binary ${hex(message.subarray(start, end))}`.trimEnd());
        on.binaryMessage?.(message, start, end, owned);
      },
      compressedMessage: (opcode, message, start, end) => {
        const type = opcode === Opcode.Text ? 'text' : 'binary';
        this.log.push(`compressed ${type} ${hex(message.subarray(start, end))}`.trimEnd());
        on.compressedMessage?.(opcode, message, start, end);
      },
      ping: (payload, start, end) => {
        this.log.push(`ping ${hex(payload.subarray(start, end))}`.trimEnd());
        on.ping?.(payload, start, end);
      },
      pong: (payload, start, end) => {
        this.log.push(`pong ${hex(payload.subarray(start, end))}`.trimEnd());
        on.pong?.(payload, start, end);
      },
      closeReceived: (close) => {
        this.log.push(`close ${close.code} ${close.reason}`.trimEnd());
        on.closeReceived?.(close);
      },
      closing: () => on.closing?.(),
      failed: (error) => {
        this.log.push(`failed ${error.code}`);
        on.failed?.(error);
      },
    };
  }
}

/**
 * Gives each frame memory of exactly the size that it asked for, behind an offset, so that a frame which needs more
 * comes out mutilated.
 */
export class RecordingOutput implements EndpointOutput {
  congested = false;
  octets: Uint8Array = new Uint8Array(0);
  /** What each frame reserved. */
  readonly reserved: number[] = [];
  readonly #sent: (frame: Uint8Array) => void;

  constructor(sent: (frame: Uint8Array) => void) {
    this.#sent = sent;
  }

  reserve(length: number): number {
    this.reserved.push(length);
    this.octets = new Uint8Array(OFFSET + length).fill(0xee);
    return OFFSET;
  }

  commit(end: number): void {
    if (this.octets.subarray(0, OFFSET).some((octet) => octet !== 0xee)) {
      throw new Error('what was committed before was overwritten');
    }
    this.#sent(this.octets.slice(OFFSET, end));
  }
}

const OFFSET = 3;
