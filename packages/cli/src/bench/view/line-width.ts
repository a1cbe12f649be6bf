import { width } from '../../terminal/status-line.ts';

/** Dashes, arrows, bars and blocks, which take one column each. */
const NARROW = /[\u2010-\u25ff]/g;

/** Columns that a line takes on a terminal; looks take none. */
export function lineWidth(line: string): number {
  return width(line.replace(NARROW, '-'));
}
