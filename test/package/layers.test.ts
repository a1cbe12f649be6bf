import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

// Who may import whom: the only copy of the table that counts. A file belongs to the longest row its path starts with.
// `folders` are reached by relative imports, `packages` by bare ones; `node:` stands for Node's own modules.
interface Row {
  readonly folders: readonly string[];
  readonly packages: readonly string[];
}

const MEERKAT = 'packages/meerkat/src/';
const floors = (...names: string[]) => names.map((name) => `${MEERKAT}${name}/`);
const CONFORMANCE = 'packages/conformance/src/';
const parts = (...names: string[]) => names.map((name) => `${CONFORMANCE}${name}/`);
const PUBLIC = [
  'meerkat',
  'meerkat/protocol',
  'meerkat/topics',
  'meerkat/testing',
  'meerkat/transport',
];

const TABLE: Readonly<Record<string, Row>> = {
  [`${MEERKAT}protocol/`]: { folders: [], packages: [] },
  [`${MEERKAT}transport/`]: { folders: [], packages: ['node:'] },
  [`${MEERKAT}connection/`]: { folders: floors('protocol', 'transport'), packages: ['node:'] },
  [`${MEERKAT}server/`]: {
    folders: floors('protocol', 'transport', 'connection'),
    packages: ['node:'],
  },
  [`${MEERKAT}client/`]: {
    folders: floors('protocol', 'transport', 'connection'),
    packages: ['node:'],
  },
  [`${MEERKAT}topics/`]: { folders: floors('protocol'), packages: [] },
  [`${MEERKAT}testing/`]: {
    folders: floors('protocol', 'transport', 'connection', 'server', 'client'),
    packages: ['node:'],
  },
  [MEERKAT]: {
    // index.ts: names only. The connection's types are part of what server and client answer with.
    folders: floors('protocol', 'connection', 'server', 'client', 'topics'),
    packages: [],
  },
  'packages/meerkat/test/': {
    folders: [MEERKAT, 'test/support/'],
    packages: ['node:', ...PUBLIC, 'vitest', 'fast-check', 'ws'],
  },
  [`${CONFORMANCE}cases/`]: { folders: parts('wire', 'deflate'), packages: ['node:'] },
  [`${CONFORMANCE}wire/`]: { folders: [], packages: ['node:'] },
  [`${CONFORMANCE}deflate/`]: { folders: [], packages: ['node:'] },
  [`${CONFORMANCE}runner/`]: {
    folders: parts('cases', 'wire', 'deflate', 'report'),
    packages: ['node:', ...PUBLIC],
  },
  // What a run came to, and pages made of it: no socket.
  [`${CONFORMANCE}report/`]: { folders: parts('cases', 'wire'), packages: ['node:'] },
  [`${CONFORMANCE}diagnose/`]: { folders: parts('wire'), packages: ['node:', ...PUBLIC] },
  [CONFORMANCE]: { folders: parts('cases', 'runner', 'report', 'diagnose'), packages: [] },
  'packages/conformance/test/': {
    folders: [CONFORMANCE, 'test/support/'],
    packages: ['node:', ...PUBLIC, '@meerkat/conformance', 'vitest', 'fast-check', 'ws'],
  },
  'packages/cli/src/': {
    folders: [],
    packages: [
      'node:',
      ...PUBLIC,
      '@meerkat/conformance',
      '@meerkat/conformance/page-style',
      'commander',
      'fastify',
      'fresh',
      'mime',
      'pino',
      'pino-pretty',
      'range-parser',
      'selfsigned',
      'hdr-histogram-js',
      'yaml',
    ],
  },
  'packages/cli/test/': {
    folders: ['packages/cli/src/', 'test/support/'],
    packages: [
      'node:',
      ...PUBLIC,
      '@meerkat/conformance',
      'vitest',
      'fast-check',
      'ws',
      'hdr-histogram-js',
      'commander',
      'fastify',
      'pino',
    ],
  },
  'test/': {
    folders: ['fuzz/'],
    packages: [
      'node:',
      ...PUBLIC,
      '@meerkat/conformance',
      'vitest',
      'fast-check',
      'ws',
      'playwright-core',
    ],
  },
  'fuzz/': {
    folders: [],
    packages: ['node:', ...PUBLIC, 'ws'],
  },
  'bench/': {
    folders: [],
    packages: ['node:', ...PUBLIC, 'ws', 'bufferutil', 'faye-websocket', 'socket.io', 'selfsigned'],
  },
  'bench/micro/': {
    // What is measured is what users run.
    folders: [MEERKAT, 'packages/meerkat/dist/'],
    packages: ['node:', ...PUBLIC, 'ws', 'bufferutil'],
  },
  'examples/': {
    folders: [],
    packages: [
      'node:',
      ...PUBLIC,
      '@meerkat/conformance',
      'express',
      'fastify',
      'hono',
      '@hono/node-server',
      'cookie',
    ],
  },
};

