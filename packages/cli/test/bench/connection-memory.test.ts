import { describe, expect, it } from 'vitest';
import { connectionMemory } from '../../src/bench/load/connection-memory.ts';

describe('the memory of a connection', () => {
  it.each([
    ['what a fresh server grew by', 60e6, 75e6, 5_000, 3_000],
    ['what a small one grew by', 4e6, 6e6, 5_000, 400],
  ])('is %s, for each', (_what, before, open, connections, each) => {
    expect(connectionMemory(before, open, connections)).toBe(each);
  });

  it.each([
    ['a server that gave memory back', 150e6, 149e6, 300],
    ['one that did not grow', 150e6, 150e6, 300],
    ['one that grew as it does anyway', 60e6, 62e6, 50],
    ['a small one that did', 2e6, 2.5e6, 50],
    ['no connection', 60e6, 90e6, 0],
  ])('is not known of %s', (_what, before, open, connections) => {
    expect(connectionMemory(before, open, connections)).toBeUndefined();
  });
});
