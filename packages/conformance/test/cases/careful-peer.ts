// What a careful peer does with the steps of a case, by RFC 6455 alone: a second opinion on the tables, in few lines and without
// a socket. It knows nothing of the expectations.
import type { Event, Script } from '../../src/cases/case.ts';
import type { FrameSpec } from '../../src/wire/frame.ts';

/** What a careful peer comes to. `open`: it waits for more. */
export interface Outcome {
  readonly events: readonly Event[];
  readonly end: 'open' | 'closed' | 'failed' | 'cut off';
  /** Of its Close: the code that came, or what it fails the connection with. */
  readonly code: number | undefined;
}

/** More than this is refused on its announcement. */
const MOST_OCTETS = 64n << 20n;

class Failed extends Error {
  readonly code: number;

  constructor(code: number) {
    super();
    this.code = code;
  }
}

/** @param masked - Whether what comes must be masked: the peer is a server. */
export function carefulPeer(script: Script, masked: boolean): Outcome {
  const peer = new Peer(masked);
  try {
    for (const step of script.steps) {
      if (step.do === 'send') for (const frame of step.frames) peer.frame(frame);
      if (step.do === 'part') peer.part(step.frame, step.from, step.to);
      if (step.do === 'flood') {
        for (let at = 0; at < step.times; at += 1) {
          for (const frame of step.frames) peer.frame(frame);
        }
      }
      if (step.do === 'pause' && step.mark !== undefined && !peer.closed) {
        peer.events.push({ event: 'mark', mark: step.mark });
      }
      if (step.do === 'fin') return { events: peer.events, end: 'cut off', code: undefined };
      if (step.do === 'octets') throw new Error('raw octets are not for this model');
    }
  } catch (error) {
    if (!(error instanceof Failed)) throw error;
    return { events: peer.events, end: 'failed', code: error.code };
  }
  return { events: peer.events, end: peer.closed ? 'closed' : 'open', code: peer.closeCode };
}

class Peer {
  readonly events: Event[] = [];
  closed = false;
  closeCode: number | undefined;
  readonly #masked: boolean;
  #parts: Uint8Array[] | undefined;
  #binary = false;
  #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

  constructor(masked: boolean) {
    this.#masked = masked;
  }

  frame(frame: FrameSpec): void {
    if (this.closed) return;
    this.#header(frame);
    if (frame.opcode >= 8) this.#control(frame);
    else this.#data(frame, frame.payload, frame.fin, true);
  }

  part(frame: FrameSpec, from: number, to: number): void {
    if (this.closed) return;
    if (from === 0) this.#header(frame);
    const last = to === frame.payload.length;
    this.#data(frame, frame.payload.subarray(from, to), frame.fin && last, from === 0);
  }

  #header(frame: FrameSpec): void {
    const { opcode, rsv, payload, lengthForm } = frame;
    const length = frame.announces ?? BigInt(payload.length);
    if (rsv !== 0 || (opcode > 2 && opcode < 8) || opcode > 10) throw new Failed(1002);
    if (frame.masked !== undefined && frame.masked !== this.#masked) throw new Failed(1002);
    if (opcode >= 8 && (!frame.fin || length > 125n)) throw new Failed(1002);
    if (lengthForm !== undefined) {
      const shortest = length < 126n ? 7 : length < 65_536n ? 16 : 64;
      if (lengthForm !== shortest) throw new Failed(1002);
    }
    if (length >= 2n ** 63n) throw new Failed(1002);
    if (opcode === 0 && this.#parts === undefined) throw new Failed(1002);
    if ((opcode === 1 || opcode === 2) && this.#parts !== undefined) throw new Failed(1002);
    if (length > MOST_OCTETS) throw new Failed(1009);
  }

  #data(frame: FrameSpec, payload: Uint8Array, final: boolean, begins: boolean): void {
    if (begins && frame.opcode !== 0) {
      this.#parts = [];
      this.#binary = frame.opcode === 2;
      this.#decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    }
    const parts = this.#parts ?? [];
    const complete = final && frame.announces === undefined;
    if (!this.#binary) {
      try {
        this.#decoder.decode(payload, { stream: !complete });
      } catch {
        throw new Failed(1007);
      }
    }
    parts.push(payload);
    if (!complete) return;
    this.#parts = undefined;
    const whole = parts.length === 1 ? payload : new Uint8Array(Buffer.concat(parts));
    this.events.push({ event: 'message', binary: this.#binary, payload: whole });
  }

  #control(frame: FrameSpec): void {
    const { payload } = frame;
    if (frame.opcode === 9) this.events.push({ event: 'pong', payload });
    if (frame.opcode !== 8) return;
    if (payload.length === 1) throw new Failed(1002);
    if (payload.length >= 2) {
      const code = Buffer.from(payload).readUInt16BE(0);
      const known = code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code);
      if (!known && (code < 3000 || code > 4999)) throw new Failed(1002);
      try {
        new TextDecoder('utf-8', { fatal: true }).decode(payload.subarray(2));
      } catch {
        throw new Failed(1007);
      }
      this.closeCode = code;
    }
    this.closed = true;
  }
}
