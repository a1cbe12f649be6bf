/** The options that limit something and are counted when they do. */
export const LIMIT_NAMES = [
  'maxMessageBytes',
  'maxFramesPerMessage',
  'maxControlFramesPerSecond',
  'maxInflateRatio',
  'messageTypes',
  'maxMessagesPerSecond',
  'maxBytesPerSecond',
  'maxInboxMessages',
  'maxInboxBytes',
  'softQueuedBytes',
  'maxQueuedBytes',
  'pongTimeout',
  'closeTimeout',
  'handshakeTimeout',
  'maxConnections',
  'maxConnectionsPerAddress',
  'maxNewConnectionsPerAddress',
  'maxHeaderLines',
  'maxTargetLength',
] as const;

/** The name of a limit: that of its option. */
export type LimitName = (typeof LIMIT_NAMES)[number];

/** How often each limit bit. */
export class LimitHits {
  readonly #counts = new Map<LimitName, number>();

  add(name: LimitName): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
  }

  /** Every limit with its count, as it is now. */
  snapshot(): Record<LimitName, number> {
    return Object.fromEntries(
      LIMIT_NAMES.map((name) => [name, this.#counts.get(name) ?? 0]),
    ) as Record<LimitName, number>;
  }
}
