import { connect } from 'meerkat';
import { ManualClock } from 'meerkat/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { failure } from '../support/dialling.ts';
import { expectNothingUnhandled } from '../support/failures.ts';
import { acceptOf, type FakeRequest, fakeServer, switching } from '../support/fake-server.ts';
import { turns, until } from '../support/waiting.ts';

beforeEach(expectNothingUnhandled);

type Answer = (request: FakeRequest) => string;

describe('Sec-WebSocket-Accept (RFC 6455 §4.1)', () => {
  it.each<[string, Answer]>([
    ['of another key', ({ key }) => switching(key, { 'Sec-WebSocket-Accept': acceptOf('other') })],
    [
      'that is fixed',
      ({ key }) => switching(key, { 'Sec-WebSocket-Accept': 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=' }),
    ],
    ['that is the key', ({ key }) => switching(key, { 'Sec-WebSocket-Accept': key })],
    ['that is empty', ({ key }) => switching(key, { 'Sec-WebSocket-Accept': '' })],
  ])('D7 an Accept %s: "Sec-WebSocket-Accept mismatch"', async (_title, answer) => {
    const server = await fakeServer(answer);
    const error = await failure(connect(server.url));
    expect(error).toMatchObject({ code: 'WS_RESPONSE_ACCEPT', status: 101 });
    expect(error.message).toMatch(/^Sec-WebSocket-Accept mismatch/);
    expect(error.headers).toContainEqual(['Upgrade', 'websocket']);
    await until(() => server.sockets[0]?.readableEnded === true); // the client has ended the connection
  });

  it.each<[string, Answer]>([
    ['wrong', ({ key }) => switching(key, { 'Sec-WebSocket-Accept': acceptOf('other') })],
    ['missing', ({ key }) => switching(key, { 'Sec-WebSocket-Accept': undefined })],
    [
      'there twice',
      ({ key }) => switching(key, { 'Sec-WebSocket-Accept': [acceptOf(key), acceptOf(key)] }),
    ],
    [
      'lower-cased',
      ({ key }) => switching(key, { 'Sec-WebSocket-Accept': acceptOf(key).toLowerCase() }),
    ],
    [
      'followed by more',
      ({ key }) => switching(key, { 'Sec-WebSocket-Accept': `${acceptOf(key)}, x` }),
    ],
  ])('K2 an Accept that is %s fails', async (_title, answer) => {
    const server = await fakeServer(answer);
    expect(await failure(connect(server.url))).toMatchObject({ code: 'WS_RESPONSE_ACCEPT' });
  });
});

describe('another status than 101', () => {
  it.each([
    [200, 'OK', 'a page'],
    [302, 'Found', ''],
    [401, 'Unauthorized', 'who are you?'],
    [404, 'Not Found', 'grüße'],
    [500, 'Internal Server Error', 'sorry'],
  ])('K3 %i fails with status, header fields and body', async (status, name, body) => {
    const server = await fakeServer(
      Buffer.from(
        `HTTP/1.1 ${status} ${name}\r\nX-Why: because\r\nLocation: http://127.0.0.1/\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
      ).toString('latin1'),
    );
    const error = await failure(connect(server.url));
    expect(error).toMatchObject({ code: 'WS_RESPONSE_STATUS', status, body });
    expect(error.message).toContain(`${status} ${name}`);
    expect(error.headers).toContainEqual(['X-Why', 'because']);
    expect(server.heads.length).toBe(1); // no redirect is followed
  });

  it('K3 426 fails with the versions that the server speaks', async () => {
    const server = await fakeServer(
      'HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nConnection: close, Upgrade\r\nSec-WebSocket-Version: 8, 13\r\nContent-Length: 0\r\n\r\n',
    );
    const error = await failure(connect(server.url));
    expect(error).toMatchObject({ code: 'WS_RESPONSE_STATUS', status: 426 });
    expect(error.headers).toContainEqual(['Sec-WebSocket-Version', '8, 13']);
  });

  it('K3 a body is kept up to 64 KiB, and the rest is not waited for', async () => {
    const server = await fakeServer(({ socket }) => {
      socket.write('HTTP/1.1 403 Forbidden\r\n\r\n');
      const flood = (): void => {
        while (!socket.destroyed && socket.write('b'.repeat(10_000)));
      };
      socket.on('drain', flood);
      flood();
    });
    const error = await failure(connect(server.url));
    expect(error.status).toBe(403);
    expect(error.body).toBe('b'.repeat(65_536));
  });

  it('K3 a chunked body is put together', async () => {
    const server = await fakeServer(
      'HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n3\r\npe!\r\n0\r\n\r\n',
    );
    expect(await failure(connect(server.url))).toMatchObject({ status: 403, body: 'nope!' });
  });

  it('K3 a body that is cut off is reported with what is there', async () => {
    const server = await fakeServer(({ socket }) => {
      socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 50\r\n\r\nonly this');
    });
    expect(await failure(connect(server.url))).toMatchObject({ status: 403, body: 'only this' });
  });
});

describe('a 101 that is wrong (RFC 6455 §4.1)', () => {
  it.each<[string, Answer, string]>([
    [
      'K4 a subprotocol that was not offered',
      ({ key }) => switching(key, { 'Sec-WebSocket-Protocol': 'other' }),
      'WS_RESPONSE_SUBPROTOCOL',
    ],
    [
      'K4 a subprotocol in other case',
      ({ key }) => switching(key, { 'Sec-WebSocket-Protocol': 'CHAT' }),
      'WS_RESPONSE_SUBPROTOCOL',
    ],
    [
      'K4 an empty subprotocol',
      ({ key }) => switching(key, { 'Sec-WebSocket-Protocol': '' }),
      'WS_RESPONSE_SUBPROTOCOL',
    ],
    [
      'K4 two subprotocols',
      ({ key }) => switching(key, { 'Sec-WebSocket-Protocol': 'chat, superchat' }),
      'WS_RESPONSE_SUBPROTOCOL',
    ],
    [
      'K4 the same subprotocol twice',
      ({ key }) => switching(key, { 'Sec-WebSocket-Protocol': ['chat', 'chat'] }),
      'WS_RESPONSE_SUBPROTOCOL',
    ],
    ['K7 HTTP/1.0', ({ key }) => switching(key, {}, 'HTTP/1.0'), 'WS_RESPONSE_HTTP_VERSION'],
    [
      'K7 Content-Length',
      ({ key }) => switching(key, { 'Content-Length': '5' }),
      'WS_RESPONSE_BODY',
    ],
    [
      'K7 Content-Length: 0',
      ({ key }) => switching(key, { 'Content-Length': '0' }),
      'WS_RESPONSE_BODY',
    ],
    [
      'K7 Transfer-Encoding',
      ({ key }) => switching(key, { 'Transfer-Encoding': 'chunked' }),
      'WS_RESPONSE_BODY',
    ],
  ])('%s fails', async (_title, answer, code) => {
    const server = await fakeServer(answer);
    expect(
      await failure(connect(server.url, { subprotocols: ['chat', 'superchat'] })),
    ).toMatchObject({ code, status: 101 });
    await until(() => server.sockets[0]?.readableEnded === true);
  });

  it('K4 a subprotocol fails when none was offered', async () => {
    const server = await fakeServer(({ key }) =>
      switching(key, { 'Sec-WebSocket-Protocol': 'chat' }),
    );
    expect(await failure(connect(server.url))).toMatchObject({ code: 'WS_RESPONSE_SUBPROTOCOL' });
  });

  it('K4 none, though one is required, fails; without requireSubprotocol it does not', async () => {
    const server = await fakeServer(({ key }) => switching(key));
    const subprotocols = ['chat'];
    const options = { subprotocols, requireSubprotocol: true };
    expect(await failure(connect(server.url, options))).toMatchObject({
      code: 'WS_RESPONSE_SUBPROTOCOL',
    });
    const connection = await connect(server.url, { subprotocols });
    expect(connection.protocol).toBe('');
    connection.terminate();
  });

  it.each<[string, Record<string, string | string[] | undefined>, string]>([
    ['without Upgrade', { Upgrade: undefined }, 'WS_RESPONSE_UPGRADE'],
    ['with another Upgrade', { Upgrade: 'h2c' }, 'WS_RESPONSE_UPGRADE'],
    ['with two in one', { Upgrade: 'websocket, h2c' }, 'WS_RESPONSE_UPGRADE'],
    ['with Upgrade twice', { Upgrade: ['websocket', 'websocket'] }, 'WS_RESPONSE_UPGRADE'],
    ['without Connection', { Connection: undefined }, 'WS_RESPONSE_CONNECTION'],
    ['with another Connection', { Connection: 'keep-alive' }, 'WS_RESPONSE_CONNECTION'],
    [
      'with a Connection that only begins like it',
      { Connection: 'Upgraded' },
      'WS_RESPONSE_CONNECTION',
    ],
    ['without either', { Upgrade: undefined, Connection: undefined }, 'WS_RESPONSE_UPGRADE'],
  ])('%s fails', async (_title, headers, code) => {
    const server = await fakeServer(({ key }) => switching(key, headers));
    expect(await failure(connect(server.url))).toMatchObject({ code, status: 101 });
  });

  it.each(['upgrade', 'keep-alive, Upgrade', ',,Upgrade,'])(
    'but Connection: %s is right',
    async (Connection) => {
      const server = await fakeServer(({ key }) => switching(key, { Connection }));
      const connection = await connect(server.url);
      connection.terminate();
      await connection.closed;
    },
  );
});

describe('what is hardly HTTP', () => {
  it.each<[string, Answer]>([
    ['garbage', () => '\x00\xff\xfe\r\n\r\n'],
    ['a WebSocket frame', () => '\x81\x02hi'],
    [
      'bare LF at the end of lines (row E of the documents)',
      ({ key }) => switching(key).replaceAll('\r\n', '\n'),
    ],
    [
      'a field without a colon',
      ({ key }) => switching(key).replace('Upgrade: websocket', 'Upgrade websocket'),
    ],
    ['a status of two digits', () => 'HTTP/1.1 20 OK\r\n\r\n'],
    ['HTTP/2', () => 'HTTP/2 101 Switching\r\n\r\n'],
    ['another protocol', () => '220 mail.example ESMTP\r\n'],
    ['NUL in a value', ({ key }) => switching(key, { 'X-Nul': 'a\0b' })],
  ])('%s fails', async (_title, answer) => {
    const server = await fakeServer(answer);
    expect(await failure(connect(server.url))).toMatchObject({
      code: 'WS_RESPONSE_HEADERS',
      status: 0,
    });
  });

  it('K6 a head of more than 16 KiB fails', async () => {
    const server = await fakeServer(({ key }) =>
      switching(key, { 'X-Filler': 'a'.repeat(17_000) }),
    );
    expect(await failure(connect(server.url))).toMatchObject({ code: 'WS_RESPONSE_HEADERS' });
  });

  it('K6 a body that never ends is kept up to 64 KiB, and its connection is ended', async () => {
    const chunk = `2710\r\n${'b'.repeat(10_000)}\r\n`;
    const server = await fakeServer(({ socket }) => {
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
      const flood = (): void => {
        while (!socket.destroyed && socket.write(chunk));
      };
      socket.on('drain', flood);
      flood();
    });
    const before = process.memoryUsage().arrayBuffers;
    const error = await failure(connect(server.url));
    expect(error).toMatchObject({ status: 200, body: 'b'.repeat(65_536) });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 1_048_576);
    await until(() => server.sockets[0]?.destroyed === true);
  });

  it('K6 what keeps coming does not stop the clock: 10 s in all', async () => {
    const clock = new ManualClock();
    const server = await fakeServer(({ socket }) => void socket.write('HTTP/1.1 200 OK\r\n\r\nb'));
    const dialled = failure(connect(server.url, { clock }));
    await until(() => (server.sockets[0]?.bytesWritten ?? 0) > 0);
    for (let second = 1; second <= 10; second += 1) {
      server.sockets[0]?.write('b');
      await turns(3);
      clock.advance(1_000);
    }
    expect(await dialled).toMatchObject({ status: 200, body: expect.stringMatching(/^b+$/) });
    expect(clock.pending).toBe(0);
  });

  it('K6 a head that never ends fails', async () => {
    const server = await fakeServer(({ socket }) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\n');
      const flood = (): void => {
        while (!socket.destroyed && socket.write('X-Filler: aaaaaaaaaaaaaaaaaaaa\r\n'));
      };
      socket.on('drain', flood);
      flood();
    });
    expect(await failure(connect(server.url))).toMatchObject({ code: 'WS_RESPONSE_HEADERS' });
  });

  it.each([130, 1_100, 2_200])(
    'K6 %i header lines in front of a second Accept fail, where Node drops fields silently',
    async (count) => {
      const server = await fakeServer(({ key }) =>
        switching(key, {
          x: Array<string>(count).fill(''),
          'sec-websocket-accept': acceptOf('other'),
        }),
      );
      expect(await failure(connect(server.url))).toMatchObject({ code: 'WS_RESPONSE_HEADERS' });
    },
  );

  it('K6 128 header lines are taken', async () => {
    const server = await fakeServer(({ key }) =>
      switching(key, { 'X-Filler': Array<string>(125).fill('a') }),
    );
    const connection = await connect(server.url);
    connection.terminate();
    await connection.closed;
  });

  it.each([100, 102, 103])('K6 %i before the 101 is passed over', async (status) => {
    const server = await fakeServer(
      ({ key }) => `HTTP/1.1 ${status} Wait\r\nLink: </a>\r\n\r\n${switching(key)}`,
    );
    const connection = await connect(server.url);
    connection.terminate();
    await connection.closed;
  });

  it('K6 16 informational responses are passed over, 17 fail', async () => {
    const some = 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(16);
    const server = await fakeServer(({ key }) => some + switching(key));
    const connection = await connect(server.url);
    connection.terminate();
    await connection.closed;
    const worse = await fakeServer(
      ({ key }) => `${some}HTTP/1.1 100 Continue\r\n\r\n${switching(key)}`,
    );
    expect(await failure(connect(worse.url))).toMatchObject({ code: 'WS_RESPONSE_HEADERS' });
  });

  it('K6 informational responses without end fail', async () => {
    const server = await fakeServer(({ socket }) => {
      const flood = (): void => {
        while (!socket.destroyed && socket.write('HTTP/1.1 103 Early Hints\r\n\r\n'));
      };
      socket.on('drain', flood);
      flood();
    });
    expect(await failure(connect(server.url))).toMatchObject({ code: 'WS_RESPONSE_HEADERS' });
  });
});
