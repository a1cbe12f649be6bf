/** Octets in each row. */
const ROW = 16;
const HALF = ROW / 2;

const HEX: readonly string[] = Array.from(
  { length: 256 },
  (_none, octet) => ` ${octet.toString(16).padStart(2, '0')}`,
);
const ASCII: readonly string[] = Array.from({ length: 256 }, (_none, octet) =>
  octet >= 0x20 && octet < 0x7f ? String.fromCharCode(octet) : '.',
);

/** Octets from `start` to before `end`. */
export type OctetRange = readonly [start: number, end: number];

/**
 * The rows of a dump: offset, hex, ASCII, as `hexdump -C` has them.
 *
 * @param offset - Of the first octet. Eight digits at least, and more where they are needed.
 * @param hidden - Octets shown as stars, by their index; in order, none overlapping another.
 */
export function octetRows(
  octets: Uint8Array,
  offset: number,
  hidden: readonly OctetRange[] = [],
): string[] {
  const rows: string[] = [];
  let range = 0;
  for (let start = 0; start < octets.length; start += ROW) {
    const end = Math.min(start + ROW, octets.length);
    let hex = '';
    let ascii = '';
    for (let at = start; at < end; at += 1) {
      if (at === start + HALF) hex += ' ';
      while (range < hidden.length && at >= (hidden[range]?.[1] ?? 0)) range += 1;
      const octet = octets[at] as number;
      const isHidden = range < hidden.length && at >= (hidden[range]?.[0] ?? 0);
      hex += isHidden ? ' **' : HEX[octet];
      ascii += isHidden ? '*' : ASCII[octet];
    }
    // Three columns for each octet, one for the gap in the middle.
    const where = (offset + start).toString(16).padStart(8, '0');
    rows.push(`${where} ${hex.padEnd(3 * ROW + 1)}  |${ascii}|`);
  }
  return rows;
}
