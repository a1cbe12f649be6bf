// The HTTP answer, the fields of a 101, and frames.
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { WebSocketServer } from 'meerkat';
import { describe, expect, it } from 'vitest';
import { WebSocketServer as WsServer } from 'ws';
import { diagnose } from '../../src/diagnose/diagnose.ts';
import type { DiagnoseOptions, Diagnosis, Step } from '../../src/diagnose/diagnosis.ts';
import {
  acceptOf,
  fieldOf,
  frameOf,
  type Habits,
  later,
  listen,
  rawServer,
  sloppyServer,
} from './sloppy-server.ts';

const TIMEOUT_MS = 400;
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

function look(url: string, more: Partial<DiagnoseOptions> = {}): Promise<Diagnosis> {
  return diagnose({ url, timeoutMs: TIMEOUT_MS, ...more });
}

function faults({ steps }: Diagnosis): string[] {
  return [...new Set(steps.flatMap(({ fault }) => fault ?? []))];
}

function stepWith({ steps }: Diagnosis, fault: Step['fault']): Step | undefined {
  return steps.find((one) => one.fault === fault);
}

/** A server that answers every request with these octets. */
function answering(octets: string | Buffer, ends = true): Promise<string> {
  return rawServer((socket) => {
    socket.once('data', () => (ends ? socket.end(octets) : socket.write(octets)));
  });
}

describe.concurrent('servers that are right', () => {
  it('meerkat works, without a warning', async () => {
    const server = createServer();
    const webSockets = new WebSocketServer({
      async message(connection, message) {
        if (connection.send(message) !== 'sent') await connection.drained();
      },
    }).attach(server);
    const port = await listen(server);
    later(() => webSockets.close({ timeout: 100 }));
    const diagnosis = await look(`ws://127.0.0.1:${port}/`, { timeoutMs: 2000 });
    expect(faults(diagnosis)).toEqual([]);
    expect(diagnosis.verdict).toBe('works');
  });

  it('ws works, with warnings about Host and Origin', async () => {
    const server = createServer();
    const webSockets = new WsServer({ server });
    webSockets.on('connection', (peer) => {
      peer.on('error', () => {});
      peer.on('message', (data, binary) => peer.send(data, { binary }));
    });
    const port = await listen(server);
    later(() => {
      for (const peer of webSockets.clients) peer.terminate();
      webSockets.close();
    });
    const diagnosis = await look(`ws://127.0.0.1:${port}/`, { timeoutMs: 2000 });
    expect(faults(diagnosis)).toEqual(['host-ignored', 'any-origin']);
    expect(diagnosis.verdict).toBe('works');
  });

  it('one that echoes nothing works; what only an echo shows is skipped', async () => {
    const diagnosis = await look(await sloppyServer({ reply: () => undefined }));
    expect(faults(diagnosis)).toEqual([]);
    expect(diagnosis.steps.find(({ name }) => name === 'text echo')?.outcome).toBe('skipped');
    expect(diagnosis.steps.map(({ name }) => name)).not.toContain('binary echo');
  });

  it('one that answers everything in its own words works', async () => {
    const diagnosis = await look(
      await sloppyServer({ reply: () => frameOf(1, '{"error":"what?"}') }),
    );
    expect(faults(diagnosis)).toEqual([]);
  });
});

describe.concurrent('no HTTP answer', () => {
  it.each([
    ['an end', (): Promise<string> => answering(''), 'closed-without-answer'],
    [
      'a reset',
      () => rawServer((socket) => socket.once('data', () => socket.resetAndDestroy())),
      'reset-without-answer',
    ],
    [
      'SSH',
      () => rawServer((socket) => void socket.write('SSH-2.0-OpenSSH_9.9\r\n')),
      'other-protocol',
    ],
    ['octets', () => answering(Buffer.from('\x01\x02\x1b[2Jhello', 'latin1')), 'not-http'],
    ['a page without a head', () => answering('<html>\n'), 'not-http'],
    ['HTTP/2', () => answering(Buffer.from('000000040000000000', 'hex')), 'http-version'],
  ])('but %s', async (_what, serve, fault) => {
    const diagnosis = await look(await serve());
    expect(faults(diagnosis)).toEqual([fault]);
    expect(diagnosis.verdict).toBe('does not work');
    for (const { seen } of diagnosis.steps) expect(seen).toMatch(/^[\x20-\x7e…→]+$/);
  });

  it('but one that never ends: fields without end, as fast as they can be read', async () => {
    const url = await rawServer((socket) => {
      const more = (): void => {
        while (!socket.destroyed && socket.write(`X-Field: ${'a'.repeat(1000)}\r\n`));
      };
      socket.once('data', () => {
        socket.write('HTTP/1.1 101 Switching Protocols\r\n');
        socket.on('drain', more);
        more();
      });
    });
    expect(faults(await look(url, { timeoutMs: 2000 }))).toEqual(['endless-answer']);
  });

  it('but one that never ends: a field now and then', async () => {
    const url = await rawServer((socket) => {
      socket.once('data', () => {
        socket.write('HTTP/1.1 101 Switching Protocols\r\n');
        const timer = setInterval(() => socket.write('X-Field: a\r\n'), 10);
        socket.once('close', () => clearInterval(timer));
      });
    });
    expect(faults(await look(url, { timeoutMs: 1000 }))).toEqual(['endless-answer']);
  });
});

