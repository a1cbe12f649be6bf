import { describe, expect, it } from 'vitest';
import { completeUrl } from '../../src/connect/dial-url.ts';

describe('completeUrl', () => {
  it.each([
    ['ws://localhost:8000/websocket', 'ws://localhost:8000/websocket'],
    ['WSS://Example.com', 'wss://example.com/'],
    ['localhost:8000/x?y', 'ws://localhost:8000/x?y'],
    ['example.com', 'ws://example.com/'],
    ['ws:8000/x', 'ws://ws:8000/x'], // a host that is called "ws"
    [':8000', 'ws://localhost:8000/'],
    [':8000/x', 'ws://localhost:8000/x'],
    ['8000', 'ws://localhost:8000/'],
    ['8000/x', 'ws://localhost:8000/x'],
    ['127.0.0.1:80', 'ws://127.0.0.1/'],
    ['[::1]:8000', 'ws://[::1]:8000/'],
    ['http://example.com/a', 'ws://example.com/a'],
    ['https://example.com:444/a', 'wss://example.com:444/a'],
    ['user:secret@example.com/', 'ws://user:secret@example.com/'],
  ])('B5 takes %s for %s', (given, url) => {
    expect(completeUrl(given).href).toBe(url);
  });

  it.each([
    ['', 'it names no host'],
    ['/x', 'it names no host'],
    ['?x', 'it names no host'],
    ['ws://', 'write it as'],
    ['ws:/localhost', 'write :// after the scheme'],
    ['ftp://example.com', 'the scheme is ws:// or wss://, not ftp://'],
    ['file:///etc/passwd', 'the scheme is ws:// or wss://, not file://'],
    ['ws://a/#b', 'it has a #fragment'],
    ['ws://a/#', 'it has a #fragment'],
    ['ws://a b/', 'it contains a blank or a control character'],
    ['ws://a\n/', 'it contains a blank or a control character'],
    ['ws://a\x1b[2J/', 'it contains a blank or a control character'],
    [':99999', 'a port is'],
    ['unix:/tmp/s', '--unix'],
    ['ws+unix:/tmp/s:/x', '--unix'],
    ['ws://[::1', 'write it as'],
    ['mailto:a', 'write it as'],
  ])('refuses %j: %s', (given, why) => {
    expect(() => completeUrl(given)).toThrow(
      expect.objectContaining({ exitCode: 2, message: expect.stringContaining(why) }),
    );
  });

  it.each(['ws://user:secret@a b/', 'user:secret@a b', 'ws://user:secret@host:99999/'])(
    'S20 does not repeat the password of %j',
    (given) => {
      expect(() => completeUrl(given)).toThrow(
        expect.objectContaining({ message: expect.not.stringContaining('secret') }),
      );
    },
  );
});
