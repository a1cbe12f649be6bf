import { describe, expect, it } from 'vitest';
import { findWithin } from '../../../src/bench/scenario/pattern-time.ts';

const AS = 'a'.repeat(40);

describe('a search', () => {
  it.each([
    ['^(a+)+$', `${AS}b`],
    ['^(?<x>a|aa)*$', `${AS.repeat(3)}b`],
    [`^${'a?'.repeat(40)}${AS}$`, `${AS.repeat(2)}b`],
    ['(.*)(.*)(.*)(.*)(.*)x', AS.repeat(20)],
  ])('that takes long is ended: %s', (source, text) => {
    const began = performance.now();
    expect(findWithin(new RegExp(source, 'u'), text)).toBe('endless');
    expect(performance.now() - began).toBeLessThan(2_000);
  });

  it.each([
    ['^welcome (?<name>\\w+)$', 'welcome bob'],
    ['^(?:a+)+$', AS],
    ['[)+](?<name>x)', '+x'],
    ['nothing', 'of it'],
    ['(a)|(b)', `${AS.repeat(10_000)}b`],
  ])('finds what the pattern finds: %s', (source, text) => {
    const pattern = new RegExp(source, 'u');
    const found = findWithin(pattern, text);
    expect(found).toEqual(pattern.exec(text));
    if (found !== 'endless') expect(found?.groups).toEqual(pattern.exec(text)?.groups);
  });

  it('fails as often as it is asked, and works after that', () => {
    for (let count = 0; count < 3; count += 1) {
      expect(findWithin(/^(a+)+$/u, `${AS}b`)).toBe('endless');
      expect(findWithin(/^(a+)+$/u, AS)).toHaveLength(2);
    }
  });
});