describe.concurrent('an answer that refuses', () => {
  it.each([
    ['200, a page', '200 OK', '', '<html></html>', 'page'],
    ['a redirect', '302 Found', 'Location: https://example.com/login\r\n', '', 'redirect'],
    ['400', '400 Bad Request', '', 'no', 'bad-request'],
    [
      '400 for want of an upgrade',
      '400 Bad Request',
      '',
      'Can "Upgrade" only to "WebSocket".',
      'upgrade-stripped',
    ],
    ['401', '401 Unauthorized', 'WWW-Authenticate: Bearer\r\n', '', 'unauthorized'],
    ['403', '403 Forbidden', '', '', 'forbidden'],
    ['404', '404 Not Found', '', '', 'not-found'],
    ['405', '405 Method Not Allowed', '', '', 'method-not-allowed'],
    [
      '426 with another version',
      '426 Upgrade Required',
      'Sec-WebSocket-Version: 8, 7\r\n',
      '',
      'version-refused',
    ],
    ['426', '426 Upgrade Required', 'Upgrade: websocket\r\n', '', 'upgrade-stripped'],
    ['429', '429 Too Many Requests', 'Retry-After: 7\r\n', '', 'too-many-requests'],
    ['500', '500 Internal Server Error', '', '', 'server-error'],
    ['502', '502 Bad Gateway', 'Server: nginx\r\n', '', 'proxy-error'],
    ['503', '503 Service Unavailable', '', '', 'proxy-error'],
    ['504', '504 Gateway Timeout', '', '', 'proxy-error'],
    ['418', '418 Teapot', '', '', 'status'],
    ['Socket.IO', '400 Bad Request', '', '{"code":0,"message":"Transport unknown"}', 'engine-io'],
    ['SockJS', '200 OK', '', 'Welcome to SockJS!\n', 'sockjs'],
    [
      'GraphQL',
      '400 Bad Request',
      '',
      '{"errors":[{"message":"Must provide query string."}]}',
      'graphql',
    ],
    ['SignalR', '404 Not Found', '', 'No Connection with that ID', 'signalr'],
    [
      'a TLS port of nginx',
      '400 Bad Request',
      '',
      'The plain HTTP request was sent to HTTPS port',
      'plain-on-tls-port',
    ],
    ['Server-Sent Events', '200 OK', 'Content-Type: text/event-stream\r\n', '', 'event-stream'],
  ])('%s', async (_what, status, fields, body, fault) => {
    const url = await answering(
      `HTTP/1.1 ${status}\r\n${fields}Content-Length: ${body.length}\r\n\r\n${body}`,
    );
    const diagnosis = await look(url);
    expect(faults(diagnosis)).toEqual([fault]);
    expect(diagnosis.verdict).toBe('does not work');
    expect(diagnosis.conclusion.length).toBeGreaterThan(40);
  });

  it('escapes what the server says', async () => {
    const url = await answering('HTTP/1.1 418 \x1b[31mred\r\nContent-Length: 5\r\n\r\n\x1b]0;a');
    expect(JSON.stringify(await look(url))).not.toMatch(/\\u001b/);
  });

  it('403 for the Origin: with the own one it lets in', async () => {
    const diagnosis = await look(await sloppyServer(), { origin: 'https://example.com' });
    expect(faults(diagnosis)).toEqual(['forbidden', 'origin-refused']);
    expect(stepWith(diagnosis, 'origin-refused')?.seen).toMatch(
      /^It is the Origin: with the Origin http:/,
    );
  });

  it('403 for want of an Origin: with its own one gets in', async () => {
    const url = await sloppyServer({ needsOrigin: true });
    const diagnosis = await look(url);
    expect(faults(diagnosis)).toEqual(['forbidden', 'origin-refused']);
    const own = url.replace('ws:', 'http:').replace(/\/$/, '');
    expect(stepWith(diagnosis, 'origin-refused')?.advice).toBe(`Send it: --origin ${own}`);
  });

  it('404, with a WebSocket at another usual path', async () => {
    const diagnosis = await look(`${await sloppyServer({ path: '/ws' })}chat`);
    expect(faults(diagnosis)).toEqual(['not-found']);
    expect(diagnosis.steps.find(({ name }) => name === 'other paths')).toMatchObject({
      outcome: 'ok',
      seen: 'There is a WebSocket at /ws.',
      advice: expect.stringMatching(/\/ws$/),
    });
  });
});

