import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  parseAuthority,
  parseOrigin,
  sameAuthority,
} from '../../../src/protocol/handshake/authority.ts';
import { anyText } from '../support/text-arbitraries.ts';

const MEBI = 2 ** 20;
const authority = (host: string, port?: number) => ({ host, port });

describe('reading a Host (RFC 9110 §7.2)', () => {
  it.each([
    ['example.com', authority('example.com')],
    ['EXAMPLE.com', authority('example.com')],
    ['example.com:8000', authority('example.com', 8000)],
    ['example.com:', authority('example.com')],
    ['example.com:0', authority('example.com', 0)],
    ['example.com:65535', authority('example.com', 65_535)],
    ['example.com:00080', authority('example.com', 80)],
    ['localhost', authority('localhost')],
    ['127.0.0.1:80', authority('127.0.0.1', 80)],
    ['[::1]', authority('[::1]')],
    ['[::FFFF:127.0.0.1]:443', authority('[::ffff:127.0.0.1]', 443)],
    ['xn--bcher-kva.example', authority('xn--bcher-kva.example')],
    ['under_score.example', authority('under_score.example')],
    ['a'.repeat(255), authority('a'.repeat(255))],
  ])('takes %j', (value, wanted) => {
    expect(parseAuthority(value)).toEqual(wanted);
  });

  it.each([
    ['nothing', ''],
    ['a port alone', ':80'],
    ['a port above 65535', 'a:65536'],
    ['a port of six digits', 'a:000080'],
    ['a port that is no number', 'a:b'],
    ['two ports', 'a:1:2'],
    ['a negative port', 'a:-1'],
    ['an IPv6 address without brackets', '::1'],
    ['brackets that do not close', '[::1'],
    ['brackets with nothing within', '[]'],
    ['brackets around a name', '[example.com]'],
    ['something behind brackets', '[::1]x'],
    ['a user', 'user@example.com'],
    ['a path', 'example.com/'],
    ['a query', 'example.com?'],
    ['a fragment', 'example.com#'],
    ['a backslash', 'example.com\\'],
    ['a blank', 'example.com '],
    ['two of them, joined', 'a, b'],
    ['a line break', 'example.com\r\n'],
    ['NUL', 'example.com\0'],
    ['characters beyond ASCII', 'bücher.example'],
    ['a name of 256 characters', 'a'.repeat(256)],
  ])('refuses %s: %j', (_what, value) => {
    expect(parseAuthority(value)).toBeUndefined();
  });

  it.each([
    ['letters', 'a'.repeat(MEBI)],
    ['colons', ':'.repeat(MEBI)],
    ['opening brackets', '['.repeat(MEBI)],
    ['zeros as a port', `a:${'0'.repeat(MEBI)}`],
  ])('refuses a million %s', (_what, value) => {
    expect(parseAuthority(value)).toBeUndefined();
  });
});

describe('reading an Origin (RFC 6454 §7)', () => {
  it.each([
    ['https://example.com', 'https', authority('example.com')],
    ['HTTP://Example.COM:8080', 'http', authority('example.com', 8080)],
    ['http://[::1]:80', 'http', authority('[::1]', 80)],
    ['chrome-extension://abcdef', 'chrome-extension', authority('abcdef')],
  ])('takes %j', (value, scheme, wanted) => {
    expect(parseOrigin(value)).toEqual({ scheme, authority: wanted });
  });

  it.each([
    ['nothing', ''],
    ['null', 'null'],
    ['a scheme alone', 'http://'],
    ['no scheme', '//example.com'],
    ['a host alone', 'example.com'],
    ['brackets that do not close', 'http://[::1'],
    ['percent signs', '%%'],
    ['a path, even an empty one', 'http://example.com/'],
    ['a user', 'http://user@example.com'],
    ['a blank', 'http://example.com '],
    ['two of them', 'http://a.example http://b.example'],
    ['two of them, joined', 'http://a.example, http://b.example'],
    ['a scheme that begins with a digit', '1http://a'],
    ['a scheme of 65 characters', `${'a'.repeat(65)}://a`],
    ['one slash', 'http:/a'],
    ['a line break', 'http://a\n'],
  ])('refuses %s: %j', (_what, value) => {
    expect(parseOrigin(value)).toBeUndefined();
  });

  it.each([
    ['letters', 'a'.repeat(MEBI)],
    ['slashes', `http:${'/'.repeat(MEBI)}`],
    ['letters behind the scheme', `http://${'a'.repeat(MEBI)}`],
  ])('refuses a million %s', (_what, value) => {
    expect(parseOrigin(value)).toBeUndefined();
  });
});

describe('whatever stands in Host and Origin', () => {
  const nearly = fc.string({
    unit: fc.constantFrom(...'hts:/[]a1.%@# \\,', '://', 'http', '\n', '\ud800'),
    maxLength: 12,
  });
  const anything = fc.oneof(nearly, anyText(20), fc.webUrl());

  it('raises nothing', () => {
    fc.assert(
      fc.property(anything, (value) => {
        parseAuthority(value);
        parseOrigin(value);
      }),
      { numRuns: 500 },
    );
  });

  it('is, where it is taken, what a URL makes of it, the port filled in', () => {
    const host = fc.oneof(
      fc.domain(),
      fc.ipV4(),
      fc.ipV6().map((address) => `[${address}]`),
    );
    const port = fc.option(fc.nat(65_535), { nil: undefined });
    fc.assert(
      fc.property(fc.constantFrom('http', 'https'), host, port, (scheme, name, number) => {
        const value = `${scheme}://${name}${number === undefined ? '' : `:${number}`}`;
        const origin = parseOrigin(value);
        const url = new URL(value);
        const wanted = Number(url.port || (scheme === 'http' ? 80 : 443));
        expect(origin?.scheme).toBe(url.protocol.slice(0, -1));
        expect(origin?.authority.port ?? (scheme === 'http' ? 80 : 443)).toBe(wanted);
        // A URL writes an IPv6 address in its shortest form; a Host is compared as it is written.
        if (!name.startsWith('[')) expect(origin?.authority.host).toBe(url.hostname);
      }),
      { numRuns: 200 },
    );
  });
});

describe('two authorities are the same', () => {
  it.each([
    ['with the same host and port', 'http', authority('a', 1), authority('a', 1), true],
    ['with another port', 'http', authority('a', 1), authority('a', 2), false],
    ['with another host', 'http', authority('a', 1), authority('b', 1), false],
    ['with the port of http left out', 'http', authority('a'), authority('a', 80), true],
    ['with the port of ws left out', 'ws', authority('a', 80), authority('a'), true],
    ['with the port of https left out', 'https', authority('a'), authority('a', 443), true],
    ['with the port of wss left out', 'wss', authority('a'), authority('a', 443), true],
    ['with the port of another scheme', 'https', authority('a'), authority('a', 80), false],
    ['with no port on either side', 'https', authority('a'), authority('a'), true],
    [
      'with a port left out of a scheme that has none',
      'foo',
      authority('a'),
      authority('a', 80),
      false,
    ],
    [
      'with a scheme called like a property of every object',
      'constructor',
      authority('a'),
      authority('a', 80),
      false,
    ],
  ])('%s: %s %j %j %s', (_what, scheme, one, other, wanted) => {
    expect(sameAuthority(scheme, one, other)).toBe(wanted);
    expect(sameAuthority(scheme, other, one)).toBe(wanted);
  });
});
