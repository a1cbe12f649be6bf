import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const SOURCE = fileURLToPath(new URL('../../../shared/tools/wsload.c', import.meta.url));
const CACHE = fileURLToPath(new URL('../../node_modules/.cache/meerkat-bench/', import.meta.url));

/**
 * A load generator in C, compiled when it is first wanted. It is no part of this checkout.
 *
 * @returns `path`; or `missing`, the reason why it cannot be used.
 */
export function wsload() {
  if (process.platform !== 'linux') return { missing: 'it needs Linux' };
  if (!existsSync(SOURCE)) return { missing: 'its source is not here' };
  const digest = createHash('sha256').update(readFileSync(SOURCE)).digest('hex').slice(0, 16);
  const path = `${CACHE}wsload-${digest}`;
  if (existsSync(path)) return { path };
  mkdirSync(CACHE, { recursive: true });
  const half = `${path}.${process.pid}`;
  const args = ['-O3', '-march=native', '-o', half, SOURCE, '-lz'];
  const { status, error, stderr } = spawnSync('cc', args, { encoding: 'utf8', timeout: 60_000 });
  if (status !== 0) return { missing: `it does not compile: ${error?.message ?? stderr}` };
  renameSync(half, path);
  return { path };
}
