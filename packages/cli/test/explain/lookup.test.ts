import fc from 'fast-check';
import { CloseCode } from 'meerkat';
import { describe, expect, it } from 'vitest';
import { lookUp } from '../../src/explain/lookup.ts';

function found(question: string): string[] {
  return lookUp(question).found.map(({ code }) => code);
}

describe('lookUp', () => {
  it.each([
    ['1006', ['1006']],
    ['01006', ['1006']],
    ['going away', ['1001']],
    ['goingaway', ['1001']],
    ['GoingAway', ['1001']],
    ['GOING_AWAY', ['1001']],
    ['going-away', ['1001']],
    ['too big', ['1009', 'WS_MESSAGE_TOO_BIG']],
    ['message too big', ['1009']],
    ['abnormal', ['1006']],
    ['tls', ['1015']],
    ['private', ['4000-4999']],
    ['unauthorized', ['3000']],
    ['4000-4999', ['4000-4999']],
    ['WS_RESERVED_BIT_SET', ['WS_RESERVED_BIT_SET']],
    ['ws_reserved_bit_set', ['WS_RESERVED_BIT_SET']],
    ['a reserved bit is set', ['WS_RESERVED_BIT_SET']],
    ['reserved bit', ['WS_RESERVED_BIT_SET']],
    ['Sec-WebSocket-Accept mismatch', ['WS_RESPONSE_ACCEPT']],
    ['MEERKAT_CONNECTION_CLOSED', ['MEERKAT_CONNECTION_CLOSED']],
    ['5001', ['5001']],
    ['70000', []],
    ['99999999999999999999', []],
    ['a', []],
    ['', []],
  ])('B8 finds %j', (question, codes) => {
    expect(found(question)).toEqual(codes);
  });

  it.each(Object.entries(CloseCode))('B8 finds %s by the name of the constant', (name, code) => {
    expect(found(name)).toContain(`${code}`);
  });

  it.each([
    ['gong away', '1001'],
    ['going awya', '1001'],
    ['polcy violation', '1008'],
    ['WS_RESERVED_BITS_SET', 'WS_RESERVED_BIT_SET'],
    ['nginx', '1006'],
  ])('names what is near to %j', (question, code) => {
    const answer = lookUp(question);
    expect(answer.found).toEqual([]);
    expect(answer.near[0]?.code).toBe(code);
  });

  it('names at most four, and nothing for nonsense', () => {
    expect(lookUp('meerkats').near.length).toBeLessThanOrEqual(4);
    expect(lookUp('qqqqqqqqqq').near).toEqual([]);
  });

  it('takes any question', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (question) => {
        expect(() => lookUp(question)).not.toThrow();
      }),
    );
  });
});
