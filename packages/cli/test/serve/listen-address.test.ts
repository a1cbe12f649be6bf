import { describe, expect, it } from 'vitest';
import { parseListenUrl, parsePort } from '../../src/serve/listen-address.ts';

describe('parseListenUrl', () => {
  it.each([
    ['ws://localhost:8000', 'localhost', 8000],
    ['http://0.0.0.0:9000/', '0.0.0.0', 9000],
    ['ws://[::1]:8000', '::1', 8000],
    ['ws://127.0.0.1', '127.0.0.1', 80],
    ['http://127.0.0.1:0', '127.0.0.1', 0],
  ])('reads %s', (url, host, port) => {
    expect(parseListenUrl(url)).toEqual({ secure: false, host, port });
  });

  it.each([
    ['wss://localhost:8443', 'localhost', 8443],
    ['https://0.0.0.0', '0.0.0.0', 443],
    ['wss://[::1]', '::1', 443],
  ])('reads %s, which is TLS', (url, host, port) => {
    expect(parseListenUrl(url)).toEqual({ secure: true, host, port });
  });

  it.each([
    ['unix:/run/meerkat.sock', false, '/run/meerkat.sock'],
    ['unix:///run/meerkat.sock', false, '/run/meerkat.sock'],
    ['unix:meerkat.sock', false, 'meerkat.sock'],
    ['unix:/a b/%20?x#y', false, '/a b/%20?x#y'],
    ['unix+tls:/run/s', true, '/run/s'],
  ])('reads %s, the path of a socket', (url, secure, path) => {
    expect(parseListenUrl(url)).toEqual({ secure, path });
  });

  it.each([
    'localhost:8000',
    ':8000',
    'ftp://localhost:8000',
    'wss://localhost:8000/websocket',
    'unix:',
    'ws://localhost:8000/websocket',
    'ws://user@localhost:8000',
    'ws://localhost:99999',
    '',
  ])('refuses %s as wrong usage, and says why', (url) => {
    expect(() => parseListenUrl(url)).toThrow(
      expect.objectContaining({ name: 'CliError', exitCode: 2 }),
    );
  });
});

describe('parsePort', () => {
  it.each([
    ['0', 0],
    ['8000', 8000],
    ['65535', 65_535],
  ])('reads %s', (text, port) => {
    expect(parsePort(text)).toBe(port);
  });

  it.each(['', '-1', '65536', '80a', '8e3', '0x50', ' 80'])('refuses %j', (text) => {
    expect(() => parsePort(text)).toThrow(expect.objectContaining({ exitCode: 2 }));
  });
});
