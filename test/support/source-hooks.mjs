// What node loads for a file of TypeScript: the same without its types, kept in node_modules until the file changes.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const KEPT = fileURLToPath(new URL('../../node_modules/.meerkat-sources/', import.meta.url));
const require = createRequire(import.meta.url);

/** Whether it is a file of TypeScript. */
export function isSource(url) {
  return url.startsWith('file:') && url.endsWith('.ts');
}

/** The module that it is. */
export function sourceOf(url) {
  return { format: 'module', source: javaScript(url), shortCircuit: true };
}

/** For nodes that have their hooks in a thread of its own. */
export function load(url, context, next) {
  return isSource(url) ? sourceOf(url) : next(url, context);
}

function javaScript(url) {
  const source = readFileSync(new URL(url));
  const kept = join(KEPT, createHash('sha1').update(url).digest('hex'));
  const mark = `//${createHash('sha1').update(source).digest('hex')}\n`;
  const before = keptIn(kept);
  if (before?.endsWith(mark)) return before;
  const { transformSync } = require('esbuild');
  const { code } = transformSync(source, {
    loader: 'ts',
    target: 'es2022',
    sourcemap: 'inline',
    sourcefile: url,
    sourcesContent: false,
  });
  const all = `${code}\n${mark}`;
  try {
    // Written aside and renamed: programs that start at the same time see nothing or all of it.
    mkdirSync(KEPT, { recursive: true });
    writeFileSync(`${kept}.${process.pid}`, all);
    renameSync(`${kept}.${process.pid}`, kept);
  } catch {
    // A program that may not write there does it again.
  }
  return all;
}

function keptIn(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
