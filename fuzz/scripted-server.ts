import { createHash } from 'node:crypto';
import { type Duplex, duplexPair } from 'node:stream';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** A server in memory that answers one handshake with what it is told and then sends what it is told. */
export class ScriptedServer {
  /** What the client is given in place of a socket. */
  readonly clientEnd: Duplex;
  readonly #serverEnd: Duplex;
  readonly #open: Promise<void>;

  /** @param extensions - The value of Sec-WebSocket-Extensions in the answer. */
  constructor(extensions: string) {
    [this.clientEnd, this.#serverEnd] = duplexPair();
    this.#serverEnd.on('error', () => {});
    this.#open = new Promise((resolve) => {
      let head = '';
      const take = (chunk: Buffer): void => {
        head += chunk.toString('latin1');
        if (!head.includes('\r\n\r\n')) return;
        this.#serverEnd.off('data', take);
        this.#serverEnd.resume();
        const [, key = ''] = /^sec-websocket-key: (.*)\r$/im.exec(head) ?? [];
        const accept = createHash('sha1')
          .update(key + GUID)
          .digest('base64');
        this.#serverEnd.write(
          `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Extensions: ${extensions}\r\n\r\n`,
        );
        resolve();
      };
      this.#serverEnd.on('data', take);
    });
  }

  /** Sends chunks, each in a turn of its own where there are several, then ends. */
  async send(chunks: readonly Uint8Array[]): Promise<void> {
    await this.#open;
    for (const chunk of chunks) {
      if (this.#serverEnd.destroyed) return;
      this.#serverEnd.write(Buffer.from(chunk));
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#serverEnd.end();
  }

  /** Frees both ends. */
  destroy(): void {
    this.#serverEnd.destroy();
    this.clientEnd.destroy();
  }
}
