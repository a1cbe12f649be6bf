import { copyOctets } from '../protocol/octets.ts';

interface PendingPing {
  readonly payload: Uint8Array;
  readonly sentAt: number;
  readonly resolve: (milliseconds: number) => void;
  readonly reject: (error: Error) => void;
}

/** The Pings whose Pong somebody waits for. */
export class Pings {
  readonly #pending: PendingPing[] = [];
  #count = 0;

  /** A payload that no other Ping of this connection has. */
  uniquePayload(): Uint8Array {
    this.#count += 1;
    return Buffer.from(this.#count.toString(36).padStart(4, '0'), 'latin1');
  }

  /** Resolves with the milliseconds until the Pong with this payload. */
  wait(payload: Uint8Array, now: number): Promise<number> {
    return new Promise((resolve, reject) => {
      const kept = copyOctets(payload, 0, payload.length);
      this.#pending.push({ payload: kept, sentAt: now, resolve, reject });
    });
  }

  /**
   * A Pong arrived. Earlier Pings are answered with it: a peer "MAY elect to send a Pong frame for only the most
   * recently processed Ping frame" (RFC 6455 §5.5.3).
   */
  answered(octets: Uint8Array, start: number, end: number, now: number): void {
    const pong = octets.subarray(start, end);
    const index = this.#pending.findIndex(({ payload }) => Buffer.compare(payload, pong) === 0);
    for (const { sentAt, resolve } of this.#pending.splice(0, index + 1)) resolve(now - sentAt);
  }

  rejectAll(error: Error): void {
    for (const { reject } of this.#pending.splice(0)) reject(error);
  }
}
