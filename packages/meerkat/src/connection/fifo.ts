/** A queue. Shifting an array costs its length each time; this costs the same at any length. */
export class Fifo<Item> {
  #items: (Item | undefined)[] = [];
  /** Index of the oldest. */
  #first = 0;

  get length(): number {
    return this.#items.length - this.#first;
  }

  /** The oldest; undefined when there is none. */
  get first(): Item | undefined {
    return this.#items[this.#first];
  }

  push(item: Item): void {
    this.#items.push(item);
  }

  /** Takes the oldest out; undefined when there is none. */
  shift(): Item | undefined {
    if (this.length === 0) return undefined;
    const item = this.#items[this.#first];
    this.#items[this.#first] = undefined; // let go of it
    this.#first += 1;
    if (this.#first === this.#items.length) {
      this.clear();
    } else if (this.#first > 1024 && this.#first * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#first);
      this.#first = 0;
    }
    return item;
  }

  clear(): void {
    this.#items = [];
    this.#first = 0;
  }

  /** Takes everything out, oldest first. */
  takeAll(): Item[] {
    const items = this.#items.slice(this.#first) as Item[];
    this.clear();
    return items;
  }
}
