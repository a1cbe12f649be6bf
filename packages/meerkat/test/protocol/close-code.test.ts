import { describe, expect, it } from 'vitest';
import {
  CLOSE_CODES,
  CloseCode,
  describeCloseCode,
  isCloseCodeOnTheWire,
} from '../../src/protocol/close-code.ts';

const EVERY_CODE = [...Array(65_536).keys()];

describe('the registry of close codes (§7.4.1, §11.7)', () => {
  it('has 1000 to 1015, each once and in order', () => {
    expect(CLOSE_CODES.map(({ code }) => code)).toEqual([...Array(16).keys()].map((n) => 1000 + n));
  });

  it('has an entry for each code that has a name, and no other', () => {
    const named = Object.values(CloseCode).sort((one, other) => one - other);
    expect(named).toEqual(CLOSE_CODES.map(({ code }) => code));
  });

  it.each([
    [1000, 'normal closure', 'RFC 6455 §7.4.1'],
    [1002, 'protocol error', 'RFC 6455 §7.4.1'],
    [1007, 'invalid frame payload data', 'RFC 6455 §7.4.1'],
    [1009, 'message too big', 'RFC 6455 §7.4.1'],
    [1012, 'service restart', 'IANA registry'],
    [1014, 'bad gateway', 'IANA registry'],
  ])('calls %i "%s", after the %s', (code, name, source) => {
    expect(describeCloseCode(code)).toMatchObject({ code, name, source });
  });

  it.each([0, 999, 1016, 2999, 3000, 4000, 5000])('has nothing to say of %i', (code) => {
    expect(describeCloseCode(code)).toBeUndefined();
  });

  it('explains each code in a sentence', () => {
    for (const { meaning } of CLOSE_CODES) expect(meaning).toMatch(/^[A-Z].*\.$/);
  });

  it('marks 1004, 1005, 1006 and 1015 as never on the wire', () => {
    const local = CLOSE_CODES.filter(({ onTheWire }) => !onTheWire).map(({ code }) => code);
    expect(local).toEqual([1004, 1005, 1006, 1015]);
  });
});

describe('close codes on the wire (§7.4)', () => {
  it('are 1000-1003, 1007-1014 and 3000-4999, out of all 65536', () => {
    const ranges = [
      [1000, 1003],
      [1007, 1014],
      [3000, 4999],
    ] as const;
    const allowed = ranges.flatMap(([least, greatest]) => EVERY_CODE.slice(least, greatest + 1));
    expect(EVERY_CODE.filter(isCloseCodeOnTheWire)).toEqual(allowed);
  });

  it('agree with the registry', () => {
    for (const { code, onTheWire } of CLOSE_CODES) {
      expect(isCloseCodeOnTheWire(code), `${code}`).toBe(onTheWire);
    }
  });

  it.each([Number.NaN, -1000, 66_536, Infinity])('are not %d', (code) => {
    expect(isCloseCodeOnTheWire(code)).toBe(false);
  });
});
