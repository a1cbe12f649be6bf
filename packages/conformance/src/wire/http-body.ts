// Where the body of an answer ends (RFC 9112 §6.3). Its octets are of no interest; what comes behind it is.
import { type HttpHead, listOf, statusLineOf, valuesOf } from './http-head.ts';

/** Passes over a body as it comes. */
export class BodySkipper {
  #left: number;
  readonly #chunked: boolean;
  #line = '';
  #state: 'size' | 'data' | 'data end' | 'trailer' | 'over' = 'size';
  /** A chunk's size line or a trailer line that is longer is none. */
  static readonly #MAX_LINE = 4096;

  constructor(head: HttpHead) {
    this.#chunked = listOf(head, 'Transfer-Encoding').at(-1)?.toLowerCase() === 'chunked';
    this.#left = this.#chunked ? 0 : lengthOf(head);
    if (!this.#chunked) this.#state = this.#left > 0 ? 'data' : 'over';
  }

  get over(): boolean {
    return this.#state === 'over';
  }

  /** Answers what does not belong to the body any more. */
  push(chunk: Uint8Array): Uint8Array {
    let at = 0;
    while (at < chunk.length && !this.over) {
      if (this.#state === 'data') {
        const part = Math.min(this.#left, chunk.length - at);
        this.#left -= part;
        at += part;
        if (this.#left === 0) this.#state = this.#chunked ? 'data end' : 'over';
      } else {
        this.#octet(chunk[at] as number);
        at += 1;
      }
    }
    return chunk.subarray(at);
  }

  #octet(octet: number): void {
    if (octet !== 0x0a) {
      if (this.#line.length < BodySkipper.#MAX_LINE) this.#line += String.fromCharCode(octet);
      return;
    }
    const line = this.#line.trim();
    this.#line = '';
    if (this.#state === 'size') this.#size(line);
    else if (this.#state === 'data end') this.#state = 'size';
    else if (line === '') this.#state = 'over';
  }

  #size(line: string): void {
    const [digits = ''] = line.split(';', 1);
    const size = /^[\da-f]{1,12}\s*$/i.test(digits) ? Number.parseInt(digits, 16) : 0;
    this.#left = size;
    this.#state = size === 0 ? 'trailer' : 'data';
  }
}

/** Infinite where the body goes on until the connection ends. */
function lengthOf(head: HttpHead): number {
  const status = statusLineOf(head)?.status ?? 0;
  if (status < 200 || status === 204 || status === 304) return 0;
  const [length] = valuesOf(head, 'Content-Length');
  return length !== undefined && /^\d{1,15}$/.test(length) ? Number(length) : Infinity;
}
