import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeBase64 } from '../../src/protocol/base64.ts';
import { utf8 } from './support/octets.ts';

describe('base64', () => {
  it.each([
    ['', ''],
    ['f', 'Zg=='],
    ['fo', 'Zm8='],
    ['foo', 'Zm9v'],
    ['foob', 'Zm9vYg=='],
    ['fooba', 'Zm9vYmE='],
    ['foobar', 'Zm9vYmFy'],
  ])('encodes the test vector %j of RFC 4648 §10', (text, encoded) => {
    expect(encodeBase64(utf8(text))).toBe(encoded);
  });

  it('encodes whatever octets as Node does', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (given) => {
        expect(encodeBase64(given)).toBe(Buffer.from(given).toString('base64'));
      }),
      { numRuns: 200 },
    );
  });
});
