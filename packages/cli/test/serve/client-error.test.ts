import { createServer, type Server, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { Duplex } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { answerClientError } from '../../src/serve/client-error.ts';
import { HTTP_SERVER_OPTIONS } from '../../src/serve/http-server-options.ts';
import { exchange, listen, parseAnswer, readToEnd } from './serving.ts';

let server: Server;
let listening: Awaited<ReturnType<typeof listen>>;
let handle: (response: ServerResponse) => void;

beforeEach(async () => {
  handle = (response) => response.end('fine');
  server = createServer(
    {
      ...HTTP_SERVER_OPTIONS,
      headersTimeout: 100,
      requestTimeout: 100,
      connectionsCheckingInterval: 20,
    },
    (_request, response) => handle(response),
  );
  server.on('clientError', answerClientError);
  listening = await listen(server);
});
afterEach(() => listening.close());

const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
const POST = 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n';

describe('answerClientError', () => {
  it.each([
    ['garbage', '\xff\xfe\x00\x01\r\n', 400],
    ['HTTP/1.2', 'GET / HTTP/1.2\r\nHost: x\r\n\r\n', 400],
    ['a line without a colon', 'GET / HTTP/1.1\r\nHost\r\n\r\n', 400],
    ['a preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
    [
      'a header block of 17 KiB',
      `GET / HTTP/1.1\r\nHost: x\r\na: ${'b'.repeat(17_408)}\r\n\r\n`,
      431,
    ],
    ['a target of 17 KiB', `GET /${'b'.repeat(17_408)} HTTP/1.1\r\nHost: x\r\n\r\n`, 431],
    ['nothing at all', '', 408],
    ['half a header', 'GET / HTTP/1.1\r\nHost: ', 408],
  ])('answers %s once, completely, and closes', async (_what, octets, status) => {
    const answer = await exchange(listening.port, Buffer.from(octets, 'latin1'));
    const { headers, body } = parseAnswer(answer);
    expect(parseAnswer(answer).status).toBe(status);
    expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1);
    expect(headers).toMatchObject({ connection: 'close', 'content-length': String(body.length) });
  });

  it('does not serve a request whose rest arrives after the 408', async () => {
    let served = 0;
    handle = (response) => {
      served += 1;
      response.end();
    };
    const socket = connect({ port: listening.port, host: '127.0.0.1', allowHalfOpen: true });
    const ended = readToEnd(socket);
    socket.write(GET.slice(0, -2));
    await new Promise((resolve) => socket.once('data', resolve));
    socket.end(GET.slice(-2) + GET);
    expect((await ended).match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 408']);
    expect(served).toBe(0);
  });

  it('answers a body that is cut short, or has too long an extension, while nothing was answered', async () => {
    handle = (response) => response.req.resume();
    expect(parseAnswer(await exchange(listening.port, `${POST}5\r\nab`)).status).toBe(408);
    expect(parseAnswer(await exchange(listening.port, `${POST}zz\r\n`)).status).toBe(400);
    const extension = `${POST}1;${'a'.repeat(17_000)}\r\n`;
    expect(parseAnswer(await exchange(listening.port, extension)).status).toBe(413);
  });

  it('answers only behind the response to an earlier request', async () => {
    const waiting: ServerResponse[] = [];
    handle = (response) => void waiting.push(response);
    const socket = connect(listening.port, '127.0.0.1');
    server.on('clientError', () => waiting[0]?.end('first')); // the garbage is known before the first answer is
    socket.write(`${GET}garbage\r\n\r\n`);
    const octets = await readToEnd(socket);
    expect(octets.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 400']);
    expect(octets.indexOf('first')).toBeLessThan(octets.indexOf('400'));
  });

  it('cuts off a response that had begun before its request turned out bad', async () => {
    handle = (response) => {
      response.req.resume();
      response.write('part');
    };
    const socket = connect(listening.port, '127.0.0.1');
    socket.write(POST);
    socket.once('data', () => socket.write('zz\r\n'));
    const octets = await readToEnd(socket);
    expect(octets.match(/HTTP\/1\.1/g)).toHaveLength(1);
    expect(octets).toContain('part');
    expect(octets.endsWith('0\r\n\r\n')).toBe(false);
  });

  it('closes although the client never does', async () => {
    const closed = new Promise((resolve) => {
      server.once('connection', (accepted) => accepted.once('close', resolve));
    });
    const socket = connect({ port: listening.port, host: '127.0.0.1', allowHalfOpen: true });
    socket.write('garbage\r\n\r\n');
    socket.resume();
    await closed;
    socket.destroy();
  });

  it('destroys a socket that cannot be written to', () => {
    const socket = new Duplex({ read() {}, write() {} });
    socket.end();
    answerClientError(new Error('reset'), socket);
    expect(socket.destroyed).toBe(true);
  });
});

describe('HTTP_SERVER_OPTIONS', () => {
  it('are the defaults of the catalogue, in force on a server made with them', () => {
    const made = createServer(HTTP_SERVER_OPTIONS);
    expect(made).toMatchObject({
      headersTimeout: 10_000,
      requestTimeout: 30_000,
      keepAliveTimeout: 5_000,
    });
    expect(HTTP_SERVER_OPTIONS).toMatchObject({
      connectionsCheckingInterval: 2_000,
      maxHeaderSize: 16_384,
    });
  });
});
