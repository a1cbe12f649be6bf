import type { Duplex } from 'node:stream';
import { expect } from 'vitest';
import type { TransportReceiver } from '../../src/transport/transport.ts';
import { turns } from '../support/waiting.ts';

/** Keeps what a transport reports, and holds it to the contract. */
export class Recorder {
  readonly #chunks: Buffer[] = [];
  /** How many octets came. */
  bytes = 0;
  #inCall = false;
  /** What was reported, a word each. */
  readonly events: string[] = [];
  /** What `closed` said. */
  error: Error | undefined;
  onChunk: (octets: Uint8Array, start: number, end: number) => void = () => {};
  /** Where the next chunk is to be read into. */
  wish: () => Uint8Array | undefined = () => undefined;

  get received(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  get closed(): boolean {
    return this.events.includes('closed');
  }

  count(event: string): number {
    return this.events.filter((each) => each === event).length;
  }

  readonly receiver: TransportReceiver = {
    chunk: (octets, start, end) => {
      this.#report('chunk');
      expect(this.count('ended')).toBe(0);
      this.call(() => {
        this.#chunks.push(Buffer.from(octets.subarray(start, end)));
        this.bytes += end - start;
        this.onChunk(octets, start, end);
        octets.fill(0xee, start, end); // it is the receiver's to change
      });
      return this.wish();
    },
    drained: () => this.#report('drained'),
    ended: () => this.#report('ended'),
    closed: (error) => {
      this.#report('closed');
      this.error = error;
    },
  };

  /** Does something during which the transport must not report anything. */
  call<Result>(act: () => Result): Result {
    const outer = this.#inCall;
    this.#inCall = true;
    try {
      return act();
    } finally {
      this.#inCall = outer;
    }
  }

  #report(event: string): void {
    expect(this.#inCall, `${event} within a call`).toBe(false);
    expect(this.closed, `${event} after closed`).toBe(false);
    this.events.push(event);
  }
}

/** As a peer holds it: everything that arrives there. */
export class Far {
  readonly #chunks: Buffer[] = [];
  readonly stream: Duplex;
  /** How many octets came. */
  bytes = 0;

  constructor(stream: Duplex) {
    this.stream = stream;
    stream.on('error', () => {});
    stream.on('data', (chunk: Buffer) => {
      this.#chunks.push(Buffer.from(chunk));
      this.bytes += chunk.length;
    });
    stream.resume();
  }

  get ended(): boolean {
    return this.stream.readableEnded;
  }

  get received(): Buffer {
    return Buffer.concat(this.#chunks);
  }
}

/** Octets of which no part looks like another. */
export function pattern(length: number): Buffer {
  const octets = Buffer.alloc(length);
  for (let at = 0, value = 1; at < length; at += 1) {
    value = (Math.imul(value, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    octets[at] = value >>> 16;
  }
  return octets;
}

/** Waits until a number no longer changes, however many turns of the event loop pass. */
export async function settled(value: () => number): Promise<void> {
  let last = -1;
  while (last !== value()) {
    last = value();
    await turns(50);
  }
}
