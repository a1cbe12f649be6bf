import { HandshakeError, UsageError } from 'meerkat';
import { describe, expect, it } from 'vitest';
import { acceptOrRefuse } from '../../src/server/upgrade-decision.ts';

describe('acceptOrRefuse', () => {
  it('accepts when the hook decided nothing', () => {
    expect(acceptOrRefuse(undefined)).toEqual({});
  });

  it('accepts with data, subprotocol and headers', () => {
    const decision = { data: 1, subprotocol: 'chat', headers: { 'Set-Cookie': 'a=b' } };
    expect(acceptOrRefuse(decision)).toBe(decision);
  });

  it('refuses with any status, headers and body', () => {
    expect(() => acceptOrRefuse({ refuse: 401, headers: { A: 'b' }, body: 'no' })).toThrow(
      expect.objectContaining({
        code: 'MEERKAT_REFUSED',
        status: 401,
        headers: [['A', 'b']],
        body: 'no',
      }),
    );
    expect(() => acceptOrRefuse({ refuse: 401 })).toThrow(HandshakeError);
  });

  it.each([
    ['a misspelt refuse', { refused: 401 }],
    ['a refusal with data', { refuse: 401, data: 1 }],
    ['false', false],
    ['true', true],
    ['null', null],
    ['text', 'no'],
    ['a number', 401],
    ['a list', [401]],
    ['a status below 200', { refuse: 101 }],
    ['a status above 599', { refuse: 600 }],
    ['a body that is no text', { refuse: 401, body: {} }],
  ])('lets nobody in for %s', (_title, decision) => {
    expect(() => acceptOrRefuse(decision as never)).toThrow(UsageError);
  });
});
