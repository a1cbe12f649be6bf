// A reporter for Vitest: a line for each finished file of tests, on descriptor 3. For scripts/catalogue.mjs.
import { writeSync } from 'node:fs';

// biome-ignore lint/style/noDefaultExport: Vitest takes the default export of a reporter's file
export default class CatalogueProgress {
  #finished = 0;

  onTestModuleEnd({ relativeModuleId }) {
    this.#finished += 1;
    writeSync(
      3,
      `  ${this.#finished} of ${process.env.MEERKAT_CATALOGUE_FILES}: ${relativeModuleId}\n`,
    );
  }
}
