import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ExtensionFieldError, readExtensions } from '../../src/deflate/extension-field.ts';

describe('readExtensions', () => {
  it('reads names, parameters and values (RFC 6455 §9.1)', () => {
    expect(readExtensions('a, b ; c; d = 1 ;e="f\\g" , a')).toEqual([
      { name: 'a', parameters: [] },
      {
        name: 'b',
        parameters: [
          ['c', true],
          ['d', '1'],
          ['e', 'fg'],
        ],
      },
      { name: 'a', parameters: [] },
    ]);
  });

  it('passes over empty elements (RFC 9110 §5.6.1.2)', () => {
    expect(readExtensions(', a,, b ,')).toHaveLength(2);
    expect(readExtensions('')).toEqual([]);
  });

  it.each([
    'a;',
    'a;;b',
    'a; b=',
    'a b',
    '"a"',
    'a; b="c',
    'a; b="c d"',
    'a; b=""',
    ';',
    'ä',
    'a; =b',
  ])('refuses %j', (field) => {
    expect(() => readExtensions(field)).toThrow(ExtensionFieldError);
  });

  it('throws nothing else, at any text, and is done soon', () => {
    const pieces = fc.constantFrom('a', ';', ',', '=', '"', '\\', ' ', '\t', 'é', '\0');
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 40 }), (parts) => {
        try {
          readExtensions(parts.join(''));
        } catch (error) {
          expect(error).toBeInstanceOf(ExtensionFieldError);
        }
      }),
    );
    const started = performance.now();
    expect(() => readExtensions(`a; b="${'\\"'.repeat(8_000)}`)).toThrow(ExtensionFieldError);
    expect(readExtensions('a;b,'.repeat(4_000))).toHaveLength(4_000);
    expect(performance.now() - started).toBeLessThan(1_000);
  });
});
