/** `in`: what we receive; `out`: what we send. */
export type Direction = 'in' | 'out';

/**
 * Hears of everything that crosses one connection, in order. A promise means that the listener is behind: the next octet
 * of that direction waits until it is resolved. It may not reject.
 */
export interface TrafficListener {
  /** @param octets - Valid until the call returns, or its promise is resolved; not to be changed. */
  received(octets: Uint8Array): Promise<void> | undefined;
  /** @param octets - As for {@link received}; on their way, but not at the peer yet. */
  sent(octets: Uint8Array): Promise<void> | undefined;
  /** One side will send nothing more: `in` the peer, `out` we. */
  ended(direction: Direction): Promise<void> | undefined;
  /** The connection is gone. Nothing follows. */
  closed(error: Error | undefined): Promise<void> | undefined;
}
