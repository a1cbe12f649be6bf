/** Longest line between chunks, and most octets of trailer fields. */
const MAX_LINE = 16_384;

/** Walks a chunked body (RFC 9112 §7.1) to find its end. */
export class ChunkedWalk {
  #state: 'size' | 'data' | 'dataEnd' | 'trailer' = 'size';
  #line = '';
  #due = 0;

  /**
   * Walks `octets` from `start` on.
   *
   * @returns Where the body ends; `octets.length` where it goes on; -1 where it is malformed.
   */
  take(octets: Uint8Array, start: number): { readonly end: number; readonly done: boolean } {
    let at = start;
    while (at < octets.length) {
      if (this.#state === 'data') {
        const step = Math.min(this.#due, octets.length - at);
        at += step;
        this.#due -= step;
        if (this.#due === 0) this.#state = 'dataEnd';
        continue;
      }
      const character = String.fromCharCode(octets[at] as number);
      at += 1;
      if (character !== '\n') {
        this.#line += character;
        if (this.#line.length > MAX_LINE) return { end: -1, done: false };
        continue;
      }
      const line = this.#line.endsWith('\r') ? this.#line.slice(0, -1) : this.#line;
      this.#line = '';
      if (this.#state === 'trailer') {
        if (line === '') return { end: at, done: true };
      } else if (!this.#lineDone(line)) return { end: -1, done: false };
    }
    return { end: at, done: false };
  }

  #lineDone(line: string): boolean {
    if (this.#state === 'dataEnd') {
      this.#state = 'size';
      return line === '';
    }
    const digits = /^([0-9a-f]{1,12})[ \t]*(?:;|$)/i.exec(line)?.[1];
    if (digits === undefined) return false;
    this.#due = Number.parseInt(digits, 16);
    this.#state = this.#due === 0 ? 'trailer' : 'data';
    return true;
  }
}
