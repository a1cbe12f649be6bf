import { describe, expect, it } from 'vitest';
import { parseHttpDate } from '../../src/serve/http-date.ts';

describe('parseHttpDate', () => {
  it.each([
    'Sun, 06 Nov 1994 08:49:37 GMT',
    'Sunday, 06-Nov-94 08:49:37 GMT',
    'Sun Nov  6 08:49:37 1994',
  ])('reads %s, one of the three forms of RFC 9110 §5.6.7', (date) => {
    expect(parseHttpDate(date)).toBe(784_111_777_000);
  });

  it.each([
    '',
    '2030',
    '1',
    'now',
    '1994-11-06T08:49:37Z',
    'Sun, 06 Nov 1994 08:49:37',
    'Sun, 06 Nov 1994 08:49:37 CET',
    'Sun, 06 Xyz 1994 08:49:37 GMT',
    'Sun, 06 Nov 1994 28:49:37 GMT',
    'Sun, 06 Nov 1994 08:49:37 GMT, x',
  ])('does not take "%s" for a date', (date) => {
    expect(parseHttpDate(date)).toBeUndefined();
  });
});
