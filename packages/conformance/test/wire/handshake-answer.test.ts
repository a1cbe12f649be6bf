import { describe, expect, it } from 'vitest';
import { checkAnswer, checkRequest } from '../../src/wire/handshake-answer.ts';
import { parseHead } from '../../src/wire/http-head.ts';

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=';
const ANSWER = `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${ACCEPT}\r\n\r\n`;
const REQUEST = `GET /runCase?case=1&agent=a%20b HTTP/1.1\r\nHost: 127.0.0.1:9001\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ${KEY}\r\nSec-WebSocket-Version: 13\r\n\r\n`;

function check(text: string, offer: { extensions?: string; subprotocols?: string[] } = {}) {
  return checkAnswer(parseHead(text), {
    key: KEY,
    offeredExtensions: offer.extensions,
    offeredSubprotocols: offer.subprotocols ?? [],
  });
}

function withLine(line: string, text = ANSWER): string {
  return text.replace(/\r\n\r\n$/, `\r\n${line}\r\n\r\n`);
}

describe('an answer (RFC 6455 §4.1)', () => {
  it('that is right has no defect', () => {
    expect(check(ANSWER)).toEqual({
      defects: [],
      oddities: [],
      extensions: undefined,
      subprotocol: undefined,
    });
  });

  it.each([
    ['another case', ANSWER.replace('Upgrade: websocket', 'UPGRADE: WebSocket')],
    ['further tokens', ANSWER.replace('Connection: Upgrade', 'Connection: keep-alive, upgrade')],
    ['another reason', ANSWER.replace('Switching Protocols', 'Yes')],
    ['no reason', ANSWER.replace(' Switching Protocols', '')],
    ['blanks around the Accept', ANSWER.replace(`: ${ACCEPT}`, `:  \t${ACCEPT} `)],
  ])('may have %s', (_title, text) => {
    expect(check(text).defects).toEqual([]);
  });

  it.each([
    [
      'the status line',
      'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
      'answers 200 OK instead of 101',
    ],
    [
      'what is no status line',
      'HTTP/1.1 OK\r\n\r\n',
      'answers "HTTP/1.1 OK", which is no HTTP status line',
    ],
    ['the version', ANSWER.replace('/1.1', '/1.0'), 'answers with HTTP/1.0, not HTTP/1.1'],
    [
      'line ends',
      ANSWER.replaceAll('\r\n', '\n'),
      'ends lines of its answer with LF alone, not CR LF',
    ],
    [
      'no Upgrade',
      ANSWER.replace('Upgrade:', 'Downgrade:'),
      'answers 101 without the field Upgrade',
    ],
    [
      'another Upgrade',
      ANSWER.replace('websocket', 'h2c'),
      'answers 101 with Upgrade: "h2c", not websocket',
    ],
    ['Upgrade twice', withLine('upgrade: websocket'), 'answers 101 with the field Upgrade twice'],
    [
      'no Connection',
      ANSWER.replace('Connection:', 'X:'),
      'answers 101 without the field Connection',
    ],
    [
      'another Connection',
      ANSWER.replace(': Upgrade', ': Upgraded'),
      'answers 101 with Connection: "Upgraded", without the token upgrade',
    ],
    [
      'no Accept',
      ANSWER.replace('Sec-WebSocket-Accept', 'X'),
      'answers 101 without Sec-WebSocket-Accept',
    ],
    [
      'Accept twice',
      withLine(`Sec-WebSocket-Accept: ${ACCEPT}`),
      'answers 101 with Sec-WebSocket-Accept twice',
    ],
    [
      'a wrong Accept',
      ANSWER.replace(ACCEPT, KEY),
      `answers the key "${KEY}" with Sec-WebSocket-Accept: "${KEY}", not ${ACCEPT}`,
    ],
    [
      'an extension',
      withLine('Sec-WebSocket-Extensions: permessage-deflate'),
      'answers with the extension "permessage-deflate", which was not offered',
    ],
    [
      'an empty extension',
      withLine('Sec-WebSocket-Extensions:'),
      'answers with an empty Sec-WebSocket-Extensions',
    ],
    [
      'a subprotocol',
      withLine('Sec-WebSocket-Protocol: chat'),
      'answers with the subprotocol "chat", which was not offered',
    ],
    [
      'two subprotocols',
      withLine('Sec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol: a'),
      'answers with Sec-WebSocket-Protocol twice',
    ],
  ])('names %s', (_title, text, defect) => {
    expect(check(text).defects).toEqual([defect]);
  });

  it('gives what was agreed on, of what was offered', () => {
    const text = withLine(
      'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=12\r\nSec-WebSocket-Protocol: chat',
    );
    const offer = {
      extensions: 'x; a="b, c", permessage-deflate',
      subprotocols: ['chat', 'other'],
    };
    expect(check(text, offer)).toMatchObject({
      defects: [],
      extensions: 'permessage-deflate; client_max_window_bits=12',
      subprotocol: 'chat',
    });
    expect(check(text, { ...offer, extensions: 'x; permessage-deflate=1' }).defects.length).toBe(1);
    expect(check(text, { ...offer, subprotocols: ['CHAT'] }).defects.length).toBe(1);
  });

  it.each([
    ['Content-Length: 0', 'sends Content-Length in a 101 (RFC 9110 §8.6)'],
    ['Transfer-Encoding: chunked', 'sends Transfer-Encoding in a 101 (RFC 9110 §8.6)'],
    ['Sec-WebSocket-Protocol:', 'answers with an empty Sec-WebSocket-Protocol'],
    ['no colon', 'sends a header line without a colon'],
  ])('goes on after %s, and keeps it in mind', (line, oddity) => {
    expect(check(withLine(line))).toMatchObject({ defects: [], oddities: [oddity] });
  });
});

