import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const STATIC = /^(?:import|export)\s(?!type\s)[^;]*?from '([^']+)';/gms;

/** The packages that starting the program loads, whatever the command: what a command imports when it runs is not among them. */
function loadedAtStart(): ReadonlySet<string> {
  const packages = new Set<string>();
  const seen = new Set<string>();
  const waiting = [MAIN];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    for (const [, specifier = ''] of readFileSync(file, 'utf8').matchAll(STATIC)) {
      if (specifier.startsWith('.')) waiting.push(join(dirname(file), specifier));
      else packages.add(specifier);
    }
  }
  return packages;
}

it('no command loads the conformance cases, histograms or YAML but those that need them', () => {
  const loaded = loadedAtStart();
  expect(loaded).toContain('commander');
  for (const name of ['@meerkat/conformance', 'hdr-histogram-js', 'yaml', 'uplot']) {
    expect(loaded).not.toContain(name);
  }
});
