import {
  awaitWrite,
  type TcpHandle,
  type WriteOwner,
  type WriteRequest,
  writeNow,
} from './tcp-handle.ts';

/** Who has octets waiting in {@link PendingWrites}. */
export interface PendingWriter {
  readonly destroyed: boolean;
  /** Some of them have left; all where there is nothing `left`. */
  wrote(left: boolean): void;
  /** @param status - The negative error number. */
  writeFailed(status: number): void;
}

/** A write that the kernel has not taken whole, and what was written behind it: that leaves together, in one write. */
export class PendingWrites implements WriteOwner {
  readonly #handle: TcpHandle;
  readonly #writer: PendingWriter;
  #pieces: Uint8Array[] = [];
  #pieceBytes = 0;

  /**
   * @param request - What `writeNow` gave.
   * @param memory - What was written: it is kept as it is until it has left.
   */
  constructor(handle: TcpHandle, writer: PendingWriter, request: WriteRequest, memory: unknown) {
    this.#handle = handle;
    this.#writer = writer;
    awaitWrite(request, this, memory);
  }

  /** Octets that wait. */
  get bytes(): number {
    return this.#pieceBytes + this.#handle.writeQueueSize;
  }

  /** Puts octets behind; nobody changes them any more. */
  add(octets: Uint8Array): void {
    this.#pieces.push(octets);
    this.#pieceBytes += octets.length;
  }

  writeEnded(status: number): void {
    if (this.#writer.destroyed) return;
    if (status < 0) {
      this.#writer.writeFailed(status);
      return;
    }
    const pieces = this.#pieces;
    if (pieces.length === 0) {
      this.#writer.wrote(false);
      return;
    }
    this.#pieces = [];
    this.#pieceBytes = 0;
    const octets = pieces.length === 1 ? (pieces[0] as Uint8Array) : pieces;
    const result = writeNow(this.#handle, octets);
    if (typeof result === 'number' && result < 0) {
      this.#writer.writeFailed(result);
      return;
    }
    if (typeof result !== 'number') awaitWrite(result, this, octets);
    this.#writer.wrote(typeof result !== 'number');
  }
}