const root = fileURLToPath(new URL('../..', import.meta.url));
const IMPORT =
  /(?:^|[\s;}])(?:import|export)\s*(?:type\s)?(?:[\w*{}\s,$]+?\sfrom\s*)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/g;

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|tsx|mjs)$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((file) => !/(^|\/)(node_modules|dist)\//.test(file));
}

function rowOf(file: string): string | undefined {
  return Object.keys(TABLE)
    .filter((folder) => file.startsWith(folder))
    .sort((one, other) => other.length - one.length)[0];
}

function importsOf(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8').replace(/^\s*(?:\/\/|\*|\/\*).*$/gm, '');
  return [...text.matchAll(IMPORT)].map((match) => (match[1] ?? match[2]) as string);
}

/** What is wrong with one import; undefined when the table allows it. */
function fault(file: string, specifier: string): string | undefined {
  const folder = rowOf(file);
  if (folder === undefined) return `${file} is in a folder without a row`;
  const row = TABLE[folder] as Row;
  if (!specifier.startsWith('.')) {
    const name = specifier.startsWith('node:') ? 'node:' : specifier;
    return row.packages.includes(name) ? undefined : `${file} imports ${specifier}`;
  }
  const target = normalize(join(dirname(file), specifier))
    .split(sep)
    .join('/');
  const home = rowOf(target);
  if (home === folder || row.folders.some((allowed) => target.startsWith(allowed)))
    return undefined;
  return `${file} reaches into ${target}`;
}

describe('the layer table', () => {
  const files = ['packages', 'test', 'fuzz', 'bench', 'examples'].flatMap(sources);

  it('sees the sources', () => {
    expect(files).toContain('packages/meerkat/src/protocol/frame-parser.ts');
    expect(importsOf('packages/meerkat/src/protocol/frame-parser.ts')).toContain('./opcode.ts');
  });

  it('has a row for every folder', () => {
    expect(files.filter((file) => rowOf(file) === undefined)).toEqual([]);
  });

  it('allows every import there is', () => {
    const faults = files.flatMap((file) =>
      importsOf(file).flatMap((specifier) => fault(file, specifier) ?? []),
    );
    expect(faults).toEqual([]);
  });

  it.each([
    ['packages/meerkat/src/protocol/x.ts', 'node:net'],
    ['packages/meerkat/src/protocol/x.ts', '../transport/transport.ts'],
    ['packages/meerkat/src/transport/x.ts', '../protocol/opcode.ts'],
    ['packages/meerkat/src/connection/x.ts', '../server/web-socket-server.ts'],
    ['packages/meerkat/src/server/x.ts', '../client/connect.ts'],
    ['packages/meerkat/src/client/x.ts', 'ws'],
    ['packages/meerkat/src/topics/x.ts', '../connection/connection.ts'],
    ['packages/meerkat/src/topics/x.ts', 'node:events'],
    ['packages/cli/src/x.ts', '../../meerkat/src/index.ts'],
    ['examples/x.ts', '../packages/meerkat/src/index.ts'],
    ['fuzz/targets/x.ts', '../../packages/meerkat/src/protocol/index.ts'],
    ['bench/servers/x.mjs', '../../packages/meerkat/src/index.ts'],
    ['packages/new/src/x.ts', 'node:fs'],
  ])('refuses that %s imports %s', (file, specifier) => {
    expect(fault(file, specifier)).toBeDefined();
  });
});
