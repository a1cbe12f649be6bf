import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/**
 * A peer that knows no rules: it sends exactly the octets it is told and keeps all that comes back. For testing what a
 * server or client does with bad input.
 */
export class RawPeer {
  readonly #stream: Duplex;
  #chunks: Buffer[] = [];
  #length = 0;
  #ended: boolean;
  #closed: boolean;
  readonly #wakers: (() => void)[] = [];

  /** @param stream - Any byte stream; read from now on. */
  constructor(stream: Duplex) {
    this.#stream = stream;
    this.#ended = stream.readableEnded || stream.destroyed;
    this.#closed = stream.closed;
    stream.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#length += chunk.length;
      this.#wake();
    });
    stream.on('end', () => {
      this.#ended = true;
      this.#wake();
    });
    stream.on('close', () => {
      this.#ended = true;
      this.#closed = true;
      this.#wake();
    });
    stream.on('error', () => {});
  }

  /** Connects to a TCP port of this machine. */
  static async connect(port: number, host = '127.0.0.1'): Promise<RawPeer> {
    const socket = connect({ port, host, noDelay: true, allowHalfOpen: true });
    await once(socket, 'connect');
    return new RawPeer(socket);
  }

  /** The stream underneath, to pause, reset or destroy. */
  get stream(): Duplex {
    return this.#stream;
  }

  /** What was received and not taken. */
  get received(): Buffer {
    this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0] as Buffer;
  }

  /** Whether the other side ended its direction. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Sends octets: hex with blanks, or as they are. Resolves when they were handed to the network. */
  send(octets: string | Uint8Array): Promise<void> {
    const sent = typeof octets === 'string' ? fromHex(octets) : octets;
    return new Promise((resolve) => {
      this.#stream.write(sent, () => resolve());
    });
  }

  /** Sends text, each character one octet. */
  sendText(text: string): Promise<void> {
    return this.send(Buffer.from(text, 'latin1'));
  }

  /** Takes the next `length` octets, as hex with blanks. Fewer when the stream ends before. */
  async take(length: number): Promise<string> {
    return toHex(await this.takeOctets(length));
  }

  /** Takes the next `length` octets as they are: hex of megabytes takes seconds. Fewer when the stream ends before. */
  async takeOctets(length: number): Promise<Buffer> {
    await this.#until(() => this.#length >= length);
    return this.#cut(length);
  }

  /** Takes everything up to the end of the stream, as hex with blanks. */
  async takeAll(): Promise<string> {
    await this.#until(() => false);
    return toHex(this.#cut(this.#length));
  }

  /** Takes an HTTP head, its empty line included. */
  async takeHead(): Promise<string> {
    await this.#until(() => this.received.includes('\r\n\r\n'));
    const end = this.received.indexOf('\r\n\r\n');
    return this.#cut(end < 0 ? this.#length : end + 4).toString('latin1');
  }

  /** Takes everything up to the end of the stream, as text, each octet one character. */
  async takeText(): Promise<string> {
    await this.#until(() => false);
    return this.#cut(this.#length).toString('latin1');
  }

  /** Ends our direction (FIN). */
  end(): void {
    this.#stream.end();
  }

  /** Ends with a reset (RST) where the stream is a socket. */
  reset(): void {
    (this.#stream as Partial<Socket>).resetAndDestroy?.();
  }

  /** Ends both directions at once and resolves when nothing is left. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#stream.destroy();
    while (!this.#closed) await this.#sleep();
  }

  #cut(length: number): Buffer {
    const parts: Buffer[] = [];
    let due = Math.min(length, this.#length);
    this.#length -= due;
    while (due > 0) {
      const first = this.#chunks[0] as Buffer;
      const part = first.subarray(0, due);
      parts.push(part);
      due -= part.length;
      if (part.length === first.length) this.#chunks.shift();
      else this.#chunks[0] = first.subarray(part.length);
    }
    return Buffer.concat(parts);
  }

  async #until(reached: () => boolean): Promise<void> {
    while (!reached() && !this.#ended) await this.#sleep();
  }

  #sleep(): Promise<void> {
    return new Promise((resolve) => {
      this.#wakers.push(resolve);
    });
  }

  #wake(): void {
    for (const wake of this.#wakers.splice(0)) wake();
  }
}

/** Octets from hex digits; everything else is ignored, so that blanks may group them. */
export function fromHex(hex: string): Buffer {
  return Buffer.from(hex.replace(/[^0-9a-f]/gi, ''), 'hex');
}

/** Hex digits, a blank between octets. */
export function toHex(octets: Uint8Array): string {
  return Array.from(octets, (octet) => octet.toString(16).padStart(2, '0')).join(' ');
}
