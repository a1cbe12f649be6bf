/**
 * How octets travel: a byte stream in both directions, whatever it runs on. It knows nothing of frames.
 *
 * No method reports anything to the receiver before it returns, so that nobody is called in the middle of a call.
 *
 * Hot path: one call in for each chunk read, one write out for all that was sent while it was handled.
 */
export interface Transport {
  /** Octets written that the network has not taken yet. */
  readonly queuedBytes: number;
  /** Whether it reads into the memory that a receiver wishes: see {@link TransportReceiver.chunk}. */
  readonly heedsWishes: boolean;
  /** Begins to read; every event goes to `receiver`. What was written before travels all the same. */
  start(receiver: TransportReceiver): void;
  /**
   * Writes `octets[start, end)`. The memory is lent.
   *
   * @returns Whether the caller may use the memory again. If not, what could not leave at once waits in it: nobody
   * changes it any more.
   */
  write(octets: Uint8Array, start: number, end: number): boolean;
  /** Writes all of `octets` and keeps the memory: nobody changes it any more. It may be written to many transports. */
  writeOwned(octets: Uint8Array): void;
  /** Stops reading; a chunk that is on its way may still come. */
  pause(): void;
  resume(): void;
  /** Ends our direction once everything written has left. Reading goes on. */
  end(): void;
  /** Ends both directions at once; what is still queued is lost. */
  destroy(): void;
}

/** What a transport reports. */
export interface TransportReceiver {
  /**
   * Octets arrived. The memory is the receiver's to read and to change until the call returns, and not its own after:
   * the next chunk may come into the same place. Never called while the last call has not returned.
   *
   * @returns Memory of at least one octet that the next chunk is to be read into, undefined for none. The receiver leaves
   * it alone until then. It is a wish: the chunk comes elsewhere where the transport has no say in that.
   */
  chunk(octets: Uint8Array, start: number, end: number): Uint8Array | undefined;
  /** Octets that had to wait have left; `queuedBytes` is smaller than it was. */
  drained(): void;
  /** The peer ended its direction; no chunk follows. Ours stays open until it is ended. */
  ended(): void;
  /** Both directions are over. The last call. */
  closed(error: Error | undefined): void;
}
