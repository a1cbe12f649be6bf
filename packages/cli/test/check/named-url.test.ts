import { describe, expect, it } from 'vitest';
import { parseNamedUrl } from '../../src/check/named-url.ts';
import { CliError } from '../../src/cli-error.ts';

describe('parseNamedUrl', () => {
  it.each([
    ['ws://localhost:8000/websocket', undefined, 'ws://localhost:8000/websocket'],
    [':8000/x', undefined, 'ws://localhost:8000/x'],
    ['https://example.com/', undefined, 'wss://example.com/'],
    ['ours=:8000/', 'ours', 'ws://localhost:8000/'],
    ['my server 2.1=ws://[::1]:80/x', 'my server 2.1', 'ws://[::1]/x'],
    ['ours=localhost/?a=b', 'ours', 'ws://localhost/?a=b'],
    ['localhost/?a=b', undefined, 'ws://localhost/?a=b'],
    ['ws://localhost?token=abc', undefined, 'ws://localhost/?token=abc'],
  ])('reads %s', (given, name, href) => {
    const { url, authorization, name: found } = parseNamedUrl(given);
    expect([found, url.href, authorization]).toEqual([name, href, undefined]);
  });

  it.each([
    ['ws://user:p%40ss@localhost/', 'user:p@ss'],
    ['ours=ws://user@localhost/', 'user:'],
    ['ws://a:%zz@localhost/', 'a:%zz'],
  ])('takes the credentials out of %s', (given, pair) => {
    const { url, authorization } = parseNamedUrl(given);
    expect(url.href).toBe('ws://localhost/');
    expect(authorization).toBe(`Basic ${Buffer.from(pair).toString('base64')}`);
  });

  it.each(['=ws://localhost', '  =ws://localhost', 'ours=', 'ours=ftp://localhost'])(
    'refuses %s',
    (given) => {
      expect(() => parseNamedUrl(given)).toThrow(CliError);
    },
  );
});
