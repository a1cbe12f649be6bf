import { Buffer } from 'node:buffer';
import type { FrameSpec } from '../../wire/frame.ts';

/** Pings of the runner's own, which ask for a sign of life and are no events of a case. */
export class Probes {
  #sent = 0;
  #answered = 0;

  /** Whether one was sent that is not answered. */
  get outstanding(): boolean {
    return this.#sent > this.#answered;
  }

  /** The next one, to be sent at once. */
  next(): FrameSpec {
    this.#sent += 1;
    return { opcode: 9, fin: true, rsv: 0, payload: probePayload(this.#sent) };
  }

  /** Whether a Pong answers the latest one, and with it those before (RFC 6455 §5.5.3). */
  takes(pong: Uint8Array): boolean {
    if (!this.outstanding || Buffer.compare(probePayload(this.#sent), pong) !== 0) return false;
    this.#answered = this.#sent;
    return true;
  }
}

function probePayload(number: number): Uint8Array {
  return new TextEncoder().encode(`meerkat: still there? ${number}`);
}
