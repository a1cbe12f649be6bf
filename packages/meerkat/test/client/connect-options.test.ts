import { type ConnectOptions, connect, systemClock, UsageError } from 'meerkat';
import { describe, expect, it } from 'vitest';
import { parseDialUrl, resolveConnectOptions } from '../../src/client/connect-options.ts';
import { fakeServer } from '../support/fake-server.ts';
import { observe } from '../support/observed.ts';
import { turns } from '../support/waiting.ts';

/** The code of what `connect` throws, at once; undefined when it does not. */
function thrown(url: unknown, options: object = {}): string | undefined {
  try {
    // Aborted: when nothing is thrown, nothing is dialled either.
    connect(url as string, { signal: AbortSignal.abort(), ...options }).catch(() => {});
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    observe(`throws ${(error as UsageError).code}`);
    return (error as UsageError).code;
  }
}

const URL_OF_NOBODY = 'ws://127.0.0.1:1/';

describe('the URL', () => {
  it.each([
    ['ws://example.com', 'example.com', 80, '/', 'example.com', false],
    ['wss://example.com', 'example.com', 443, '/', 'example.com', true],
    ['http://example.com:80/a', 'example.com', 80, '/a', 'example.com', false],
    ['https://example.com:443/a', 'example.com', 443, '/a', 'example.com', true],
    ['ws://example.com:443/', 'example.com', 443, '/', 'example.com:443', false],
    ['wss://example.com:80/', 'example.com', 80, '/', 'example.com:80', true],
    ['ws://Example.COM:8000/A?b=c&d', 'example.com', 8000, '/A?b=c&d', 'example.com:8000', false],
    ['ws://[::1]:8000/', '::1', 8000, '/', '[::1]:8000', false],
    ['ws://[2001:DB8::1]', '2001:db8::1', 80, '/', '[2001:db8::1]', false],
    [
      'ws://münchen.example/ä b?ü',
      'xn--mnchen-3ya.example',
      80,
      '/%C3%A4%20b?%C3%BC',
      'xn--mnchen-3ya.example',
      false,
    ],
    ['ws://example.com/../a', 'example.com', 80, '/a', 'example.com', false],
  ])('%s is taken apart', (url, host, port, pathAndQuery, authority, secure) => {
    expect(parseDialUrl(url)).toEqual({
      secure,
      host,
      port,
      pathAndQuery,
      authority,
      credentials: undefined,
      href: `${secure ? 'wss' : 'ws'}://${authority}${pathAndQuery}`,
    });
  });

  it.each([
    ['ws://user:pass@example.com/', 'user:pass'],
    ['ws://user@example.com/', 'user:'],
    ['ws://:pass@example.com/', ':pass'],
    ['ws://%75ser:p%3A%40ss@example.com/', 'user:p:@ss'],
    ['ws://user:%zz@example.com/', 'user:%zz'],
  ])('K11 %s has credentials, and an href without them', (url, credentials) => {
    expect(parseDialUrl(url)).toMatchObject({ credentials, href: 'ws://example.com/' });
  });

  it.each([
    ['ws://example.com/#top'],
    ['ws://example.com/#'],
    [new URL('ws://example.com/#top')],
    ['ftp://example.com/'],
    ['file:///tmp/socket'],
    ['javascript:alert(1)'],
    ['example.com'],
    ['//example.com/'],
    ['/chat'],
    [''],
    ['ws://'],
    ['ws://example.com:99999/'],
    ['ws://exa mple.com/'],
    [undefined],
    [null],
    [{}],
  ])('K11 %j is refused at once', (url) => {
    expect(thrown(url)).toBe('MEERKAT_URL');
  });

  it.each([
    'ws://example.com/a\r\nX-Injected: b',
    'ws://example.com/a\nb',
    'ws://example.com/a\tb',
    'ws://exam\rple.com/',
    'ws://example.com/\0',
    'ws://example.com/\n',
  ])('K9 %j is refused at once, though a URL parser would drop the control characters', (url) => {
    expect(thrown(url)).toBe('MEERKAT_URL');
  });

  it.each([
    'ws://user:secret@example.com:99999/',
    'ftp://user:secret@example.com/',
    'wss//user:secret@x',
    'ws://user:secret@example.com/#a',
  ])('K11 what is thrown for %s does not show the credentials', (url) => {
    expect(() => connect(url)).toThrow(UsageError);
    try {
      void connect(url);
    } catch (error) {
      expect(String(error)).not.toContain('secret');
    }
  });
});

