import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from './program.ts';

/** Where the other runtimes of bench/package.json lie. */
const PATHS = { bun: 'bun/bin/bun.exe', deno: 'deno/deno' };

/**
 * Declares a suite that runs programs on Bun or Deno, and is given the path of it. Where it is not installed the suite is
 * skipped and says so; with `CI=true` it fails instead.
 */
export function describeWithRuntime(
  name: keyof typeof PATHS,
  title: string,
  suite: (command: string) => void,
): void {
  const [path = ''] = ['', '.exe']
    .map((suffix) => join(root, 'bench/node_modules', PATHS[name]) + suffix)
    .filter((file) => existsSync(file));
  if (path !== '') {
    describe(title, () => suite(path));
    return;
  }
  const reason = `no ${name} in bench/node_modules: node scripts/rivals.mjs`;
  if (process.env['CI'] === 'true') {
    it(title, () => expect.unreachable(reason));
    return;
  }
  console.warn(`skipped: ${title}: ${reason}`);
  describe.skip(`${title} (${reason})`, () => suite(''));
}
