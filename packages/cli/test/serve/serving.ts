import { execFileSync } from 'node:child_process';
import { readdirSync, readlinkSync } from 'node:fs';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import {
  type Agent,
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type Server,
} from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { observe } from '../../../../test/support/observed.ts';
import { answerClientError } from '../../src/serve/client-error.ts';
import { createHttpApp, type HttpAppOptions } from '../../src/serve/http-app.ts';
import { HTTP_SERVER_OPTIONS } from '../../src/serve/http-server-options.ts';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A folder for a test, gone with `dispose`. */
export async function temporaryFolder(): Promise<{ path: string; dispose(): Promise<void> }> {
  const path = await realpath(await mkdtemp(join(tmpdir(), 'meerkat-serve-')));
  return { path, dispose: () => rm(path, { recursive: true, force: true }) };
}

/** Any server on a free port of the loopback interface. */
export async function listen(server: Server): Promise<{ port: number; close(): Promise<void> }> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** The whole application, as `meerkat serve` puts it together. */
export async function serveApp(
  options: HttpAppOptions,
): Promise<{ port: number; close(): Promise<void> }> {
  const app = createHttpApp(options);
  await app.ready();
  const server = createServer(HTTP_SERVER_OPTIONS, (q, s) => app.routing(q, s));
  server.on('clientError', answerClientError);
  const listening = await listen(server);
  return {
    port: listening.port,
    async close() {
      await listening.close();
      await app.close();
    },
  };
}

/** Asks with `node:http`, on a connection of its own unless an agent has one. */
export async function ask(
  port: number,
  path: string,
  headers: Record<string, string> = {},
  method = 'GET',
  agent: Agent | false = false,
): Promise<Answer> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request({ host: '127.0.0.1', port, path, method, headers, agent }, resolve)
      .on('error', reject)
      .end();
  });
  const body = await text(response);
  observe(`${response.statusCode}`);
  return { status: response.statusCode ?? 0, headers: response.headers, body };
}

/** Sends octets as they are and reads until the server closes. */
export async function exchange(port: number, octets: string | Buffer): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.write(octets);
  return await readToEnd(socket);
}

/** Everything that arrives until the connection is closed or reset, one character an octet. */
export async function readToEnd(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.on('error', () => {}); // a reset: what came before it counts
  await new Promise((resolve) => socket.once('close', resolve));
  return Buffer.concat(chunks).toString('latin1');
}

/** Asks for a target that no HTTP client would send. */
export async function askRaw(port: number, target: string, method = 'GET'): Promise<Answer> {
  return parseAnswer(
    await exchange(
      port,
      `${method} ${target} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`,
    ),
  );
}

/** Reads exactly one response with a length. */
export function parseAnswer(octets: string): Answer {
  const end = octets.indexOf('\r\n\r\n');
  const [statusLine = '', ...lines] = octets.slice(0, end).split('\r\n');
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  const status = Number(statusLine.split(' ')[1]);
  observe(`${status}`);
  return { status, headers, body: octets.slice(end + 4) };
}

/** A FIFO that nobody writes to; Node itself cannot make one. */
export function makeFifo(path: string): void {
  execFileSync('sh', ['-c', 'mkfifo "$0"', path]);
}

/** Our descriptors of files below a folder. */
export function openBelow(folder: string): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${fd}`);
      return path.startsWith(folder) ? [path] : [];
    } catch {
      return []; // closed meanwhile
    }
  });
}

/** Waits, turn by turn, until something holds; the test's own time limit ends it. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}
