import { fileURLToPath } from 'node:url';
import { currentNode, installed, runtime } from './runtimes.mjs';

const NO_DEFLATE_DENO = 'Deno does not speak permessage-deflate';
const NO_DEFLATE_FAYE = 'its permessage-deflate is a package of its own';
const NO_WEBSOCKET = 'there is no WebSocket in it';

/**
 * Who is measured. A server file each; `cannot` says why a kind of row is left out, `onlyRows` where it differs from another, `short` who is in the short form,
 * `everyNode` who is measured on each Node that is asked for, the others only on the first.
 */
const CANDIDATES = [
  { name: 'ws', short: true, everyNode: true },
  { name: 'ws-bufferutil', everyNode: true, needs: 'bufferutil' },
  { name: 'meerkat', short: true, everyNode: true },
  { name: 'meerkat-http', short: true, everyNode: true, onlyRows: ['handshakes', 'idle'] },
  { name: 'meerkat-stream', short: true, everyNode: true },
  { name: 'meerkat-lent', everyNode: true, onlyRows: ['echo-16k'] },
  { name: 'faye-websocket', needs: 'faye-websocket', cannot: { deflate: NO_DEFLATE_FAYE } },
  { name: 'socket.io', needs: 'socket.io', dialect: 'socket.io' },
  { name: 'bun', runtime: 'bun', short: true },
  { name: 'deno', runtime: 'deno', cannot: { deflate: NO_DEFLATE_DENO } },
  {
    name: 'net',
    short: true,
    everyNode: true,
    dialect: 'raw',
    cannot: {
      deflate: NO_WEBSOCKET,
      broadcast: NO_WEBSOCKET,
      handshakes: NO_WEBSOCKET,
    },
  },
];

export const candidateNames = CANDIDATES.map(({ name }) => name);

/**
 * The candidates on their runtimes.
 *
 * @param only - Names; all of them, or with `short` those of the short form, when it is empty.
 * @param nodes - Major versions of Node.
 * @returns `candidates` that can run, and `missing`, a sentence for each that cannot.
 */
export function chooseCandidates({ only, nodes, short }) {
  const chosen = CANDIDATES.filter(({ name, short: inShort }) =>
    only.length > 0 ? only.includes(name) : !short || inShort === true,
  );
  const candidates = [];
  const missing = [];
  for (const candidate of chosen) {
    for (const made of onRuntimes(candidate, nodes)) {
      if (made.missing === undefined) candidates.push(made);
      else missing.push(`${made.label}: ${made.missing}`);
    }
  }
  return { candidates, missing };
}

function onRuntimes(candidate, nodes) {
  const { name, needs, dialect = 'websocket', cannot = {}, onlyRows } = candidate;
  const file = fileURLToPath(new URL(`../servers/${name}.mjs`, import.meta.url));
  const common = { name, file, dialect, cannot, onlyRows };
  if (candidate.runtime !== undefined) {
    return [{ ...common, ...runtime(candidate.runtime), label: name, kind: candidate.runtime }];
  }
  return (candidate.everyNode === true ? nodes : nodes.slice(0, 1)).map((node) => ({
    ...common,
    ...runtime(`node${node}`),
    ...(needs !== undefined && !installed(needs) && { missing: `${needs} is not installed` }),
    label: `${name}@${node}`,
    kind: 'node',
    node,
  }));
}

/** The command that runs its server at `port`. `collectable`: garbage can be collected from outside. */
export function serverCommand({ kind, path, file }, port, { deflate, collectable }) {
  const args = [file, `${port}`, deflate ? 'deflate' : 'none'];
  if (kind === 'bun') return [path, ...args];
  if (kind === 'deno') {
    const flags = collectable ? ['--v8-flags=--expose-gc'] : [];
    return [path, 'run', '--allow-all', '--no-config', '--no-lock', ...flags, ...args];
  }
  return [path, ...(collectable ? ['--expose-gc'] : []), ...args];
}

export { currentNode };
