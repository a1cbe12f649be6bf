/** What a message is: a string for text, octets of its own for binary. */
export type Message = string | Uint8Array;

/** Messages received and not yet handed over, in order, with what they took on the wire. */
export class Inbox {
  #messages: Message[] = [];
  #sizes: number[] = [];
  /** Index of the oldest: shifting an array costs its length each time. */
  #first = 0;
  #bytes = 0;

  get length(): number {
    return this.#messages.length - this.#first;
  }

  /** Octets of all messages that wait. */
  get bytes(): number {
    return this.#bytes;
  }

  push(message: Message, bytes: number): void {
    this.#messages.push(message);
    this.#sizes.push(bytes);
    this.#bytes += bytes;
  }

  /** The oldest message; undefined when there is none. */
  shift(): Message | undefined {
    if (this.length === 0) return undefined;
    const message = this.#messages[this.#first];
    this.#bytes -= this.#sizes[this.#first] as number;
    this.#messages[this.#first] = ''; // let go of it
    this.#first += 1;
    if (this.#first === this.#messages.length) this.clear();
    else if (this.#first > 1024 && this.#first * 2 > this.#messages.length) {
      this.#messages = this.#messages.slice(this.#first);
      this.#sizes = this.#sizes.slice(this.#first);
      this.#first = 0;
    }
    return message;
  }

  clear(): void {
    this.#messages = [];
    this.#sizes = [];
    this.#first = 0;
    this.#bytes = 0;
  }
}
