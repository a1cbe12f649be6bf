// UTF-8 as RFC 3629 defines it: no overlong forms, no surrogates, nothing above U+10FFFF (RFC 6455 §8.1).
import type { Primitives } from './primitives.ts';

/** From here on the view that a platform's own check needs pays: 64 KiB take 1 to 5 µs, and 80 to 130 µs octet by octet. */
const WHOLE_FROM = 128;

/**
 * Checks UTF-8 as it comes, in any pieces, and refuses at the first octet that cannot be right.
 *
 * Hot path: the state is two small numbers; ASCII costs one compare per octet. Of long pieces the whole characters are left
 * to the platform; where it finds a fault the octets are walked to tell whether that is one yet.
 */
export class Utf8Validator {
  readonly #isUtf8: Primitives['isUtf8'] | undefined;
  /** Continuation octets still due. */
  #due = 0;
  /** Range of the next continuation octet; only the first one after a lead octet is ever narrower. */
  #low = 0x80;
  #high = 0xbf;

  /** @param isUtf8 - The platform's own check, where there is one. */
  constructor(isUtf8?: Primitives['isUtf8']) {
    this.#isUtf8 = isUtf8;
  }

  /** Takes `octets[start, end)`; false as soon as they cannot be the continuation of valid UTF-8. */
  accept(octets: Uint8Array, start: number, end: number): boolean {
    if (this.#isUtf8 === undefined || end - start < WHOLE_FROM) {
      return this.#walk(octets, start, end);
    }
    const from = start + this.#due;
    if (!this.#walk(octets, start, from)) return false;
    const to = endOfWhole(octets, end);
    return this.#walk(octets, this.#isUtf8(octets, from, to) ? to : from, end);
  }

  #walk(octets: Uint8Array, start: number, end: number): boolean {
    let at = start;
    while (at < end) {
      const octet = octets[at] as number;
      at += 1;
      if (this.#due > 0) {
        if (octet < this.#low || octet > this.#high) return false;
        this.#low = 0x80;
        this.#high = 0xbf;
        this.#due -= 1;
      } else if (octet >= 0x80 && !this.#lead(octet)) return false;
    }
    return true;
  }

  /** Whether the text may end here, that is, no character is cut in two. Ready for the next text afterwards. */
  finish(): boolean {
    const complete = this.#due === 0;
    this.#due = 0;
    this.#low = 0x80;
    this.#high = 0xbf;
    return complete;
  }

  #lead(octet: number): boolean {
    if (octet < 0xc2 || octet > 0xf4) return false;
    if (octet < 0xe0) {
      this.#due = 1;
    } else if (octet < 0xf0) {
      this.#due = 2;
      if (octet === 0xe0) this.#low = 0xa0;
      else if (octet === 0xed) this.#high = 0x9f;
    } else {
      this.#due = 3;
      if (octet === 0xf0) this.#low = 0x90;
      else if (octet === 0xf4) this.#high = 0x8f;
    }
    return true;
  }
}

/** Where the last character that is complete ends, of many octets of which `end` is the end. */
function endOfWhole(octets: Uint8Array, end: number): number {
  for (let back = 1; back <= 3; back += 1) {
    const octet = octets[end - back] as number;
    if (octet >= 0xc0) return back < lengthOf(octet) ? end - back : end;
  }
  return end;
}

/** How many octets a character has whose lead octet this is. */
function lengthOf(lead: number): number {
  return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

/** Whether `octets[start, end)` are UTF-8. */
export function isUtf8(octets: Uint8Array, start: number, end: number): boolean {
  const validator = new Utf8Validator();
  return validator.accept(octets, start, end) && validator.finish();
}

/** Decodes `octets[start, end)`; undefined when they are not UTF-8. A byte order mark is kept, as text. */
export function decodeUtf8(octets: Uint8Array, start: number, end: number): string | undefined {
  if (!isUtf8(octets, start, end)) return undefined;
  let text = '';
  let at = start;
  while (at < end) {
    const first = octets[at] as number;
    if (first < 0x80) {
      text += String.fromCharCode(first);
      at += 1;
    } else if (first < 0xe0) {
      text += String.fromCharCode(((first & 0x1f) << 6) | tail(octets, at + 1));
      at += 2;
    } else if (first < 0xf0) {
      text += String.fromCharCode(
        ((first & 0xf) << 12) | (tail(octets, at + 1) << 6) | tail(octets, at + 2),
      );
      at += 3;
    } else {
      text += String.fromCodePoint(
        ((first & 0x7) << 18) |
          (tail(octets, at + 1) << 12) |
          (tail(octets, at + 2) << 6) |
          tail(octets, at + 3),
      );
      at += 4;
    }
  }
  return text;
}

/** Length of `text` in UTF-8. A lone surrogate counts as the three octets of U+FFFD, as WHATWG encodes it. */
export function utf8Length(text: string): number {
  let length = 0;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) length += 1;
    else if (unit < 0x800) length += 2;
    else if (isHigh(unit) && isLow(text.charCodeAt(index + 1))) {
      length += 4;
      index += 1;
    } else length += 3;
  }
  return length;
}

/** Writes `text` at `octets[at]`, where there is room for it; answers how many octets it took. */
export function encodeUtf8Into(text: string, octets: Uint8Array, at: number): number {
  let to = at;
  for (let index = 0; index < text.length; index += 1) {
    let point = text.charCodeAt(index);
    if (point < 0x80) {
      octets[to++] = point;
      continue;
    }
    if (point < 0x800) {
      octets[to++] = 0xc0 | (point >> 6);
      octets[to++] = 0x80 | (point & 0x3f);
      continue;
    }
    if (isHigh(point) && isLow(text.charCodeAt(index + 1))) {
      point = 0x10000 + ((point & 0x3ff) << 10) + (text.charCodeAt(index + 1) & 0x3ff);
      index += 1;
      octets[to++] = 0xf0 | (point >> 18);
      octets[to++] = 0x80 | ((point >> 12) & 0x3f);
      octets[to++] = 0x80 | ((point >> 6) & 0x3f);
      octets[to++] = 0x80 | (point & 0x3f);
      continue;
    }
    if (point >= 0xd800 && point <= 0xdfff) point = 0xfffd;
    octets[to++] = 0xe0 | (point >> 12);
    octets[to++] = 0x80 | ((point >> 6) & 0x3f);
    octets[to++] = 0x80 | (point & 0x3f);
  }
  return to - at;
}

function tail(octets: Uint8Array, at: number): number {
  return (octets[at] as number) & 0x3f;
}

function isHigh(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

function isLow(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}
