import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/** A stylesheet that pages share: `theme.css` is for all of them, `report-base.css`, behind it, for reports. */
export type SharedStyle = 'theme.css' | 'report-base.css';

/** Reads stylesheets that the conformance reports share with other pages, one behind the other. */
export function sharedStyles(...names: readonly SharedStyle[]): string {
  const require = createRequire(import.meta.url);
  const read = (name: SharedStyle): string =>
    readFileSync(require.resolve(`@meerkat/conformance/page/${name}`), 'utf8');
  // HTML parsers turn CR LF into LF before the hash of a style is taken; a checkout on Windows may have them.
  return names.map(read).join('').replaceAll('\r\n', '\n');
}
