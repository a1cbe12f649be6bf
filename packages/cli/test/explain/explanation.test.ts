import { CLOSE_CODES, isCloseCodeOnTheWire } from 'meerkat';
import { handshakeCodes, usageCodes, violationCodes } from 'meerkat/protocol';
import { describe, expect, it } from 'vitest';
import {
  CLOSE_CODE_EXPLANATIONS,
  ERROR_EXPLANATIONS,
  explainCloseCode,
} from '../../src/explain/explanation.ts';

describe('B8 explainCloseCode', () => {
  it.each(CLOSE_CODES)('explains $code: $name', ({ code, name, meaning, source, onTheWire }) => {
    const explanation = explainCloseCode(code);
    expect(explanation).toMatchObject({
      kind: 'close code',
      code: `${code}`,
      name,
      meaning,
      source,
      mayBeSent: onTheWire,
    });
    expect(explanation?.sentBy).not.toBe('');
    expect(explanation?.causes.length).toBeGreaterThan(0);
    expect(explanation?.remedies.length).toBeGreaterThan(0);
  });

  it.each([
    [0, 'not used'],
    [999, 'not used'],
    [1016, 'reserved for the protocol'],
    [2999, 'reserved for the protocol'],
    [3001, 'for libraries and frameworks'],
    [3999, 'for libraries and frameworks'],
    [4000, 'private use'],
    [4999, 'private use'],
    [5000, 'not defined'],
    [65_535, 'not defined'],
  ])('explains %i by its range: %s', (code, name) => {
    expect(explainCloseCode(code)).toMatchObject({ code: `${code}`, name });
  });

  it.each([
    [3000, 'unauthorized'],
    [3003, 'forbidden'],
    [3008, 'timeout'],
  ])('knows that %i is registered: %s', (code, name) => {
    expect(explainCloseCode(code)).toMatchObject({ code: `${code}`, name, mayBeSent: true });
  });

  it('tells an HTTP status from a close code', () => {
    expect(explainCloseCode(426)?.meaning).toContain('As an HTTP status 426 is Upgrade Required.');
    expect(explainCloseCode(999)?.meaning).not.toContain('As an HTTP status');
  });

  it('explains every number that fits into a Close frame, and says of each what the engine does', () => {
    for (let code = 0; code <= 65_535; code += 1) {
      expect(explainCloseCode(code)?.mayBeSent, `${code}`).toBe(isCloseCodeOnTheWire(code));
    }
    expect(explainCloseCode(65_536)).toBeUndefined();
  });
});

describe('the lists', () => {
  it('hold every close code in order, then the ranges', () => {
    expect(CLOSE_CODE_EXPLANATIONS.map(({ code }) => code)).toEqual([
      ...CLOSE_CODES.map(({ code }) => `${code}`),
      '0-999',
      '1016-2999',
      '3000-3999',
      '4000-4999',
      '5000-65535',
    ]);
  });

  it('hold every error code of the library, with something to do about it', () => {
    expect(ERROR_EXPLANATIONS.map(({ code }) => code)).toEqual([
      ...violationCodes,
      ...handshakeCodes,
      ...usageCodes,
      'MEERKAT_CONNECTION_CLOSED',
    ]);
    for (const { code, name, remedies } of ERROR_EXPLANATIONS) {
      expect(name, code).not.toBe('');
      expect(remedies, code).toHaveLength(1);
    }
  });

  it('show what the errors themselves carry', () => {
    const of = (code: string): unknown => ERROR_EXPLANATIONS.find((one) => one.code === code);
    expect(of('WS_MESSAGE_TOO_BIG')).toMatchObject({
      kind: 'violation',
      closeCode: 1009,
      limit: 'maxMessageBytes',
      source: 'RFC 6455 §7.4.1',
    });
    expect(of('WS_REQUEST_VERSION')).toMatchObject({ kind: 'handshake', status: 426 });
    expect(of('WS_RESPONSE_ACCEPT')).toMatchObject({
      kind: 'handshake',
      name: 'Sec-WebSocket-Accept mismatch',
    });
    expect(of('WS_RESPONSE_ACCEPT')).not.toHaveProperty('status');
    expect(of('MEERKAT_URL')).toMatchObject({ kind: 'usage', source: 'meerkat' });
  });
});
