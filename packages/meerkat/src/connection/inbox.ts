import { Fifo } from './fifo.ts';

/** What a message is: a string for text, octets of its own for binary. */
export type Message = string | Uint8Array;

/** Messages received and not yet handed over, in order, with the octets that they count for. */
export class Inbox {
  readonly #messages = new Fifo<Message>();
  readonly #sizes = new Fifo<number>();
  #bytes = 0;

  get length(): number {
    return this.#messages.length;
  }

  /** Octets of all messages that wait. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Octets of the oldest. */
  get firstBytes(): number {
    return this.#sizes.first ?? 0;
  }

  push(message: Message, bytes: number): void {
    this.#messages.push(message);
    this.#sizes.push(bytes);
    this.#bytes += bytes;
  }

  /** The oldest message; undefined when there is none. */
  shift(): Message | undefined {
    this.#bytes -= this.#sizes.shift() ?? 0;
    return this.#messages.shift();
  }

  clear(): void {
    this.#messages.clear();
    this.#sizes.clear();
    this.#bytes = 0;
  }
}
