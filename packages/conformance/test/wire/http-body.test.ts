import { expect, it } from 'vitest';
import { BodySkipper } from '../../src/wire/http-body.ts';
import { parseHead } from '../../src/wire/http-head.ts';

it.each([
  ['of a given length', 'HTTP/1.1 400 Bad\r\nContent-Length: 5\r\n', 'hello'],
  [
    'in chunks',
    'HTTP/1.1 400 Bad\r\nTransfer-Encoding: gzip, Chunked\r\n',
    '3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n',
  ],
  [
    'in chunks, with a trailer',
    'HTTP/1.1 400 Bad\r\nTransfer-Encoding: chunked\r\n',
    '0\r\nA: b\r\n\r\n',
  ],
  ['of nothing', 'HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n', ''],
  ['that a 204 never has', 'HTTP/1.1 204 No\r\n', ''],
  ['that a 304 never has', 'HTTP/1.1 304 Not\r\nContent-Length: 7\r\n', ''],
])('passes over a body %s, at every cut (RFC 9112 §6.3)', (_title, head, body) => {
  const octets = Buffer.from(`${body}HTTP/1.1 200 OK`);
  for (let at = 0; at <= octets.length; at += 1) {
    const skipper = new BodySkipper(parseHead(`${head}\r\n`));
    const behind = [skipper.push(octets.subarray(0, at)), skipper.push(octets.subarray(at))];
    expect(Buffer.concat(behind).toString()).toBe('HTTP/1.1 200 OK');
    expect(skipper.over).toBe(true);
  }
});

it.each([
  ['no length', 'HTTP/1.1 400 Bad\r\n'],
  ['a length that is none', 'HTTP/1.1 400 Bad\r\nContent-Length: x\r\n'],
])('goes on to the end of the connection with %s', (_title, head) => {
  const skipper = new BodySkipper(parseHead(`${head}\r\n`));
  expect(skipper.push(Buffer.from('HTTP/1.1 200 OK')).length).toBe(0);
  expect(skipper.over).toBe(false);
});
