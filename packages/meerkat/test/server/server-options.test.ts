import { systemClock, WebSocketServer, type WebSocketServerOptions } from 'meerkat';
import { describe, expect, it } from 'vitest';
import { openFileLimit } from '../../src/server/open-file-limit.ts';
import { resolveServerOptions } from '../../src/server/server-options.ts';

function code(options: object): string | undefined {
  try {
    new WebSocketServer(options as WebSocketServerOptions);
    return undefined;
  } catch (error) {
    return (error as { code: string }).code;
  }
}

describe('the options of a server', () => {
  it('have the defaults of the catalogue', () => {
    const { connection, numbers, subprotocols } = resolveServerOptions({});
    expect({ ...numbers, subprotocols, ...connection }).toEqual({
      handshakeTimeout: 10_000,
      maxConnections: Math.floor(openFileLimit() * 0.8),
      maxConnectionsPerAddress: 0,
      maxNewConnectionsPerAddress: 0,
      subprotocols: [],
      messageTypes: 'any',
      clock: systemClock,
      maxMessageBytes: 1_048_576,
      maxFramesPerMessage: 131_072,
      maxControlFramesPerSecond: 1_000,
      controlFrameBurst: 2_000,
      maxInboxMessages: 16,
      maxInboxBytes: 65_536,
      maxMessagesPerSecond: 0,
      messageBurst: 0,
      maxBytesPerSecond: 0,
      byteBurst: 0,
      overRate: 'pause',
      transport: 'handle',
      dangerouslyLendMessages: false,
      maxInflateRatio: 0,
      compression: undefined,
      softQueuedBytes: 65_536,
      maxQueuedBytes: 1_048_576,
      pingInterval: 25_000,
      pongTimeout: 20_000,
      closeTimeout: 10_000,
    });
  });

  it('are refused when nobody reads them', () => {
    expect(code({ maxPayload: 5 })).toBe('MEERKAT_OPTION_UNKNOWN');
    expect(code({ onmessage: () => {} })).toBe('MEERKAT_OPTION_UNKNOWN');
    expect(code({ __proto__: null, port: 80 })).toBe('MEERKAT_OPTION_UNKNOWN');
  });

  it.each([
    ['handshakeTimeout', 0],
    ['handshakeTimeout', 86_400_001],
    ['handshakeTimeout', 1.5],
    ['handshakeTimeout', '10'],
    ['handshakeTimeout', Number.NaN],
    ['maxMessageBytes', 0],
    ['maxMessageBytes', 2 ** 30 + 1],
    ['pingInterval', -1],
    ['closeTimeout', Number.POSITIVE_INFINITY],
    ['messageTypes', 'json'],
    ['subprotocols', 'chat'],
    ['maxNewConnectionsPerAddress', -1],
    ['message', 'echo'],
    ['upgrade', null],
    ['error', {}],
  ])('are refused out of range: %s is %o', (name, value) => {
    expect(code({ [name]: value })).toBe('MEERKAT_OPTION_RANGE');
  });

  it.each([[['a b']], [['']], [['a\r\nb']], [['chät']], [[5]], [['a', 'a']]])(
    'are refused when a subprotocol is no token, or there twice: %j',
    (subprotocols) => {
      expect(code({ subprotocols })).toBe('MEERKAT_HANDSHAKE_VALUE');
    },
  );

  it('may be undefined one by one', () => {
    expect(
      code({ handshakeTimeout: undefined, message: undefined, origins: undefined }),
    ).toBeUndefined();
  });

  it('are accepted at the ends of their ranges', () => {
    expect(code({ handshakeTimeout: 1 })).toBeUndefined();
    expect(code({ handshakeTimeout: 86_400_000 })).toBeUndefined();
  });
});
