/** Numbers connections in the order in which they are first asked for, so that log, console and dump mean the same. */
export class ConnectionIds {
  readonly #ids = new WeakMap<object, number>();
  #last = 0;

  /** The number of a socket; the first is 1. */
  of(socket: object): number {
    const known = this.#ids.get(socket);
    if (known !== undefined) return known;
    this.#last += 1;
    this.#ids.set(socket, this.#last);
    return this.#last;
  }

  /** Gives what stands for a socket the same number. */
  alias(standIn: object, socket: object): void {
    this.#ids.set(standIn, this.of(socket));
  }
}