describe('a request (RFC 6455 §4.2.1)', () => {
  it('that is right is taken apart', () => {
    const text = withLine(
      'Sec-WebSocket-Extensions: a; b\r\nsec-websocket-extensions: c\r\nSec-WebSocket-Protocol: x, y',
      REQUEST,
    );
    const request = checkRequest(parseHead(text));
    expect(request).toMatchObject({
      defects: [],
      key: KEY,
      path: '/runCase',
      extensions: 'a; b, c',
      subprotocols: ['x', 'y'],
    });
    expect(request.query.get('agent')).toBe('a b');
  });

  it('may have its target in absolute form', () => {
    const text = REQUEST.replace('/runCase', 'http://127.0.0.1:9001/runCase');
    expect(checkRequest(parseHead(text))).toMatchObject({ defects: [], path: '/runCase' });
  });

  it.each([
    ['the method', REQUEST.replace('GET', 'POST'), 'asks with "POST", not GET'],
    ['the version', REQUEST.replace('/1.1', '/1.0'), 'asks with "HTTP/1.0", not HTTP/1.1'],
    [
      'what is no request line',
      REQUEST.replace('GET ', ''),
      'sends "/runCase?case=1&agent=a%20b HTTP/1.1", which is no request line',
    ],
    [
      'line ends',
      REQUEST.replaceAll('\r\n', '\n'),
      'ends lines of its request with LF alone, not CR LF',
    ],
    ['no Host', REQUEST.replace('Host', 'X'), 'sends the field Host 0 times'],
    ['Host twice', withLine('host: a', REQUEST), 'sends the field Host 2 times'],
    ['an empty Host', REQUEST.replace('127.0.0.1:9001', ''), 'sends an empty Host'],
    ['no Upgrade', REQUEST.replace('websocket', 'h2c'), 'asks without Upgrade: websocket'],
    [
      'no Connection',
      REQUEST.replace('Connection: Upgrade', 'Connection: close'),
      'asks without the token upgrade in Connection',
    ],
    ['no key', REQUEST.replace('Sec-WebSocket-Key', 'X'), 'sends Sec-WebSocket-Key 0 times'],
    [
      'a bad key',
      REQUEST.replace(KEY, 'AAAA'),
      'sends the Sec-WebSocket-Key "AAAA", which is not 16 octets in base64',
    ],
    [
      'the version of the protocol',
      REQUEST.replace(': 13', ': 8'),
      'asks for the version "8", not 13',
    ],
  ])('names %s', (_title, text, defect) => {
    expect(checkRequest(parseHead(text)).defects).toEqual([defect]);
  });
});
