import { describe, expect, it } from 'vitest';
import { checkOptions, refuseUnknownOptions } from '../../src/protocol/option-range.ts';
import { misuse } from './support/faults.ts';

interface Options {
  least: number;
  most: number;
}
const DEFAULTS: Options = { least: 10, most: 20 };
const RANGES = { least: [0, 15], most: [16, 30] } as const;
const check = (given: object) => checkOptions<Options>(given, DEFAULTS, RANGES);

describe('checking the values of options', () => {
  it('fills in what was not given', () => {
    expect(check({})).toEqual({ least: 10, most: 20 });
    expect(check({ least: 3 })).toEqual({ least: 3, most: 20 });
  });

  it('takes undefined for not given', () => {
    expect(check({ least: undefined })).toEqual(DEFAULTS);
  });

  it('takes both ends of a range', () => {
    expect(check({ least: 0, most: 16 })).toEqual({ least: 0, most: 16 });
    expect(check({ least: 15, most: 30 })).toEqual({ least: 15, most: 30 });
  });

  it.each([
    ['one less than the least', -1],
    ['one more than the greatest', 16],
    ['a fraction', 1.5],
    ['NaN', Number.NaN],
    ['Infinity', Infinity],
    ['digits', '5'],
    ['null', null],
    ['true', true],
    ['a BigInt', 5n],
    ['an array', [5]],
    ['an object that converts to a number', { valueOf: () => 5 }],
  ])('refuses %s', (_what, least) => {
    expect(() => check({ least })).toThrow(misuse('MEERKAT_OPTION_RANGE'));
  });

  it('says what they are options of', () => {
    expect(() => checkOptions<Options>({ least: 99 }, DEFAULTS, RANGES, 'outer.')).toThrow(
      /: outer\.least is 99, not a whole number from 0 to 15$/,
    );
  });

  it('refuses a symbol with the same error, though a symbol does not convert to text by itself', () => {
    expect(() => check({ least: Symbol('s') })).toThrow(misuse('MEERKAT_OPTION_RANGE'));
  });

  it('leaves options alone that it was not asked about', () => {
    expect(check({ other: 'x' })).toEqual(DEFAULTS);
  });

  it('changes neither what was given nor the defaults', () => {
    const given = Object.freeze({ least: 1 });
    expect(checkOptions<Options>(given, Object.freeze({ ...DEFAULTS }), RANGES).least).toBe(1);
  });
});

describe('options that nobody reads', () => {
  it('are refused, and named', () => {
    expect(() => refuseUnknownOptions({ least: 1, lest: 2 }, ['least'])).toThrow(
      misuse('MEERKAT_OPTION_UNKNOWN'),
    );
    expect(() => refuseUnknownOptions({ lest: 2 }, ['least'])).toThrow(/: lest$/);
    expect(() => refuseUnknownOptions({ lest: 2 }, ['least'], 'outer.')).toThrow(/: outer\.lest$/);
  });

  it.each(['constructor', 'toString', '__proto__'])(
    'are refused when they are called like a property of every object: %s',
    (name) => {
      const given: object = JSON.parse(`{"${name}": 1}`);
      expect(() => refuseUnknownOptions(given, ['least'])).toThrow(
        misuse('MEERKAT_OPTION_UNKNOWN'),
      );
    },
  );

  it('are none where every name is known', () => {
    refuseUnknownOptions({ least: 1, most: undefined }, ['least', 'most']);
    refuseUnknownOptions({}, []);
  });
});
