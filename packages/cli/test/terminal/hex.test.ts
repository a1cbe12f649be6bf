import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hexDump, parseHex, toAscii, toHex } from '../../src/terminal/hex.ts';

describe('parseHex', () => {
  it.each([
    ['48656c6c6f', 'Hello'],
    ['48 65 6c 6c 6f', 'Hello'],
    ['48:65:6C:6C:6F', 'Hello'],
    ['0x48, 0x65,0x6c 0X6c 0x6f', 'Hello'],
    ['  4865\t6c6c6f ', 'Hello'],
    ['', ''],
    ['   ', ''],
  ])('reads %j', (text, octets) => {
    expect(parseHex(text)).toEqual({ octets: Buffer.from(octets) });
  });

  it.each([
    ['4', '"4" is not two hex digits for each octet'],
    ['48 6', '"6" is not two hex digits for each octet'],
    ['486', '"486" is not two hex digits for each octet'],
    ['0x', '"0x" is not two hex digits for each octet'],
    ['4g', '"g" is no hex digit'],
    ['hello', '"h" is no hex digit'],
    ['48;65', '";" is no hex digit'],
    ['48 \x1b[2J', '"\\u001b" is no hex digit'],
    ['４８', '"４" is no hex digit'],
    ['48 😀', '"😀" is no hex digit'],
    ['0'.repeat(1001), `"${'0'.repeat(24)}…" is not two hex digits for each octet`],
  ])('says what is wrong with %j', (text, problem) => {
    expect(parseHex(text)).toEqual({ problem });
  });

  it('reads what toHex writes', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.constantFrom('', ' ', ':'), (octets, separator) => {
        expect(parseHex(toHex(octets, separator))).toEqual({ octets: Buffer.from(octets) });
      }),
    );
  });
});

describe('hexDump', () => {
  it('shows offset, hex and ASCII, 16 octets a row', () => {
    expect(hexDump(Buffer.from('The quick\r\n brown\x1b fox\xff', 'latin1'))).toEqual([
      '00000000  54 68 65 20 71 75 69 63 6b 0d 0a 20 62 72 6f 77  |The quick.. brow|',
      '00000010  6e 1b 20 66 6f 78 ff                             |n. fox.|',
    ]);
  });

  it('S19 prints nothing but printable ASCII, whatever the octets are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (octets) => {
        expect(hexDump(octets).join('')).toMatch(/^[\x20-\x7e]*$/);
        expect(toAscii(octets)).toHaveLength(octets.length);
      }),
    );
  });

  it('shows a view of a larger buffer alone', () => {
    expect(hexDump(new Uint8Array([1, 2, 3, 4]).subarray(1, 3))[0]).toContain('  02 03  ');
  });
});
