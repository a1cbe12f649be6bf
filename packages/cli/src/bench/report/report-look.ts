import type { OutputStream } from '../../cli-context.ts';
import { type Palette, paletteFor } from '../../terminal/palette.ts';

/** Where a terminal does not say how wide it is, and in pipes. */
const DEFAULT_COLUMNS = 100;
/** Longer lines are hard to read. */
const MAX_COLUMNS = 120;

/** How a text for a terminal looks. */
export interface ReportLook {
  readonly palette: Palette;
  readonly columns: number;
}

/** The look for a stream: as wide as the terminal, with colours where it has them. */
export function lookFor(stream: OutputStream, env: Readonly<NodeJS.ProcessEnv>): ReportLook {
  const columns = stream.isTTY === true ? stream.columns || DEFAULT_COLUMNS : DEFAULT_COLUMNS;
  return { palette: paletteFor(stream, env), columns: Math.min(columns, MAX_COLUMNS) };
}
