// An echo server that does everything right but for the habits it is given: small, and without anything of meerkat.
import { createHash } from 'node:crypto';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { afterAll } from 'vitest';

/** Tests of a file run side by side: what they began ends with the file. */
const endings: (() => unknown)[] = [];

afterAll(async () => {
  for (const end of endings.splice(0)) await end();
});

/** Called when the tests of the file are over. */
export function later(end: () => unknown): void {
  endings.push(end);
}

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

interface Frame {
  readonly opcode: number;
  /** Its header, its masking key, and its payload as it came. */
  readonly octets: Buffer;
  readonly masked: Buffer;
  readonly payload: Buffer;
}

/** What it does wrong. */
export interface Habits {
  /** What it does not look at. */
  readonly ignores?: readonly ('version' | 'host' | 'method' | 'key' | 'origin')[];
  readonly accept?: (key: string) => string;
  /** Made of the right answer. */
  readonly answer?: (right: string, request: string) => string | Buffer;
  /** Behind the answer, in the same write. */
  readonly behind?: Buffer;
  /** What comes back for a message; nothing for undefined. */
  readonly reply?: (frame: Frame) => Buffer | undefined;
  readonly pong?: (frame: Frame) => Buffer | undefined;
  /** `silent`: it does not answer a Close; `drops`: it ends TCP; `stays`: it answers and leaves TCP open. */
  readonly close?: 'silent' | 'drops' | 'stays';
  /** Ends the connection. */
  readonly quits?: (frame: Frame) => boolean;
  readonly oneAtATime?: boolean;
  /** Lets only pages of its own in. */
  readonly needsOrigin?: true;
  readonly path?: string;
}

/** The right value for a key. */
export function acceptOf(key: string): string {
  return createHash('sha1')
    .update(key + GUID)
    .digest('base64');
}

/** A frame of a server. */
export function frameOf(opcode: number, payload: string | Buffer, first: number = 0x80): Buffer {
  const octets = Buffer.from(payload);
  const head =
    octets.length < 126
      ? Buffer.of(first | opcode, octets.length)
      : Buffer.of(first | opcode, 126, octets.length >> 8, octets.length & 255);
  return Buffer.concat([head, octets]);
}

/** Starts it on a free port of the loopback interface; it ends with the test. */
export function sloppyServer(habits: Habits = {}): Promise<string> {
  const waiting: Socket[] = [];
  let busy = false;
  const next = (): void => {
    const socket = waiting.shift();
    busy = socket !== undefined;
    if (socket !== undefined) talk(socket, habits, next);
  };
  return rawServer((socket) => {
    if (habits.oneAtATime !== true) talk(socket, habits, () => {});
    else {
      waiting.push(socket.pause());
      if (!busy) next();
    }
  });
}

/** A TCP server that does `script` with each connection. */
export async function rawServer(script: (socket: Socket) => void): Promise<string> {
  const server = createServer((socket) => admit(socket, script));
  return `ws://127.0.0.1:${await listen(server)}/`;
}

/** The same over TLS. */
export async function rawTlsServer(
  options: import('node:tls').TlsOptions,
  script: (socket: Socket) => void,
  host = 'localhost',
): Promise<string> {
  const server = createTlsServer(options, (socket) => admit(socket, script));
  server.on('tlsClientError', () => {});
  return `wss://${host}:${await listen(server)}/`;
}

function admit(socket: Socket, script: (socket: Socket) => void): void {
  socket.on('error', () => {});
  later(() => socket.destroy());
  script(socket);
}

/** Its port; the server ends with the test. */
export async function listen(server: Server, host = '127.0.0.1'): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, host, resolve);
  });
  later(() => server.close());
  return (server.address() as AddressInfo).port;
}

export function talk(socket: Socket, habits: Habits, onGone: () => void): void {
  let octets: Buffer = Buffer.alloc(0);
  let upgraded = false;
  socket.once('close', onGone);
  socket.resume();
  socket.on('data', (chunk: Buffer) => {
    octets = Buffer.concat([octets, chunk]);
    if (!upgraded) {
      const end = octets.indexOf('\r\n\r\n');
      if (end === -1) return;
      const request = octets.subarray(0, end + 4).toString('latin1');
      octets = octets.subarray(end + 4);
      const refused = refusalOf(request, habits);
      if (refused !== undefined) {
        socket.end(`HTTP/1.1 ${refused}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
        return;
      }
      const key = fieldOf(request, 'Sec-WebSocket-Key') ?? '';
      const accept = (habits.accept ?? acceptOf)(key);
      const right = `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`;
      const answer = habits.answer?.(right, request) ?? right;
      socket.write(Buffer.concat([Buffer.from(answer), habits.behind ?? Buffer.alloc(0)]));
      upgraded = true;
    }
    for (let frame = take(octets); frame !== undefined; frame = take(octets)) {
      octets = octets.subarray(frame.octets.length);
      respond(socket, frame, habits);
    }
  });
}

function respond(socket: Socket, frame: Frame, { reply, pong, close, quits }: Habits): void {
  if (frame.opcode === 8) {
    if (close === 'silent') return;
    if (close === 'drops') socket.end();
    else socket.write(frameOf(8, frame.payload));
    if (close === undefined) socket.end();
    return;
  }
  const answer =
    frame.opcode === 9
      ? (pong ?? (({ payload }) => frameOf(10, payload)))(frame)
      : (reply ?? (({ opcode, payload }) => frameOf(opcode, payload)))(frame);
  if (answer !== undefined) socket.write(answer);
  if (quits?.(frame) === true) socket.end();
}

function refusalOf(
  request: string,
  { ignores = [], needsOrigin, path }: Habits,
): string | undefined {
  const host = fieldOf(request, 'Host');
  const origin = fieldOf(request, 'Origin');
  const looksAt = (what: (typeof ignores)[number]): boolean => !ignores.includes(what);
  if (looksAt('method') && !request.startsWith('GET ')) return '405 Method Not Allowed';
  if (path !== undefined && request.split(' ')[1] !== path) return '404 Not Found';
  if (looksAt('host') && host === undefined) return '400 Bad Request';
  if (looksAt('key') && fieldOf(request, 'Sec-WebSocket-Key') === undefined)
    return '400 Bad Request';
  if (looksAt('version') && fieldOf(request, 'Sec-WebSocket-Version') !== '13') {
    return '426 Upgrade Required\r\nSec-WebSocket-Version: 13';
  }
  const isOwn = origin === undefined ? needsOrigin !== true : origin === `http://${host}`;
  return looksAt('origin') && !isOwn ? '403 Forbidden' : undefined;
}

/** The value of a field of a request. */
export function fieldOf(request: string, name: string): string | undefined {
  return new RegExp(`^${name}: *(.*)\r$`, 'im').exec(request)?.[1];
}

function take(octets: Buffer): Frame | undefined {
  if (octets.length < 6) return undefined;
  const opcode = octets.readUInt8(0) & 15;
  const short = octets.readUInt8(1) & 127;
  const start = short === 126 ? 4 : 2;
  const length = short === 126 ? octets.readUInt16BE(2) : short;
  if (octets.length < start + 4 + length) return undefined;
  const key = octets.subarray(start, start + 4);
  const masked = Buffer.from(octets.subarray(start + 4, start + 4 + length));
  const payload = Buffer.from(masked.map((octet, at) => octet ^ key.readUInt8(at & 3)));
  return { opcode, octets: Buffer.from(octets.subarray(0, start + 4 + length)), masked, payload };
}
