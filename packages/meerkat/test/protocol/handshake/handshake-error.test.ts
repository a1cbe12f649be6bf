import { describe, expect, it } from 'vitest';
import {
  type HandshakeCode,
  HandshakeError,
  handshakeCodes,
} from '../../../src/protocol/handshake/handshake-error.ts';

// What a client of ours or of others sees; a code that is not in the table is one that a client notices: status 0.
const STATUS: Readonly<Partial<Record<HandshakeCode, number>>> = {
  WS_REQUEST_BODY: 400,
  WS_REQUEST_EXTENSIONS: 400,
  WS_REQUEST_HEADER_LINES: 431,
  WS_REQUEST_HOST: 400,
  WS_REQUEST_HTTP_VERSION: 505,
  WS_REQUEST_KEY: 400,
  WS_REQUEST_METHOD: 405,
  WS_REQUEST_ORIGIN: 403,
  WS_REQUEST_PIPELINED: 400,
  WS_REQUEST_SUBPROTOCOL: 400,
  WS_REQUEST_TARGET: 400,
  WS_REQUEST_TARGET_TOO_LONG: 414,
  WS_REQUEST_UPGRADE: 400,
  WS_REQUEST_VERSION: 426,
  MEERKAT_DRAINING: 503,
  MEERKAT_HOOK_FAILED: 500,
  MEERKAT_HOOK_TIMEOUT: 503,
  MEERKAT_NO_ROUTE: 404,
  MEERKAT_REFUSED: 403,
  MEERKAT_TOO_MANY_CONNECTIONS: 503,
  MEERKAT_TOO_MANY_FROM_ADDRESS: 429,
  MEERKAT_TOO_MANY_NEW_FROM_ADDRESS: 429,
};

describe('a failed handshake', () => {
  it.each(handshakeCodes)('%s has its status and a message', (code) => {
    const error = new HandshakeError(code);
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name: 'HandshakeError', code, status: STATUS[code] ?? 0 });
    expect(error.message).not.toBe('');
    expect(error.body).toBeUndefined();
    expect(error.cause).toBeUndefined();
  });

  it('has a status for each of its codes that a server answers with, and for no other', () => {
    const answered = handshakeCodes.filter((code) => new HandshakeError(code).status !== 0);
    expect(answered).toEqual(Object.keys(STATUS));
  });

  it.each([
    ['WS_REQUEST_METHOD', [['Allow', 'GET']]],
    [
      'WS_REQUEST_VERSION',
      [
        ['Sec-WebSocket-Version', '13'],
        ['Upgrade', 'websocket'],
      ],
    ],
    ['MEERKAT_DRAINING', [['Retry-After', '5']]],
    ['WS_REQUEST_KEY', []],
  ] as const)('%s is answered with the header fields that its status asks for', (code, headers) => {
    expect(new HandshakeError(code).headers).toEqual(headers);
  });

  it('says what exactly was wrong behind what its code stands for', () => {
    const plain = new HandshakeError('MEERKAT_NO_ROUTE').message;
    expect(new HandshakeError('MEERKAT_NO_ROUTE', { detail: '/x' }).message).toBe(`${plain}: /x`);
  });

  it('carries another status, other fields, a body and a cause where they are given', () => {
    const cause = new Error('of the hook');
    const headers = [['WWW-Authenticate', 'Basic']] as const;
    const error = new HandshakeError('MEERKAT_REFUSED', {
      status: 401,
      headers,
      body: 'no',
      cause,
    });
    expect(error).toMatchObject({
      code: 'MEERKAT_REFUSED',
      status: 401,
      headers,
      body: 'no',
      cause,
    });
  });
});
