import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isToken } from '../../../src/protocol/handshake/header-fields.ts';
import {
  parseSubprotocols,
  selectSubprotocol,
} from '../../../src/protocol/handshake/subprotocol.ts';
import { anyText } from '../support/text-arbitraries.ts';

describe('reading Sec-WebSocket-Protocol (§4.1: elements "MUST be unique strings")', () => {
  it.each([
    ['chat', ['chat']],
    ['chat, superchat', ['chat', 'superchat']],
    ['a,b ,\tc', ['a', 'b', 'c']],
    ['Chat, chat', ['Chat', 'chat']],
    ['__proto__, constructor', ['__proto__', 'constructor']],
    ['mqtt.v3.1!#$%', ['mqtt.v3.1!#$%']],
  ])('takes %j', (value, offered) => {
    expect(parseSubprotocols(value)).toEqual(offered);
  });

  it.each([
    ['nothing', ''],
    ['blanks', '  '],
    ['an empty element at the end', 'a,'],
    ['an empty element in between', 'a,,b'],
    ['a repeated one', 'a, a'],
    ['a repeated one further on', 'a, b, c, a'],
    ['a separator within', 'a;b'],
    ['two words', 'a b'],
    ['a quoted one', '"a"'],
    ['characters beyond ASCII', 'é'],
    ['a line break', 'a\r\n'],
    ['15,000 blanks between two words', `b${' '.repeat(15_000)}x`],
    ['a million blanks between two words', `b${' '.repeat(2 ** 20)}x`],
    ['a million commas', ','.repeat(2 ** 20)],
  ])('refuses %s', (_what, value) => {
    expect(parseSubprotocols(value)).toBeUndefined();
  });

  it('never throws, and gives distinct tokens, whatever the value', () => {
    const value = fc.oneof(
      fc.string({ unit: fc.constantFrom(...'ab, \t;'), maxLength: 12 }),
      anyText(40),
    );
    fc.assert(
      fc.property(value, (given) => {
        const offered = parseSubprotocols(given);
        if (offered === undefined) return;
        expect(offered.every(isToken)).toBe(true);
        expect(new Set(offered).size).toBe(offered.length);
      }),
      { numRuns: 500 },
    );
  });
});

describe('choosing a subprotocol (§4.2.2)', () => {
  it.each([
    ['the first that the server supports, in its own order', ['b', 'a'], ['a', 'b'], 'b'],
    ['none where nothing is offered', ['a'], [], ''],
    ['none where nothing is supported', [], ['a'], ''],
    ['none where nothing is common', ['a'], ['b'], ''],
    ['none for another case: they are compared as they are', ['chat'], ['Chat'], ''],
  ])('gives %s', (_what, supported, offered, chosen) => {
    expect(selectSubprotocol(supported, offered)).toBe(chosen);
  });
});
