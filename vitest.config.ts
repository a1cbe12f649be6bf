import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

// Packages are tested from their sources: the private condition comes before `default` in every exports map.
const conditions = ['meerkat-source'];

/**
 * Folders whose files share processes, one after the other: a process of its own costs a file as much as most of these take.
 * They neither change what all of a process share nor measure it.
 */
const TOGETHER = [
  ...['client', 'connection', 'protocol', 'server', 'testing', 'topics'],
  ...['check', 'connect', 'console', 'explain', 'handshake', 'serve', 'terminal', 'traffic'],
  ...['cases', 'deflate', 'report', 'wire'],
];
/** Files in there that do: memory, garbage collections, a loop that is held, modules in place of others. */
const APART = [
  'packages/meerkat/test/client/{client-frames,connect-refused,first-connection}.test.ts',
  'packages/meerkat/test/connection/compression/*.test.ts',
  'packages/meerkat/test/connection/{compressed-receiving,frame-rows,mask-module,prepared-sending,report-error}.test.ts',
  'packages/meerkat/test/protocol/message-assembler.test.ts',
  'packages/meerkat/test/server/{descriptors,idle-connections,memory,pending-upgrade,process-faults,request-lifetime,silent-peers,upgrade-hook}.test.ts',
  'packages/meerkat/test/topics/topics-memory.test.ts',
  'packages/cli/test/traffic/{compressed-dump,inflate-for-show}.test.ts',
];
/** Of a command line, Vitest tells this to some projects only. */
const LEFT_OUT = process.argv.flatMap((word) => /^--exclude=(.+)$/.exec(word)?.[1] ?? []);
const EXCLUDED = ['**/node_modules/**', ...LEFT_OUT];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    globalSetup: ['test/support/built-program.ts'],
    setupFiles: ['test/support/leftovers.ts'],
    pool: 'forks',
    // One fewer than the cores, its default, is one worker on two of them, and most tests wait for other processes.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    testTimeout: 20_000,
    hookTimeout: 30_000,
    coverage: { include: ['packages/*/src/**/*.ts'], reporter: ['text-summary', 'html'] },
    projects: [
      {
        extends: true,
        test: {
          name: 'apart',
          include: [
            'test/**/*.test.ts',
            'packages/*/test/*.test.ts',
            `packages/*/test/!(${TOGETHER.join('|')})/**/*.test.ts`,
            ...APART,
          ],
          exclude: EXCLUDED,
        },
      },
      {
        extends: true,
        test: {
          name: 'together',
          include: [`packages/*/test/{${TOGETHER.join(',')}}/**/*.test.ts`],
          exclude: [...EXCLUDED, ...APART],
          isolate: false,
        },
      },
    ],
  },
});
