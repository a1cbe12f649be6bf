import { HeadSecrets } from '../handshake/head-secrets.ts';
import type { OctetRange } from './octet-rows.ts';

/** Longest line between chunks and in the trailer: more than Node's parser takes. */
const MAX_LINE = 32_768;

const LF = 0x0a;
const CR = 0x0d;
const SEMICOLON = 0x3b;

/** Walks a chunked body (RFC 9112 §7.1) to find its end, as strictly as Node's parser. */
export class ChunkedWalk {
  #state: 'size' | 'data' | 'dataEnd' | 'trailer' = 'size';
  /** Octets of the line so far, its CR among them. */
  #length = 0;
  #followsCr = false;
  #isExtension = false;
  /** The size of the chunk, then what is left of it. */
  #due = 0;
  /** What stands between chunks and behind them: secrets may be in it, and a head where it is malformed. */
  readonly secrets: HeadSecrets = new HeadSecrets();

  /**
   * Walks `octets` from `start` on.
   *
   * @param hidden - The secrets among them are added here, by their index in `octets`.
   * @returns Where the body ends, or it is malformed: what stood before that in its line has been given to `secrets`.
   */
  take(
    octets: Uint8Array,
    start: number,
    hidden: OctetRange[],
  ): { readonly end: number; readonly result: 'more' | 'done' | 'malformed' } {
    let at = start;
    while (at < octets.length) {
      if (this.#state === 'data') {
        const step = Math.min(this.#due, octets.length - at);
        at += step;
        this.#due -= step;
        if (this.#due === 0) this.#state = 'dataEnd';
        continue;
      }
      const lineStart = at;
      const { end, result } = this.#lineStep(octets, at);
      at = end;
      const text = Buffer.from(octets.subarray(lineStart, at)).toString('latin1');
      for (const [from, to] of this.secrets.add(text)) {
        hidden.push([lineStart + from, lineStart + to]);
      }
      if (result !== 'more') return { end, result };
    }
    return { end: at, result: 'more' };
  }

  /** Goes on to the end of the line, or to the first octet that cannot be there. */
  #lineStep(
    octets: Uint8Array,
    start: number,
  ): { end: number; result: 'more' | 'done' | 'malformed' } {
    for (let at = start; at < octets.length; at += 1) {
      const octet = octets[at] as number;
      if (octet === LF && this.#followsCr) {
        const isOver = this.#state === 'trailer' && this.#length === 1;
        if (!this.#lineDone()) return { end: at, result: 'malformed' };
        return { end: at + 1, result: isOver ? 'done' : 'more' };
      }
      const isWrong = this.#followsCr || octet === LF || this.#length >= MAX_LINE;
      if (isWrong || !this.#add(octet)) return { end: at, result: 'malformed' };
    }
    return { end: octets.length, result: 'more' };
  }

  /** Adds an octet to the line, unless it cannot be there. */
  #add(octet: number): boolean {
    this.#length += 1;
    this.#followsCr = octet === CR;
    if (this.#followsCr || this.#state === 'trailer' || this.#isExtension) return true;
    if (this.#state === 'dataEnd') return false;
    this.#isExtension = octet === SEMICOLON && this.#length > 1;
    if (this.#isExtension) return true;
    const digit = Number.parseInt(String.fromCharCode(octet), 16);
    this.#due = this.#due * 16 + digit;
    return this.#due < 2 ** 64; // NaN is not
  }

  #lineDone(): boolean {
    const isEmpty = this.#length === 1;
    this.#length = 0;
    this.#followsCr = false;
    this.#isExtension = false;
    if (this.#state === 'trailer') return true;
    if (this.#state === 'dataEnd') {
      this.#state = 'size';
      return true;
    }
    this.#state = this.#due === 0 ? 'trailer' : 'data';
    return !isEmpty;
  }
}