describe.concurrent('a field of the handshake', () => {
  const changing = (from: RegExp, to: string): Habits => ({
    answer: (right) => right.replace(from, to),
  });
  it.each([
    ['HTTP/1.0', changing(/1\.1/, '1.0'), 'http-version'],
    ['no Upgrade', changing(/Upgrade: websocket\r\n/, ''), 'upgrade-field'],
    ['another Upgrade', changing(/websocket\r/, 'h2c\r'), 'upgrade-field'],
    ['no Connection', changing(/Connection: Upgrade\r\n/, ''), 'connection-field'],
    [
      'another Connection',
      changing(/Connection: Upgrade/, 'Connection: keep-alive'),
      'connection-field',
    ],
    ['no Accept', changing(/Sec-WebSocket-Accept.*\r\n/, ''), 'accept-missing'],
    ['an Accept twice', changing(/(Sec-WebSocket-Accept.*\r\n)/, '$1$1'), 'accept-twice'],
    ['a body', changing(/\r\n\r\n$/, '\r\nContent-Length: 2\r\n\r\n'), 'body-announced'],
    [
      'an extension that was not offered',
      changing(/\r\n\r\n$/, '\r\nSec-WebSocket-Extensions: permessage-foo\r\n\r\n'),
      'extension-not-offered',
    ],
    [
      'a subprotocol that was not offered',
      changing(/\r\n\r\n$/, '\r\nSec-WebSocket-Protocol: chat\r\n\r\n'),
      'protocol-not-offered',
    ],
  ])('%s', async (_what, habits, fault) => {
    expect(faults(await look(await sloppyServer(habits)))).toEqual([fault]);
  });

  it('no Upgrade, and Connection: close: a proxy removed them', async () => {
    const habits = changing(/Upgrade: websocket\r\nConnection: Upgrade/, 'Connection: close');
    expect(faults(await look(await sloppyServer(habits)))).toEqual([
      'upgrade-stripped',
      'connection-field',
    ]);
  });

  it.each([
    ['without the GUID', (key: string) => sha1(key).toString('base64'), 'the GUID is missing'],
    ['in hex', (key: string) => sha1(key + GUID).toString('hex'), 'in hex digits'],
    [
      'in base64 of hex',
      (key: string) => Buffer.from(sha1(key + GUID).toString('hex')).toString('base64'),
      'base64 of the hex digits',
    ],
    ['of a key that is not trimmed', (key: string) => acceptOf(` ${key}`), 'trimmed'],
    [
      'of the decoded key',
      (key: string) =>
        sha1(Buffer.concat([Buffer.from(key, 'base64'), Buffer.from(GUID)])).toString('base64'),
      'decoded',
    ],
    [
      'with another GUID',
      (key: string) => sha1(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B12`).toString('base64'),
      'Perhaps the GUID',
    ],
    ['that is the key', (key: string) => key, 'the key itself'],
    ['without padding', (key: string) => acceptOf(key).replace('=', ''), 'the = at its end'],
  ])('an Accept %s', async (_what, accept, words) => {
    const diagnosis = await look(await sloppyServer({ accept }));
    expect(faults(diagnosis)).toEqual(['accept-wrong']);
    expect(stepWith(diagnosis, 'accept-wrong')?.means).toContain(words);
  });

  it.each([
    ['the whole list', 'chat, superchat', 'protocol-list-echoed'],
    ['another one', 'Chat', 'protocol-not-offered'],
    ['none', undefined, 'protocol-not-chosen'],
    ['the second', 'superchat', undefined],
  ])('where subprotocols are offered: %s', async (_what, value, fault) => {
    const line = value === undefined ? '' : `Sec-WebSocket-Protocol: ${value}\r\n`;
    const url = await sloppyServer({ answer: (right) => right.replace(/\r\n$/, `${line}\r\n`) });
    const diagnosis = await look(url, { subprotocols: ['chat', 'superchat'] });
    expect(faults(diagnosis)).toEqual(fault === undefined ? [] : [fault]);
  });

  it('compression whose offer is sent back', async () => {
    const url = await sloppyServer({
      answer: (right, request) => {
        const offer = fieldOf(request, 'Sec-WebSocket-Extensions');
        return offer === undefined
          ? right
          : right.replace(/\r\n$/, `Sec-WebSocket-Extensions: ${offer}\r\n\r\n`);
      },
    });
    const diagnosis = await look(url);
    expect(faults(diagnosis)).toEqual(['extension-answer']);
    expect(stepWith(diagnosis, 'extension-answer')?.means).toContain('sent back');
  });
});

describe.concurrent('frames', () => {
  const empty: Habits = { reply: () => undefined };
  it.each([
    ['a body behind the 101', { behind: Buffer.from('<html>hello</html>') }, ['body-after-101']],
    ['octets behind the 101', { ...empty, behind: Buffer.from('8f00', 'hex') }, ['garbage']],
    [
      'a length in the wrong byte order',
      { reply: ({ payload }) => Buffer.concat([Buffer.of(0x81, 126, payload.length, 0), payload]) },
      ['unfinished-frame'],
    ],
    [
      'a masked frame',
      { ...empty, behind: Buffer.from('8181010203046a', 'hex') },
      ['masked-by-server'],
    ],
    ['a reserved bit', { ...empty, behind: Buffer.from('c10161', 'hex') }, ['reserved-bits']],
    [
      'text that is not UTF-8',
      { ...empty, behind: Buffer.from('8101ff', 'hex') },
      ['text-not-utf8'],
    ],
    ['a frame in the segment of the answer', { behind: frameOf(1, 'welcome') }, []],
    ['a greeting of Socket.IO', { ...empty, behind: frameOf(1, '0{"sid":"a"}') }, ['engine-io']],
    ['a greeting of SockJS', { ...empty, behind: frameOf(1, 'o') }, ['sockjs']],
    [
      'a Close at once',
      { behind: frameOf(8, Buffer.from('\x11\x36Subprotocol not acceptable', 'latin1')) },
      ['closed-at-once'],
    ],
    ['no Pong', { pong: () => undefined }, ['no-pong']],
    ['a Pong with other octets', { pong: () => frameOf(10, 'other') }, ['pong-payload']],
    ['no answer to Close', { close: 'silent' }, ['no-answer-to-close']],
    ['an end at Close, without a frame', { close: 'drops' }, ['no-close-frame']],
    ['TCP left open', { close: 'stays' }, ['tcp-left-open']],
    [
      'an echo that is cut',
      { reply: ({ opcode, payload }) => frameOf(opcode, payload.subarray(0, 6)) },
      ['truncated-echo'],
    ],
    ['an echo without a frame', { reply: ({ payload }) => payload }, ['unframed']],
    [
      'an echo of text as binary',
      { reply: ({ payload }) => frameOf(2, payload) },
      ['binary-for-text'],
    ],
  ] satisfies [string, Habits, string[]][])('%s', async (_what, habits, expected) => {
    const found = faults(await look(await sloppyServer(habits)));
    if (expected.length === 0) expect(found).toEqual([]);
    else expect(found).toEqual(expect.arrayContaining(expected));
  });

  it('shows the octets that are wrong', async () => {
    const diagnosis = await look(
      await sloppyServer({ ...empty, behind: Buffer.from('c10161', 'hex') }),
    );
    expect(stepWith(diagnosis, 'reserved-bits')).toMatchObject({
      octets: 'c1 01 61',
      rule: 'RFC 6455 §5.2',
    });
  });
});

it.concurrent('tells of each step as soon as it is known, in the order of the diagnosis', async () => {
  const told: Step[] = [];
  const diagnosis = await look(await sloppyServer(), { onStep: (step) => told.push(step) });
  expect(told).toEqual(diagnosis.steps);
});

it.concurrent('sends the header fields that are asked for, with each request', async () => {
  const seen: (string | undefined)[] = [];
  const url = await sloppyServer({
    answer: (right, request) => {
      seen.push(fieldOf(request, 'Cookie'));
      return right;
    },
  });
  await look(url, { headers: { Cookie: 'a=b' } });
  expect(seen.length).toBeGreaterThan(1);
  expect(new Set(seen)).toEqual(new Set(['a=b']));
});

function sha1(data: string | Buffer): Buffer {
  return createHash('sha1').update(data).digest();
}
