// The characters of HTTP (RFC 9110 §5, RFC 9112 §3) as classes of octets.
import { isBlank, isTokenCode } from './header-fields.ts';

/** Characters of a token: a field's name. */
export const TOKEN = 1;
/** Visible ASCII but for `#`: a request's target. */
export const TARGET = 2;
/** Visible ASCII, space and tab: a field's value. Those from 0x80 on are left out, as parsers differ about them. */
export const VALUE = 4;
/** Digits of base64. */
export const BASE64 = 8;
/** Letters, digits, dot and hyphen: most hosts. */
export const HOST = 16;

const CLASSES: Uint8Array = Uint8Array.from({ length: 256 }, (_, octet) => classesOf(octet));

/** Where the octets from `at` on leave the class; `stop` when they do not. Hot path. */
export function skipClass(
  octets: Uint8Array,
  at: number,
  stop: number,
  octetClass: number,
): number {
  let index = at;
  while (index < stop && ((CLASSES[octets[index] as number] as number) & octetClass) !== 0) {
    index += 1;
  }
  return index;
}

/** Steps over spaces and tabs. */
export function skipBlanks(octets: Uint8Array, at: number, stop: number): number {
  let index = at;
  while (index < stop && isBlank(octets[index] as number)) index += 1;
  return index;
}

/** The end of `octets[start, end)` without the spaces and tabs there. */
export function trimEnd(octets: Uint8Array, start: number, end: number): number {
  let index = end;
  while (index > start && isBlank(octets[index - 1] as number)) index -= 1;
  return index;
}

/** How many octets from `at` on, before `stop`, are as `wanted` begins. */
export function matching(
  octets: Uint8Array,
  at: number,
  stop: number,
  wanted: readonly number[],
): number {
  const most = Math.min(wanted.length, stop - at);
  let index = 0;
  while (index < most && octets[at + index] === wanted[index]) index += 1;
  return index;
}

/** Whether octets from `start` on are `name`, which is of letters in lower case, digits and hyphens, in any case. */
export function matchesName(octets: Uint8Array, start: number, name: readonly number[]): boolean {
  for (let at = 0; at < name.length; at += 1) {
    // Only capitals become letters by it. What else it changes are controls, and those are in none of the classes.
    if (((octets[start + at] as number) | 0x20) !== name[at]) return false;
  }
  return true;
}

/** The octets of ASCII text. */
export function asciiOctets(text: string): readonly number[] {
  return Array.from(text, (character) => character.charCodeAt(0));
}

function classesOf(octet: number): number {
  const visible = octet > 0x20 && octet < 0x7f;
  const character = String.fromCharCode(octet);
  return (
    (isTokenCode(octet) ? TOKEN : 0) |
    (visible && character !== '#' ? TARGET : 0) |
    (visible || isBlank(octet) ? VALUE : 0) |
    (/[A-Za-z0-9+/]/.test(character) ? BASE64 : 0) |
    (/[A-Za-z0-9.-]/.test(character) ? HOST : 0)
  );
}
