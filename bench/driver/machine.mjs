import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, availableParallelism, cpus, release, type } from 'node:os';
import { pinned } from './pinning.mjs';

const PACKAGES = ['meerkat', 'ws', 'bufferutil', 'socket.io', 'faye-websocket'];
const require = createRequire(import.meta.url);

/** Where this ran, and what: without it a figure says nothing. */
export function describeMachine(candidates) {
  return {
    date: new Date().toISOString().slice(0, 10),
    processor: cpus()[0]?.model.trim() ?? arch(),
    cores: availableParallelism(),
    system: `${type()} ${release()} ${arch()}`,
    pinned,
    runtimes: [...new Set(candidates.map(({ kind, version }) => `${kind} ${version}`))],
    packages: PACKAGES.flatMap((name) => versionOf(name) ?? []),
  };
}

function versionOf(name) {
  try {
    const { version } = JSON.parse(readFileSync(require.resolve(`${name}/package.json`), 'utf8'));
    return `${name} ${version}`;
  } catch {
    return undefined;
  }
}
