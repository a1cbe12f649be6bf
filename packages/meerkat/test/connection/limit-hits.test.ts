import { describe, expect, it } from 'vitest';
import { CONNECTION_OPTION_NAMES } from '../../src/connection/connection-options.ts';
import { LIMIT_NAMES, LimitHits } from '../../src/connection/limit-hits.ts';
import { SERVER_RANGES } from '../../src/server/server-options.ts';

describe('LimitHits', () => {
  it('has every limit from the start, at zero', () => {
    const snapshot = new LimitHits().snapshot();
    expect(Object.keys(snapshot)).toEqual([...LIMIT_NAMES]);
    expect(Object.values(snapshot).every((count) => count === 0)).toBe(true);
  });

  it('counts each for itself, and a snapshot stays as it was', () => {
    const hits = new LimitHits();
    hits.add('maxMessageBytes');
    const before = hits.snapshot();
    hits.add('maxMessageBytes');
    hits.add('pongTimeout');
    expect(before.maxMessageBytes).toBe(1);
    expect(hits.snapshot()).toMatchObject({ maxMessageBytes: 2, pongTimeout: 1, closeTimeout: 0 });
  });

  it('names options, but for two that are fixed', () => {
    const options = [...CONNECTION_OPTION_NAMES, ...Object.keys(SERVER_RANGES)];
    expect(LIMIT_NAMES.filter((name) => !options.includes(name))).toEqual([
      'maxHeaderLines',
      'maxTargetLength',
    ]);
    expect(new Set(LIMIT_NAMES).size).toBe(LIMIT_NAMES.length);
  });
});
