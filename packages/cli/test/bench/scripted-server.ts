import { createHash } from 'node:crypto';
import type { Socket } from 'node:net';
import { FIN, FrameParser, maskInPlace, Opcode, plainPrimitives } from 'meerkat/protocol';
import { tcpServer } from '../connect/servers.ts';

const primitives = plainPrimitives((octets) => void octets.fill(7));

/** What a scripted server does with one client. Frames of the client are whole: the load sends no fragments. */
export interface PeerScript {
  open?(): void;
  message?(opcode: number, payload: Buffer): void;
  pong?(payload: Buffer): void;
  /** The client's Close. @default answered, and the connection ended */
  closed?(payload: Buffer): void;
}

/** One client of a scripted server. */
export class ScriptedPeer {
  readonly #socket: Socket;
  readonly #pieces: Buffer[] = [];

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
  }

  /** @param left - Called when they have left. */
  send(octets: Uint8Array, left: () => void = () => {}): void {
    if (this.#socket.writable) this.#socket.write(octets, left);
  }

  /** Stops reading. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Sends pieces of so many octets, each in a turn of its own. */
  sendInPieces(octets: Buffer, size: number): void {
    const idle = this.#pieces.length === 0;
    for (let at = 0; at < octets.length; at += size) {
      this.#pieces.push(octets.subarray(at, at + size));
    }
    if (idle) this.#sendPiece();
  }

  end(): void {
    this.#socket.end();
  }

  reset(): void {
    this.#socket.resetAndDestroy();
  }

  #sendPiece(): void {
    const [piece] = this.#pieces;
    if (piece === undefined) return;
    this.send(piece);
    setImmediate(() => {
      this.#pieces.shift();
      this.#sendPiece();
    });
  }
}

/**
 * A server that does as it is told, rules or not.
 *
 * @param fields - Further lines of the 101's head.
 * @param behind - What follows the head in the same piece.
 * @param before - What comes before the head.
 */
export async function scriptedServer(
  script: (peer: ScriptedPeer) => PeerScript,
  fields = '',
  behind: Buffer = Buffer.alloc(0),
  before = '',
): Promise<string> {
  return await tcpServer((socket) => {
    const peer = new ScriptedPeer(socket);
    const { open, message, pong, closed } = script(peer);
    let head = '';
    let opcode = 0;
    const parts: Buffer[] = [];
    const parser = new FrameParser(
      'server',
      {
        dataHeader: (first) => {
          opcode = first & 0xf;
        },
        dataPayload(octets, start, end, last) {
          parts.push(Buffer.from(octets.subarray(start, end)));
          if (last) message?.(opcode, Buffer.concat(parts.splice(0)));
        },
        controlFrame(kind, octets, start, end) {
          const payload = Buffer.from(octets.subarray(start, end));
          if (kind === Opcode.Pong) pong?.(payload);
          else if (closed !== undefined) closed(payload);
          else {
            peer.send(Buffer.concat([Buffer.from([FIN | Opcode.Close, payload.length]), payload]));
            peer.end();
          }
        },
      },
      { ...primitives, maskInPlace },
      0x40,
    );
    socket.on('data', (chunk: Buffer) => {
      if (head.endsWith('\r\n\r\n')) {
        parser.parse(chunk, 0, chunk.length);
        return;
      }
      head += chunk.toString('latin1');
      if (!head.endsWith('\r\n\r\n')) return;
      const key = /^sec-websocket-key: *(.*)\r$/im.exec(head)?.[1] ?? '';
      const accept = createHash('sha1')
        .update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
        .digest('base64');
      const answer = `${before}HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n${fields}\r\n`;
      peer.send(Buffer.concat([Buffer.from(answer), behind]));
      open?.();
    });
  });
}
