import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

// Packages are tested from their sources: the private condition comes before `default` in every exports map.
const conditions = ['meerkat-source'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['packages/*/test/**/*.test.ts', 'test/**/*.test.ts'],
    setupFiles: ['test/support/leftovers.ts'],
    pool: 'forks',
    // One fewer than the cores, its default, is one worker on two of them, and most tests wait for other processes.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    testTimeout: 20_000,
    hookTimeout: 30_000,
    coverage: { include: ['packages/*/src/**/*.ts'], reporter: ['text-summary', 'html'] },
  },
});
