import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const modules = new URL('../node_modules/', import.meta.url);
const CURRENT = process.versions.node.split('.')[0];

/** Where the programs of `bench/package.json` lie. */
const PATHS = {
  bun: ['bun/bin/bun.exe'],
  deno: ['.bin/deno', '.bin/deno.exe'],
};

const found = new Map();

/**
 * A runtime that is here.
 *
 * @param name - `node20`, `bun`, `deno` …; `node` for the Node that this runs on.
 * @returns `path` and `version`; or `missing`, the reason why it cannot be used.
 */
export function runtime(name) {
  if (!found.has(name)) found.set(name, find(name));
  return found.get(name);
}

function find(name) {
  if (name === 'node' || name === `node${CURRENT}`) {
    return { path: process.execPath, version: process.version.slice(1) };
  }
  const candidates = PATHS[name] ?? [`${name}/bin/node`, `${name}/bin/node.exe`];
  const path = candidates
    .map((file) => fileURLToPath(new URL(file, modules)))
    .find((file) => existsSync(file));
  if (path === undefined) return { missing: `no ${name} in bench/node_modules` };
  const { stdout, error } = spawnSync(path, ['--version'], { encoding: 'utf8', timeout: 10_000 });
  const [version] = /\d+\.\d+\.\d+/.exec(stdout ?? '') ?? [];
  if (version === undefined) return { missing: `${name} does not start: ${error ?? 'no version'}` };
  return { path, version };
}

/** The package that a server needs and that lies in bench/node_modules; undefined where it is not there. */
export function installed(name) {
  return existsSync(new URL(`${name}/package.json`, modules));
}

export const currentNode = CURRENT;
