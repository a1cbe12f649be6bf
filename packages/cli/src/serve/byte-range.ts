import rangeParser from 'range-parser';

/** Octets of a representation, both ends included, counted from 0. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

const ONE_RANGE = /^bytes=(\d*)-(\d*)$/i;

/**
 * Chooses what a Range asks for of `size` octets.
 *
 * One range of octets is honoured. Whatever else is there, be it malformed, in another unit, backwards, or several
 * ranges at once, is ignored as RFC 9110 §14.2 allows: a thousand overlapping ranges would make a small request cost
 * a large answer.
 *
 * @returns The range, cut at the end; `'whole'` to answer 200; `'unsatisfiable'` to answer 416.
 */
export function selectRange(
  header: string | undefined,
  size: number,
): ByteRange | 'whole' | 'unsatisfiable' {
  const [, first, last] = ONE_RANGE.exec(header ?? '') ?? [];
  if (first === undefined || last === undefined || (first === '' && last === '')) return 'whole';
  if (first === '') return selectSuffix(Number(last), size);
  if (last !== '' && Number(last) < Number(first)) return 'whole';
  const ranges = rangeParser(size, `bytes=${first}-${last}`);
  // -2 is a syntax error, which the pattern has ruled out.
  if (typeof ranges === 'number') return ranges === -1 ? 'unsatisfiable' : 'whole';
  return ranges[0] ?? 'whole';
}

// `range-parser` calls a suffix longer than the representation unsatisfiable; by RFC 9110 §14.1.2 it is all of it.
function selectSuffix(length: number, size: number): ByteRange | 'whole' | 'unsatisfiable' {
  if (length === 0) return 'unsatisfiable';
  if (size === 0) return 'whole'; // satisfiable, but no Content-Range can name zero octets
  return { start: Math.max(0, size - length), end: size - 1 };
}
