import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** Milliseconds for a client that is in the middle of sending a request when the server is about to end. */
const GRACE = 2_000;

/**
 * Lets an HTTP server end without what node:http would wait for in vain: `close()` stops its own timeouts, so that half a
 * request would hold it up forever.
 */
export class RequestsInFlight {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #count = 0;
  #draining = false;
  #graceIsOver = false;

  /** To be made before the server listens; requests of before are not counted. */
  constructor(server: Server) {
    this.#server = server;
    const watch = (socket: Socket): void => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    };
    server.on('connection', watch).on('secureConnection', watch);
    server.on('request', (_request, response: ServerResponse) => {
      this.#count += 1;
      response.once('close', () => {
        this.#count -= 1;
        // Not in the middle of what node:http does at the end of a response.
        if (this.#draining) setImmediate(() => this.#endIdle());
      });
    });
  }

  /**
   * Stops listening and waits for the answers that are owed; connections without any are ended, those that have begun a
   * request after two seconds. WebSockets are not touched. Resolves when all is over, which `signal` hastens.
   */
  async drain(signal: AbortSignal): Promise<void> {
    this.#draining = true;
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve()); // an error says that it does not listen, and so is closed
    });
    this.#endIdle();
    // Browsers open connections ahead of need; node:http takes them for requests that have begun.
    for (const socket of this.#sockets) if (socket.bytesRead === 0) socket.destroy();
    void this.#endGrace(signal);
    await closed;
  }

  async #endGrace(signal: AbortSignal): Promise<void> {
    try {
      await delay(GRACE, undefined, { signal });
      this.#graceIsOver = true;
      this.#endIdle();
    } catch {
      // it is over
    }
  }

  #endIdle(): void {
    // Those without a complete request count as active there: with nothing owed to anybody, all may go.
    if (this.#graceIsOver && this.#count === 0) this.#server.closeAllConnections();
    else this.#server.closeIdleConnections();
  }
}
