import type { OutputStream } from '../cli-context.ts';

/** Gives text a look. */
type Paint = (text: string) => string;

/** The looks that the commands use; each does nothing where there are no colours. */
export interface Palette {
  readonly bold: Paint;
  readonly dim: Paint;
  readonly inverse: Paint;
  readonly red: Paint;
  readonly green: Paint;
  readonly yellow: Paint;
  readonly cyan: Paint;
}

/**
 * Whether to write colours to `stream`: only to a terminal that is not `dumb`, and not with a `NO_COLOR` that is not
 * empty. `FORCE_COLOR` decides against all of that, as it does in Node itself: `0` and `false` are no, all else is yes.
 */
export function hasColours(stream: OutputStream, env: Readonly<NodeJS.ProcessEnv>): boolean {
  const { NO_COLOR: no = '', FORCE_COLOR: force, TERM: term } = env;
  if (force !== undefined) return force !== '0' && force !== 'false';
  return no === '' && stream.isTTY === true && term !== 'dumb';
}

/** The looks for a stream: see {@link hasColours}. */
export function paletteFor(stream: OutputStream, env: Readonly<NodeJS.ProcessEnv>): Palette {
  const colours = hasColours(stream, env);
  return {
    bold: paint(colours, 1, 22),
    dim: paint(colours, 2, 22),
    inverse: paint(colours, 7, 27),
    red: paint(colours, 31, 39),
    green: paint(colours, 32, 39),
    yellow: paint(colours, 33, 39),
    cyan: paint(colours, 36, 39),
  };
}

/** SGR (ECMA-48 §8.3.117): `on` begins the look and `off` ends it. */
function paint(colours: boolean, on: number, off: number): Paint {
  return (text) => (colours && text !== '' ? `\x1b[${on}m${text}\x1b[${off}m` : text);
}
