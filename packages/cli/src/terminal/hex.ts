/** Octets read from hex digits, or what is wrong with them. */
export type ParsedHex = { readonly octets: Uint8Array } | { readonly problem: string };

/** Octets in each row of a dump. */
const ROW = 16;

/**
 * Reads octets from hex digits: `48656c6c6f`, `48 65 6c`, `48:65:6c`, `0x48, 0x65`. Each group has two digits for an
 * octet; nothing at all is no octets.
 */
export function parseHex(text: string): ParsedHex {
  const groups = text.split(/[\s,:]+/).filter((group) => group !== '');
  let digits = '';
  for (const group of groups) {
    const bare = group.replace(/^0x/i, '');
    const foreign = /[^0-9a-f]/iu.exec(bare);
    if (foreign !== null) return { problem: `${JSON.stringify(foreign[0])} is no hex digit` };
    if (bare.length % 2 !== 0 || bare === '') {
      return { problem: `${quoted(group)} is not two hex digits for each octet` };
    }
    digits += bare;
  }
  return { octets: Buffer.from(digits, 'hex') };
}

/** Hex digits, two for each octet, with `separator` between octets. */
export function toHex(octets: Uint8Array, separator: string = ''): string {
  const digits = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength).toString('hex');
  return separator === '' ? digits : (digits.match(/../g)?.join(separator) ?? '');
}

/** Octets as ASCII, with a dot for each that cannot be printed. */
export function toAscii(octets: Uint8Array): string {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength)
    .toString('latin1')
    .replace(/[^\x20-\x7e]/g, '.');
}

/** The rows of a dump, 16 octets each: offset, hex, ASCII. */
export function hexDump(octets: Uint8Array): string[] {
  const rows: string[] = [];
  for (let at = 0; at < octets.length; at += ROW) {
    const row = octets.subarray(at, at + ROW);
    const offset = at.toString(16).padStart(8, '0');
    rows.push(`${offset}  ${toHex(row, ' ').padEnd(3 * ROW - 1)}  |${toAscii(row)}|`);
  }
  return rows;
}

function quoted(group: string): string {
  return JSON.stringify(group.length > 24 ? `${group.slice(0, 24)}…` : group);
}