describe('the options', () => {
  it('have the defaults of the catalogue', () => {
    const { connection, ...others } = resolveConnectOptions({});
    expect(others).toEqual({
      subprotocols: [],
      requireSubprotocol: false,
      headers: [],
      tls: {},
      handshakeTimeout: 10_000,
      signal: undefined,
    });
    expect(connection).toMatchObject({ clock: systemClock, closeTimeout: 10_000 });
  });

  it.each<[string, object, string]>([
    ['a name nobody reads', { header: {} }, 'MEERKAT_OPTION_UNKNOWN'],
    ['an option of the server', { requireOrigin: true }, 'MEERKAT_OPTION_UNKNOWN'],
    ['a timeout of 0', { handshakeTimeout: 0 }, 'MEERKAT_OPTION_RANGE'],
    [
      'a timeout of Infinity',
      { handshakeTimeout: Number.POSITIVE_INFINITY },
      'MEERKAT_OPTION_RANGE',
    ],
    ['a limit out of range', { maxMessageBytes: 0 }, 'MEERKAT_OPTION_RANGE'],
    ['a type of message that there is not', { messageTypes: 'json' }, 'MEERKAT_OPTION_RANGE'],
    ['a handler that is no function', { message: 'echo' }, 'MEERKAT_OPTION_RANGE'],
    ['a signal that is none', { signal: {} }, 'MEERKAT_OPTION_RANGE'],
    ['tls that is no object', { tls: 5 }, 'MEERKAT_OPTION_RANGE'],
    ['requireSubprotocol without an offer', { requireSubprotocol: true }, 'MEERKAT_OPTION_RANGE'],
    [
      'requireSubprotocol that is no boolean',
      { subprotocols: ['a'], requireSubprotocol: 'a' },
      'MEERKAT_OPTION_RANGE',
    ],
    ['subprotocols that are no list', { subprotocols: 'chat' }, 'MEERKAT_HANDSHAKE_VALUE'],
  ])('%s is refused at once', (_title, options, code) => {
    expect(thrown(URL_OF_NOBODY, options)).toBe(code);
  });

  it.each<[string, object]>([
    ['CR LF in a header value', { headers: { 'X-A': 'a\r\nX-B: b' } }],
    ['LF in a header value', { headers: { 'X-A': 'a\nb' } }],
    ['CR LF in a header name', { headers: { 'X-A: a\r\nX-B': 'b' } }],
    ['a blank in a header name', { headers: { 'X A': 'b' } }],
    ['an empty header name', { headers: { '': 'b' } }],
    ['a header value outside of Latin-1', { headers: { 'X-A': '中' } }],
    ['a header value that is a number', { headers: { 'X-A': 5 } }],
    ['a header value that is a list', { headers: { 'X-A': ['a', 'b'] } }],
    ['a header list that is no pairs', { headers: ['X-A: a'] }],
    ['header fields that are text', { headers: 'X-A: a' }],
    ['a header field of the handshake', { headers: { 'sec-websocket-key': 'a' } }],
    ['a header field of HTTP', { headers: { 'Transfer-Encoding': 'chunked' } }],
    ['a subprotocol with CR LF', { subprotocols: ['a\r\nb'] }],
    ['a subprotocol with a comma', { subprotocols: ['a,b'] }],
    ['an empty subprotocol', { subprotocols: [''] }],
    ['a subprotocol that is a number', { subprotocols: [5] }],
    ['a subprotocol twice', { subprotocols: ['a', 'a'] }],
  ])('K9 %s is refused at once', (_title, options) => {
    expect(thrown(URL_OF_NOBODY, options)).toBe('MEERKAT_HANDSHAKE_VALUE');
  });

  it('that TLS cannot use are refused at once', () => {
    const options = { tls: { ca: 5 }, signal: undefined } as unknown as ConnectOptions;
    expect(() => connect('wss://127.0.0.1:1/', options)).toThrow(
      expect.objectContaining({ name: 'UsageError', code: 'MEERKAT_OPTION_RANGE' }),
    );
  });

  it('K9 what is refused at once leaves the network alone', async () => {
    const server = await fakeServer('');
    expect(() => connect(server.url, { headers: { 'X-A': 'a\r\n' } })).toThrow(UsageError);
    expect(() => connect(`${server.url}#`)).toThrow(UsageError);
    await turns();
    expect(server.sockets.length).toBe(0);
  });
});
