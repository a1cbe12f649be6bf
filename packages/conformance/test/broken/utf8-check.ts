// UTF-8 as it comes (RFC 3629 §4): the table of well-formed sequences, with flaws to order.
import type { Utf8Flaw } from './habits.ts';

/** Says at the first octet that no text could go on with it. */
export class Utf8Check {
  readonly #flaw: Utf8Flaw | undefined;
  #missing = 0;
  #lowest = 0x80;
  #highest = 0xbf;
  #codePoint = 0;

  constructor(flaw?: Utf8Flaw) {
    this.#flaw = flaw;
  }

  /** Whether a text could end here. */
  get complete(): boolean {
    return this.#missing === 0;
  }

  /** Whether what came so far may begin a text. */
  push(octets: Uint8Array): boolean {
    for (let at = 0; at < octets.length; at += 1) {
      const octet = octets[at] as number;
      if (this.#missing === 0) {
        if (octet >= 0x80 && !this.#start(octet)) return false;
      } else {
        if (octet < this.#lowest || octet > this.#highest) return false;
        this.#lowest = 0x80;
        this.#highest = 0xbf;
        this.#codePoint = (this.#codePoint << 6) | (octet & 0x3f);
        this.#missing -= 1;
        if (this.#missing === 0 && this.#isRefused(this.#codePoint)) return false;
      }
    }
    return true;
  }

  #start(octet: number): boolean {
    const overlong = this.#flaw === 'overlong forms';
    if (octet < (overlong ? 0xc0 : 0xc2) || octet > 0xf4) return false;
    this.#missing = octet < 0xe0 ? 1 : octet < 0xf0 ? 2 : 3;
    this.#codePoint = octet & (0x3f >> this.#missing);
    if (octet === 0xe0 && !overlong) this.#lowest = 0xa0;
    if (octet === 0xf0 && !overlong) this.#lowest = 0x90;
    if (octet === 0xed && this.#flaw !== 'surrogates') this.#highest = 0x9f;
    if (octet === 0xf4 && this.#flaw !== 'past U+10FFFF') this.#highest = 0x8f;
    return true;
  }

  #isRefused(codePoint: number): boolean {
    if (this.#flaw !== 'no noncharacters') return false;
    return (codePoint & 0xfffe) === 0xfffe || (codePoint >= 0xfdd0 && codePoint <= 0xfdef);
  }
}

/** Whether it is a whole text. */
export function isUtf8(octets: Uint8Array, flaw?: Utf8Flaw): boolean {
  const check = new Utf8Check(flaw);
  return check.push(octets) && check.complete;
}
