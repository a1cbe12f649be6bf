// A WebSocket echo server that is correct, or broken in one respect.
import { createServer, type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type Duplex, finished } from 'node:stream';
import { EchoPeer } from './echo-peer.ts';
import { acceptDeflate, agreementOf, deflateParams, parseExtensions } from './field-list.ts';
import { CORRECT, type Habits } from './habits.ts';
import type { Agreement } from './permessage-deflate.ts';
import { SERVER_FAULTS, type ServerFault, type ServerFaultRow } from './server-faults.ts';
import { CORRECT_SERVER, type ServerHabits } from './server-habits.ts';
import { refusalOf, valuesOf } from './upgrade-check.ts';

export interface BrokenServer {
  readonly url: string;
  close(): Promise<void>;
}

/** Starts one on any free port of the loopback; without a fault it is correct. */
export async function startBrokenServer(fault?: ServerFault): Promise<BrokenServer> {
  const row: ServerFaultRow | undefined = fault && SERVER_FAULTS[fault];
  const server = new EchoServer(
    { ...CORRECT, ...row?.habits },
    { ...CORRECT_SERVER, ...row?.server },
  );
  const port = await server.listen(0);
  return { url: `ws://127.0.0.1:${port}/`, close: () => server.close() };
}

class EchoServer {
  readonly #habits: Habits;
  readonly #server: ServerHabits;
  readonly #sockets = new Set<Socket>();
  readonly #waiting: (() => void)[] = [];
  #open = 0;
  #http: Server | undefined;
  #port = 0;
  #rebirth: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(habits: Habits, server: ServerHabits) {
    this.#habits = habits;
    this.#server = server;
  }

  async listen(port: number): Promise<number> {
    const http = createServer({ keepAlive: false }, (_request, response) => {
      response.writeHead(426, { Upgrade: 'websocket', Connection: 'Upgrade, close' }).end();
    });
    http.maxHeadersCount = 0;
    http.on('connection', (socket: Socket) => {
      this.#sockets.add(socket.setNoDelay());
      socket.on('close', () => this.#sockets.delete(socket));
      socket.on('error', () => socket.destroy());
    });
    http.on('upgrade', (request: IncomingMessage, socket: Duplex, early: Buffer) => {
      this.#admit(request, socket, early);
    });
    this.#http = http;
    await new Promise<void>((resolve, reject) => {
      http.once('error', reject).listen(port, '127.0.0.1', resolve);
    });
    this.#port = (http.address() as AddressInfo).port;
    return this.#port;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#rebirth;
    await this.#stop((socket) => socket.destroy());
  }

  async #stop(end: (socket: Socket) => void): Promise<void> {
    const { promise, resolve } = withResolvers();
    if (this.#http?.listening === true) this.#http.close(() => resolve());
    else resolve();
    for (const socket of this.#sockets) end(socket);
    await promise;
  }

  /** As when a process dies: every connection is reset, and nobody listens. */
  #die(): void {
    const reborn = this.#server.afterDeath === 'restarts';
    const reset = (socket: Socket) => {
      // Node cannot reset what is being ended, and would keep it for ever.
      if (socket.writableEnded) socket.destroy();
      else socket.resetAndDestroy();
    };
    this.#rebirth = this.#stop(reset).then(async () => {
      if (reborn && !this.#isClosed) await this.listen(this.#port);
    });
  }

  #admit(request: IncomingMessage, socket: Duplex, early: Buffer): void {
    const refusal = refusalOf(request, this.#server.unlooked);
    if (refusal !== undefined) {
      refuse(socket, refusal.status, refusal.fields);
      return;
    }
    const upgrade = () => {
      if (socket.destroyed) {
        this.#waiting.shift()?.();
        return;
      }
      this.#open += 1;
      // Its turn is over when it is closed from here, as with accept and close in a loop.
      finished(socket, { readable: false }, () => {
        this.#open -= 1;
        this.#waiting.shift()?.();
      });
      this.#upgrade(request, socket, early);
    };
    if (this.#open < this.#server.atATime) upgrade();
    else if (this.#server.others === 'wait') this.#waiting.push(upgrade);
    else refuse(socket, 503, { 'Retry-After': '1' });
  }

  #upgrade(request: IncomingMessage, socket: Duplex, early: Buffer): void {
    const extensions = this.#extensions(request);
    const [protocol] = valuesOf(request, 'sec-websocket-protocol').join(',').split(',');
    const lines = [
      'HTTP/1.1 101 Switching Protocols',
      'Upgrade: websocket',
      'Connection: Upgrade',
      `Sec-WebSocket-Accept: ${this.#server.accept(String(request.headers['sec-websocket-key']))}`,
      ...(protocol ? [`Sec-WebSocket-Protocol: ${protocol.trim()}`] : []),
      ...(extensions === undefined ? [] : [`Sec-WebSocket-Extensions: ${extensions.field}`]),
    ];
    socket.write(this.#server.head(`${lines.join('\r\n')}\r\n\r\n`), 'latin1');
    const peer = new EchoPeer(socket, {
      role: 'server',
      habits: this.#habits,
      agreement: extensions?.agreement,
      onDeath: () => this.#die(),
    });
    if (early.length > 0 && this.#habits.earlyOctets === 'read') peer.receive(early);
  }

  #extensions(request: IncomingMessage): { field: string; agreement: Agreement } | undefined {
    const offered = valuesOf(request, 'sec-websocket-extensions');
    const offers = offered.length === 0 ? undefined : parseExtensions(offered.join(','));
    if (offers === undefined || this.#server.deflate === 'refused') return undefined;
    const accepted = acceptDeflate(offers);
    if (this.#server.deflate === 'negotiated' || accepted === undefined) return accepted;
    const bare = deflateParams({ name: 'permessage-deflate', params: [] });
    return bare && { field: 'permessage-deflate', agreement: agreementOf(bare) };
  }
}

function refuse(socket: Duplex, status: number, fields: Readonly<Record<string, string>>): void {
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'Connection: close',
    'Content-Length: 0',
    ...Object.entries(fields).map(([name, value]) => `${name}: ${value}`),
  ];
  socket.end(`${lines.join('\r\n')}\r\n\r\n`);
  socket.resume();
}

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
