import { type Closed, type Connection, type ConnectOptions, connect, type Message } from 'meerkat';
import type { LoadMeter } from '../load/load-meter.ts';
import type { Sleeper, Woken } from './sleeper.ts';

/** Messages that may wait for a step that expects them. */
export const MAX_WAITING = 1_000;
/** Octets of them. */
const MAX_WAITING_BYTES = 4 * 1_048_576;

/** What a dial is told. */
export interface Dial {
  readonly url: string;
  readonly options: ConnectOptions;
  /** Whether messages are kept for a step that expects them; else they are only counted. */
  readonly keep: boolean;
}

/** The connection of one user, with the messages that no step has taken yet. */
export class UserConnection {
  readonly #sleeper: Sleeper;
  readonly #meter: LoadMeter;
  #keep: boolean;
  readonly #messages: Message[] = [];
  #head = 0;
  #bytes = 0;
  #missed = 0;
  #closed: Closed | undefined;
  #connection: Connection<undefined> | undefined;
  /** Whether nobody waits on it any more. */
  #left = false;

  private constructor(keep: boolean, sleeper: Sleeper, meter: LoadMeter) {
    this.#keep = keep;
    this.#sleeper = sleeper;
    this.#meter = meter;
  }

  /** Dials. Rejects with a `HandshakeError`, or a `UsageError` for a path that cannot be used. */
  static async open(dial: Dial, sleeper: Sleeper, meter: LoadMeter): Promise<UserConnection> {
    const made = new UserConnection(dial.keep, sleeper, meter);
    const began = performance.now();
    made.#connection = await connect(dial.url, {
      ...dial.options,
      message: (_connection, message) => made.#receive(message),
      close: (_connection, closed) => made.#end(closed),
      error: () => {}, // the connection's end says it
    });
    meter.handshake(performance.now() - began);
    if (made.#connection.extensions !== '') meter.compressed += 1;
    return made;
  }

  /** How it ended; undefined while it is open. */
  get closed(): Closed | undefined {
    return this.#closed;
  }

  /** Resolves when nothing of it is left. */
  get gone(): Promise<unknown> {
    return this.#connection?.closed ?? Promise.resolve();
  }

  /** Messages that were let go, because so many waited that no step took; then as if there had been none. */
  takeMissed(): number {
    const missed = this.#missed;
    this.#missed = 0;
    return missed;
  }

  /** From now on messages are only counted: no step will expect one. */
  keepNoMore(): void {
    this.#keep = false;
    this.#messages.length = 0;
    this.#head = 0;
    this.#bytes = 0;
  }

  /** Sends; false where the connection takes nothing more. */
  async send(message: Message): Promise<boolean> {
    const result = this.#connection?.send(message);
    if (result === undefined || result === 'dropped') return false;
    this.#meter.sent += 1;
    if (result === 'queued') await this.#connection?.drained();
    return true;
  }

  /** The next message, or why there is none. Messages that came before the end are given before it. */
  async take(
    milliseconds: number,
  ): Promise<{ readonly message: Message } | Exclude<Woken, 'message'>> {
    if (this.#head === this.#messages.length) {
      if (this.#closed !== undefined) return 'closed';
      const why = await this.#sleeper.sleep(milliseconds, true);
      if (why !== 'message') return why;
    }
    return { message: this.#shift() };
  }

  /** Begins the closing handshake. */
  close(code?: number, reason?: string): void {
    this.#connection?.close(code, reason);
  }

  /** Ends it at once; its end wakes nobody. */
  terminate(): void {
    this.#left = true;
    this.#connection?.terminate();
  }

  #receive(message: Message): void {
    this.#meter.received += 1;
    this.#meter.bytes += sizeOf(message);
    if (!this.#keep || this.#left) return;
    this.#messages.push(message);
    this.#bytes += sizeOf(message);
    while (this.#waiting > MAX_WAITING || (this.#bytes > MAX_WAITING_BYTES && this.#waiting > 1)) {
      this.#shift();
      this.#missed += 1;
    }
    this.#sleeper.wake('message');
  }

  get #waiting(): number {
    return this.#messages.length - this.#head;
  }

  #shift(): Message {
    const message = this.#messages[this.#head] as Message;
    this.#head += 1;
    this.#bytes -= sizeOf(message);
    if (this.#head === this.#messages.length || this.#head > MAX_WAITING) {
      this.#messages.splice(0, this.#head);
      this.#head = 0;
    }
    return message;
  }

  #end(closed: Closed): void {
    this.#closed = closed;
    this.#meter.open -= 1;
    if (!this.#left) this.#sleeper.wake('closed');
  }
}

/** Octets of a payload. */
function sizeOf(message: Message): number {
  return typeof message === 'string' ? Buffer.byteLength(message) : message.length;
}
