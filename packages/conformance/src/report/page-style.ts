// Stylesheets that the reports share with pages of other packages: `@meerkat/conformance/page-style`.
import { readFileSync } from 'node:fs';

/** A stylesheet that pages share: `theme.css` is for all of them, `report-base.css`, behind it, for reports. */
export type SharedStyle = 'theme.css' | 'report-base.css';

/** Reads shared stylesheets, one behind the other. */
export function sharedStyles(...names: readonly SharedStyle[]): string {
  // The same path from src/report/ and from dist/report/.
  const read = (name: string): string =>
    readFileSync(new URL(`../../page/${name}`, import.meta.url), 'utf8');
  // HTML parsers turn CR LF into LF before the hash of a style is taken; a checkout on Windows may have them.
  return names.map(read).join('').replaceAll('\r\n', '\n');
}
