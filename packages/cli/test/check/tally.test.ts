import { describe, expect, it } from 'vitest';
import { Tally } from '../../src/check/tally.ts';

describe('Tally', () => {
  it('counts cases in whatever order they end, and tells of a section with its last one', () => {
    const tally = new Tally(['1.1.1', '1.1.2', '10.1.1', 'F1.1']);
    expect(tally.add({ id: '10.1.1', outcome: 'fail' })).toEqual({
      section: '10',
      selected: 1,
      outcomes: { pass: 0, 'non-strict': 0, info: 0, unimplemented: 0, fail: 1 },
    });
    expect(tally.add({ id: '1.1.2', outcome: 'pass' })).toBeUndefined();
    expect([tally.done, tally.selected, tally.failed]).toEqual([2, 4, 1]);
    expect(tally.pending).toEqual(['1.1.1', 'F1.1']);
    expect(tally.pendingSections).toEqual(['1', 'F']);
    expect(tally.add({ id: '1.1.1', outcome: 'info' })?.outcomes).toMatchObject({
      pass: 1,
      info: 1,
    });
    expect(tally.pendingSections).toEqual(['F']);
  });

  it('counts a case once, and none that was not selected', () => {
    const tally = new Tally(['1.1.1', '1.1.2']);
    tally.add({ id: '1.1.1', outcome: 'fail' });
    tally.add({ id: '1.1.1', outcome: 'fail' });
    tally.add({ id: '9.1.1', outcome: 'fail' });
    tally.add({ id: '1.9.9', outcome: 'fail' });
    expect([tally.done, tally.failed]).toEqual([1, 1]);
  });
});
