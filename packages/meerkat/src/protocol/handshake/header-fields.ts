// HTTP header fields (RFC 9110 §5): lookup that keeps repeated lines apart, lists, tokens.

/** Most header lines of a message. A parser may drop those above a number of its own, and still act on them. */
export const MAX_HEADER_LINES = 128;

/** 1 for each ASCII character that a token may have. */
const TOKEN_CODES: Uint8Array = Uint8Array.from({ length: 0x80 }, (_, code) =>
  /[A-Za-z0-9!#$%&'*+.^_`|~-]/.test(String.fromCharCode(code)) ? 1 : 0,
);

/** The header fields of one message, as they came. Names are compared without regard to case. */
export class HeaderFields {
  /** How many lines there are. */
  readonly lines: number;
  readonly #raw: readonly string[];

  /** @param raw - Name, value, name, value, …, as Node's `rawHeaders` has them. */
  constructor(raw: readonly string[]) {
    this.#raw = raw;
    this.lines = raw.length / 2;
  }

  /** Every value of the field, in order; one element a line. */
  all(name: string): string[] {
    const wanted = name.toLowerCase();
    const values: string[] = [];
    for (let at = 0; at + 1 < this.#raw.length; at += 2) {
      const found = this.#raw[at] as string;
      if (found.length === wanted.length && found.toLowerCase() === wanted) {
        values.push(this.#raw[at + 1] as string);
      }
    }
    return values;
  }

  /** The field's value when it stands there exactly once; undefined otherwise. */
  single(name: string): string | undefined {
    const values = this.all(name);
    return values.length === 1 ? values[0] : undefined;
  }

  /** All lines of a list field as one value, the way RFC 9110 §5.3 combines them; undefined when there are none. */
  combined(name: string): string | undefined {
    const values = this.all(name);
    return values.length === 0 ? undefined : values.join(', ');
  }

  /** Whether a list field holds the token, in any case: `Connection: keep-alive, Upgrade`. */
  hasToken(name: string, token: string): boolean {
    return this.all(name).some((value) =>
      splitList(value).some((element) => element.toLowerCase() === token),
    );
  }
}

/** Splits at commas and trims blanks; empty elements are kept. Linear: header parsers have been slowed with blanks. */
export function splitList(value: string): string[] {
  return value.split(',').map(trimBlanks);
}

/** Removes spaces and tabs at both ends: the only blanks that HTTP knows. */
export function trimBlanks(value: string): string {
  let start = 0;
  let end = value.length;
  while (start < end && isBlank(value.charCodeAt(start))) start += 1;
  while (end > start && isBlank(value.charCodeAt(end - 1))) end -= 1;
  return value.slice(start, end);
}

/** Whether `value` is a token: one or more of the characters of RFC 9110 §5.6.2. */
export function isToken(value: string): boolean {
  if (value.length === 0) return false;
  for (let at = 0; at < value.length; at += 1) {
    if (!isTokenCode(value.charCodeAt(at))) return false;
  }
  return true;
}

/** Whether `value` may be sent as a field's value: visible ASCII, blanks within, and octets from 0x80 (RFC 9110 §5.5). */
export function isFieldValue(value: string): boolean {
  for (let at = 0; at < value.length; at += 1) {
    const code = value.charCodeAt(at);
    if ((code < 0x20 && code !== 0x09) || code === 0x7f || code > 0xff) return false;
  }
  return trimBlanks(value) === value;
}

export function isTokenCode(code: number): boolean {
  return code < 0x80 && TOKEN_CODES[code] === 1;
}

/** Whether a character is a space or a tab. */
export function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
