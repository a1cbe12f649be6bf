import { Buffer } from 'node:buffer';
import type { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { RequestCase, RequestOutcome } from '../../src/cases/case.ts';
import {
  CLIENT_ERROR,
  DROPS,
  OPENS,
  opensAgainst,
  refused,
  upgradeRequest,
} from '../../src/cases/request-case.ts';
import type { CaseResult } from '../../src/report/result.ts';
import { requestText } from '../../src/runner/request-text.ts';
import { runRequestCase } from '../../src/runner/run-request-case.ts';
import { targetOf } from '../../src/runner/target.ts';
import { SeededRandom } from '../../src/wire/random.ts';
import { meerkatEcho, scriptedServer, switching } from '../support/echo-servers.ts';

function requestCase(
  outcomes: readonly RequestOutcome[],
  more: Partial<RequestCase> = {},
): RequestCase {
  return {
    id: 'H0.1',
    kind: 'request',
    tested: 'server',
    description: 'Asks.',
    rule: 'RFC 6455 §4.2.1',
    fault: 'does what it should not',
    request: upgradeRequest(),
    outcomes,
    ...more,
  };
}

const PATIENCE = { patienceMs: 5000, seed: 1 };
/** For what ends in silence. */
const SHORT = { patienceMs: 300, seed: 1 };

async function against(
  take: Parameters<typeof scriptedServer>[0],
  test: RequestCase,
  settings = PATIENCE,
): Promise<CaseResult> {
  return await runRequestCase(test, targetOf({ url: await scriptedServer(take) }), settings);
}

function answering(text: string): Parameters<typeof scriptedServer>[0] {
  return (socket) => void socket.write(Buffer.from(text, 'latin1'));
}

/** Answers the first frame, whatever it is, and then the Close. */
function echoing(socket: Duplex, echo: Uint8Array): void {
  socket.once('data', () => {
    socket.write(echo);
    socket.once('data', () => void socket.end(Buffer.from('880203e8', 'hex')));
  });
}

const ECHO = Buffer.from('\x81\x07meerkat', 'latin1');

describe('a request that opens', () => {
  it('echoes, is closed, and fills the result', async () => {
    const target = targetOf({ url: await meerkatEcho() });
    const result = await runRequestCase(requestCase([OPENS]), target, PATIENCE);
    expect(result).toMatchObject({
      id: 'H0.1',
      behavior: 'OK',
      behaviorClose: 'OK',
      result: 'opens the connection, which echoes',
      closedByMe: true,
      wasClean: true,
      localCloseCode: 1000,
      remoteCloseCode: 1000,
      findings: [],
      notes: [],
    });
    expect(result.received).toEqual([
      { event: 'message', binary: false, payload: Buffer.from('meerkat') },
    ]);
    expect(result.expected).toEqual([
      [{ event: 'message', binary: false, payload: new TextEncoder().encode('meerkat') }],
    ]);
    expect(result.duration).toBeGreaterThan(0);
    expect(result.httpRequest).toMatch(/^GET \/echo HTTP\/1\.1\r\nHost: 127\.0\.0\.1:\d+\r\n/);
    expect(result.httpResponse).toMatch(/^HTTP\/1\.1 101 /);
    expect(result.log.map((row) => ('by' in row ? `${row.kind} ${row.by}` : row.kind))).toEqual([
      'octets runner',
      'octets peer',
      'frame runner',
      'frame peer',
      'frame runner',
      'frame peer',
      'note',
    ]);
  });

  it.each([1, 5, 64])('may go out in pieces of %i octets', async (pieces) => {
    const target = targetOf({ url: await meerkatEcho() });
    const result = await runRequestCase(requestCase([OPENS], { pieces }), target, PATIENCE);
    expect(result).toMatchObject({ behavior: 'OK', behaviorClose: 'OK' });
  });

  it('may open behind informational answers', async () => {
    const result = await against(
      (socket, _head, key) => {
        socket.write(`HTTP/1.1 103 Early Hints\r\n\r\n${switching(key)}`);
        echoing(socket, ECHO);
      },
      requestCase([OPENS]),
    );
    expect(result).toMatchObject({ behavior: 'OK', behaviorClose: 'OK' });
    expect(result.httpResponse).toMatch(/^HTTP\/1\.1 103 .*101/s);
  });

  it('is FAILED where it should have been refused', async () => {
    const target = targetOf({ url: await meerkatEcho() });
    const result = await runRequestCase(requestCase([refused([400])]), target, PATIENCE);
    expect(result).toMatchObject({ behavior: 'FAILED', result: 'does what it should not' });
  });

  it('is NON-STRICT where that is said, with the reason', async () => {
    const target = targetOf({ url: await meerkatEcho() });
    const test = requestCase([refused([400]), opensAgainst('it is lax')]);
    expect(await runRequestCase(test, target, PATIENCE)).toMatchObject({
      behavior: 'NON-STRICT',
      behaviorClose: 'OK',
      result: 'opens the connection, which echoes: it is lax',
    });
  });

  it('is NON-STRICT with a field that a 101 must not have', async () => {
    const result = await against(
      (socket, _head, key) => {
        socket.write(switching(key, 'Content-Length: 0\r\n'));
        echoing(socket, ECHO);
      },
      requestCase([OPENS]),
    );
    expect(result.behavior).toBe('NON-STRICT');
    expect(result.result).toContain('Content-Length');
  });

  it.each([
    ['an Accept of another key', (key: string) => switching(`${key}x`), 'answers the key'],
    ['LF alone', (key: string) => switching(key).replaceAll('\r\n', '\n'), 'LF alone'],
    [
      'a subprotocol that was not asked for',
      (key: string) => switching(key, 'Sec-WebSocket-Protocol: a\r\n'),
      'the subprotocol "a"',
    ],
    [
      'an extension that was not asked for',
      (key: string) => switching(key, 'Sec-WebSocket-Extensions: permessage-deflate\r\n'),
      'the extension "permessage-deflate"',
    ],
  ])('is FAILED with %s', async (_title, answer, words) => {
    const result = await against(
      (socket, _head, key) => void socket.write(answer(key)),
      requestCase([OPENS]),
    );
    expect(result).toMatchObject({ behavior: 'FAILED', behaviorClose: 'FAILED', duration: 0 });
    expect(result.result).toContain(words);
  });

  it.each([
    ['another message', Buffer.from('\x81\x07MEERKAT', 'latin1'), 'something else'],
    ['binary', Buffer.from('\x82\x07meerkat', 'latin1'), 'as binary'],
    ['a masked frame', Buffer.from('818000000000', 'hex'), 'masked'],
    ['a Close', Buffer.from('880203ea', 'hex'), 'closes it with 1002'],
  ])('is FAILED when the echo is %s', async (_title, echo, words) => {
    const result = await against(
      (socket, _head, key) => {
        socket.write(switching(key));
        echoing(socket, echo);
      },
      requestCase([OPENS]),
    );
    expect(result.behavior).toBe('FAILED');
    expect(result.result).toContain(words);
  });

  it('is FAILED, and over, when nothing comes back', async () => {
    const result = await against(
      (socket, _head, key) => void socket.write(switching(key)),
      requestCase([OPENS]),
      SHORT,
    );
    expect(result).toMatchObject({
      behavior: 'FAILED',
      behaviorClose: 'UNCLEAN',
      droppedByMe: true,
      result: 'opens the connection and does not echo on it',
    });
  });
});

describe('a request that is refused', () => {
  const REFUSAL = 'HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n';

  it('is over with the head of the answer: the connection may be kept', async () => {
    const result = await against(answering(REFUSAL), requestCase([CLIENT_ERROR]));
    expect(result).toMatchObject({
      behavior: 'OK',
      behaviorClose: 'OK',
      result: 'answers 400 Bad Request',
      duration: 0,
      httpResponse: REFUSAL,
    });
  });

  it('is FAILED with another status, and names the right ones', async () => {
    const result = await against(
      answering('HTTP/1.1 200 OK\r\n\r\n'),
      requestCase([refused([400, 426]), refused([[500, 503]])]),
    );
    expect(result).toMatchObject({
      behavior: 'FAILED',
      result: 'answers 200 OK, where 400, 426 or 500 to 503 is called for',
    });
  });

  it('is FAILED where it should have opened', async () => {
    const result = await against(answering(REFUSAL), requestCase([OPENS]));
    expect(result).toMatchObject({
      behavior: 'FAILED',
      result: 'does what it should not: it answers 400 Bad Request',
    });
  });

  const NEEDS = refused([426], { 'sec-websocket-version': '*', upgrade: 'websocket' });

  it.each([
    ['Upgrade: WebSocket\r\nSec-WebSocket-Version: 13\r\n', 'OK', 'answers 426 Hm'],
    ['Upgrade: h2c, websocket\r\nSec-WebSocket-Version: 8\r\n', 'OK', 'answers 426 Hm'],
    ['Upgrade: h2c\r\nSec-WebSocket-Version: 8\r\n', 'FAILED', 'the field upgrade: websocket'],
    ['Upgrade: websocket\r\n', 'FAILED', 'without the field sec-websocket-version'],
    ['Upgrade: websocket\r\nSec-WebSocket-Version:\r\n', 'FAILED', 'sec-websocket-version'],
  ])('has to have its fields: %j', async (fields, behavior, words) => {
    const answer = `HTTP/1.1 426 Hm\r\n${fields}\r\n`;
    const result = await against(answering(answer), requestCase([NEEDS]));
    expect(result.behavior).toBe(behavior);
    expect(result.result).toContain(words);
  });

  it.each([
    ['silence', '', 'does not answer within 0.3 s'],
    ['half a head', 'HTTP/1.1 400 Bad Request\r\n', 'does not end its head with an empty line'],
  ])('is FAILED by %s', async (_title, text, words) => {
    const result = await against(answering(text), requestCase([CLIENT_ERROR]), SHORT);
    expect(result).toMatchObject({ behavior: 'FAILED', result: words });
    expect(result.timeouts.openHandshake).toBe(true);
  });

  it.each([
    ['something that is not HTTP', 'SSH-2.0-meerkat\r\n', 'which is not HTTP'],
    ['a head without end', `HTTP/1.1 400 Bad\r\nX: ${'a'.repeat(70_000)}`, 'without end'],
    ['1xx without end', 'HTTP/1.1 103 Hints\r\n\r\n'.repeat(100), '1xx answers without end'],
    ['no status line', 'HTTP/1.1 OK\r\n\r\n', 'no HTTP status line'],
  ])('is FAILED by %s', async (_title, text, words) => {
    const result = await against(answering(text), requestCase([CLIENT_ERROR, DROPS]));
    expect(result.behavior).toBe('FAILED');
    expect(result.result).toContain(words);
  });

  it.each([
    ['end', 'ends TCP without an answer'],
    ['resetAndDestroy', 'resets TCP without an answer'],
  ] as const)('may be dropped by %s where that is said', async (how, words) => {
    const drops = await against((socket) => void socket[how](), requestCase([DROPS]));
    expect(drops).toMatchObject({ behavior: 'OK', behaviorClose: 'OK', result: words });
    const other = await against((socket) => void socket[how](), requestCase([CLIENT_ERROR]));
    expect(other).toMatchObject({ behavior: 'FAILED' });
    expect(other.result).toContain(words);
  });

  it('may wait for more: then it is told that no more will come', async () => {
    const waiting = (socket: Duplex): void => {
      socket.resume();
      socket.on('end', () => socket.end());
    };
    const result = await against(waiting, requestCase([DROPS]), SHORT);
    expect(result.behavior).toBe('OK');
    expect(
      result.log.some((row) => row.kind === 'note' && /ends its direction/.test(row.text)),
    ).toBe(true);
  });

  it('cannot be reached', async () => {
    const target = targetOf({ url: await meerkatEcho() });
    const refusing = {
      ...target,
      connect: () => Promise.reject(Object.assign(new Error('no'), { code: 'ECONNREFUSED' })),
    };
    expect(await runRequestCase(requestCase([DROPS]), refusing, PATIENCE)).toMatchObject({
      behavior: 'FAILED',
      result: 'cannot be reached: no (ECONNREFUSED)',
      duration: 0,
    });
  });

  it('is not sent on when the answer is there', async () => {
    let octets = 0;
    const test = requestCase([CLIENT_ERROR], {
      request: `GET / HTTP/1.1\r\n\r\n${'x'.repeat(20_000)}`,
      pieces: 50,
    });
    const result = await against((socket) => {
      socket.on('data', (chunk: Buffer) => (octets += chunk.length));
      socket.write(REFUSAL);
    }, test);
    expect(result.behavior).toBe('OK');
    expect(octets).toBeLessThan(20_000);
  });
});

describe('one answer', () => {
  const ONE = requestCase([CLIENT_ERROR], {
    oneAnswer: true,
    request: upgradeRequest({ behind: 'GET / HTTP/1.1\r\nHost: {host}\r\n\r\n' }),
  });
  const SECOND = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npage';

  function first(fields: string, body = ''): string {
    return `HTTP/1.1 400 Bad Request\r\n${fields}\r\n${body}`;
  }

  it('is what a server gives that ends the connection', async () => {
    const result = await against((socket) => {
      socket.end(first('Content-Length: 5\r\nConnection: close\r\n', 'HTTP/'));
    }, ONE);
    expect(result.behavior).toBe('OK');
  });

  it('is what a server gives that keeps the connection and says no more', async () => {
    const result = await against(answering(first('Content-Length: 2\r\n', 'no')), ONE, SHORT);
    expect(result.behavior).toBe('OK');
  });

  it.each([
    ['in one segment', (text: string) => [text]],
    ['octet by octet', (text: string) => [...text]],
  ])('behind Connection: close no other may come, %s', async (_title, cut) => {
    const answer = first('Content-Length: 2\r\nConnection: close\r\n', `no${SECOND}`);
    const result = await against((socket) => {
      void (async () => {
        for (const piece of cut(answer)) {
          socket.write(piece);
          await new Promise((resolve) => setImmediate(resolve));
        }
        socket.end();
      })();
    }, ONE);
    expect(result).toMatchObject({
      behavior: 'FAILED',
      result: 'answers 400 with Connection: close, and then what was pipelined behind it',
    });
  });

  it('is not all of a connection that is kept, which HTTP allows', async () => {
    const chunked = first('Transfer-Encoding: chunked\r\n', `2\r\nno\r\n0\r\n\r\n${SECOND}`);
    expect((await against(answering(chunked), ONE)).behavior).toBe('NON-STRICT');
  });

  it('has no octets behind its body', async () => {
    const result = await against(answering(first('Content-Length: 2\r\n', 'no, no')), ONE, SHORT);
    expect(result).toMatchObject({
      behavior: 'FAILED',
      result: 'sends octets behind the body of its 400: ", no"',
    });
  });
});

describe('the text of a request', () => {
  const target = targetOf({
    url: 'ws://user:secret@127.0.0.1:9/a?b=1',
    headers: { Host: 'virtual.example', Origin: 'http://own.example', 'X-A': 'a' },
    subprotocols: ['one', 'two'],
  });
  const random = new SeededRandom(1);

  it('has the fields of the user, but for those of the case', () => {
    const text = requestText(
      upgradeRequest({ fields: { Origin: 'http://b.example' } }),
      target,
      random,
    );
    expect(text).toMatch(/^GET \/a\?b=1 HTTP\/1\.1\r\nHost: virtual\.example\r\n/);
    expect(text.match(/^Origin: .*$/gm)).toEqual(['Origin: http://b.example']);
    expect(text).toContain('\r\nX-A: a\r\n');
    expect(text).toContain('\r\nSec-WebSocket-Protocol: one, two\r\n');
    expect(text).toContain('\r\nAuthorization: Basic ');
    expect(text.endsWith('\r\n\r\n')).toBe(true);
  });

  it('has a key of 16 octets, another each time, the same from the same seed', () => {
    const keys = [1, 1, 2].map((seed) => requestText('{key}', target, new SeededRandom(seed)));
    expect(keys[0]).toBe(keys[1]);
    expect(keys[0]).not.toBe(keys[2]);
    expect(Buffer.from(keys[0] ?? '', 'base64').length).toBe(16);
  });

  it('adds a parameter behind what is there', () => {
    expect(requestText('{path}{and}c', target, random)).toBe('/a?b=1&c');
    expect(requestText('{path}{and}c', { ...target, path: '/' }, random)).toBe('/?c');
  });
});
