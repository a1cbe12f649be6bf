import { createServer, type IncomingMessage, type Server } from 'node:http';
import { Duplex } from 'node:stream';
import { WebSocketServer } from 'meerkat';
import type { UpgradeRequest } from 'meerkat/protocol';

/** What came of octets behind node:http. */
export interface Upgraded {
  /** What was answered first, as far as its empty line. */
  readonly answer: string;
  /** The request as the application saw it, if a connection was opened. */
  readonly request: UpgradeRequest | undefined;
  readonly rawHeaders: readonly string[];
  /** What node:http left behind the request. */
  readonly behind: Uint8Array;
  /** The targets of requests that were no upgrade. */
  readonly dispatched: readonly string[];
}

/** Turns of the event loop in which an answer comes: all of it happens in this process. */
const MOST_TURNS = 50;

/** A {@link WebSocketServer} on a server of node:http that gets its connections from memory. */
export class HttpUpgrades {
  readonly #server: Server;
  #request: UpgradeRequest | undefined;
  #rawHeaders: readonly string[] = [];
  #behind: Uint8Array = new Uint8Array();
  #dispatched: string[] = [];

  constructor() {
    this.#server = createServer((incoming, response) => {
      this.#dispatched.push(incoming.url ?? '');
      response.end();
    });
    // Before the one of meerkat, which may change what is behind.
    this.#server.on('upgrade', (incoming: IncomingMessage, _socket: Duplex, head: Buffer) => {
      this.#behind = Uint8Array.from(head);
      this.#rawHeaders = incoming.rawHeaders;
    });
    new WebSocketServer({
      transport: 'stream',
      dangerouslyAcceptAnyOrigin: true,
      open: (_connection, { key, host, url, path, subprotocols, extensions, origins }) => {
        this.#request = { key, host, url, path, subprotocols, extensions, origins };
      },
    }).attach(this.#server);
  }

  /** Hands the octets to the server, as one packet of a connection of its own. */
  async try(octets: Uint8Array): Promise<Upgraded> {
    this.#request = undefined;
    this.#rawHeaders = [];
    this.#behind = new Uint8Array();
    this.#dispatched = [];
    const socket = new MemorySocket();
    this.#server.emit('connection', socket);
    socket.push(Buffer.from(octets));
    for (let turn = 0; turn < MOST_TURNS && !socket.answered; turn += 1) await nextTurn();
    await nextTurn(); // a second request would be dispatched by now
    const answer = socket.written;
    socket.destroy();
    return {
      answer: answer.slice(0, answer.indexOf('\r\n\r\n') + 4),
      request: this.#request,
      rawHeaders: this.#rawHeaders,
      behind: this.#behind,
      dispatched: this.#dispatched,
    };
  }
}

/** The server's side of a connection whose other side is nobody. */
class MemorySocket extends Duplex {
  written = '';

  /** Whether a head has been written, or nothing will be. */
  get answered(): boolean {
    return this.written.includes('\r\n\r\n') || this.destroyed;
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.written += chunk.toString('latin1');
    done();
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
