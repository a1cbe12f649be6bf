// What leaves a peer, in order, and as late as its habits say.
import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { unmask } from './frame-scanner.ts';
import type { Habits, Message } from './habits.ts';
import type { Agreement } from './permessage-deflate.ts';
import { Compressor } from './permessage-deflate.ts';

export type Role = 'server' | 'client';

/** The octets of a frame in the shortest form. */
function frameOctets(
  opcode: number,
  payload: Buffer,
  flags: { fin: boolean; rsv1: boolean },
  key: Buffer | undefined,
): Buffer {
  const { length } = payload;
  const extended = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const start = 2 + extended + (key === undefined ? 0 : 4);
  const octets = Buffer.allocUnsafe(start + length);
  octets[0] = (flags.fin ? 0x80 : 0) | (flags.rsv1 ? 0x40 : 0) | opcode;
  octets[1] =
    (key === undefined ? 0 : 0x80) | (extended === 0 ? length : extended === 2 ? 126 : 127);
  if (extended === 2) octets.writeUInt16BE(length, 2);
  if (extended === 8) octets.writeBigUInt64BE(BigInt(length), 2);
  payload.copy(octets, start);
  if (key !== undefined) {
    key.copy(octets, start - 4);
    unmask(octets.subarray(start), key, 0);
  }
  return octets;
}

export class WayOut {
  readonly #socket: Duplex;
  readonly #habits: Habits;
  readonly #masks: boolean;
  readonly #compressor: Compressor | undefined;
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(socket: Duplex, role: Role, habits: Habits, agreement?: Agreement) {
    this.#socket = socket;
    this.#habits = habits;
    this.#masks = habits.masks ?? role === 'client';
    socket.once('close', () => {
      for (const timer of this.#timers) clearTimeout(timer);
    });
    const terms = agreement?.[role];
    this.#compressor =
      terms === undefined
        ? undefined
        : new Compressor({
            noContextTakeover: terms.noContextTakeover && !habits.keepsContext,
            windowBits: habits.ignoresWindow ? 15 : terms.windowBits,
          });
  }

  message({ binary, octets }: Message): void {
    const { fragmentBytes, compressed, forgetsFlag } = this.#habits;
    const payload =
      this.#compressor === undefined
        ? octets
        : compressed(this.#compressor.compress(octets), octets);
    const rsv1 = this.#compressor !== undefined && !forgetsFlag;
    let at = 0;
    do {
      const part = payload.subarray(at, at + fragmentBytes);
      const first = at === 0;
      at += part.length;
      const fin = at >= payload.length;
      this.#frame(first ? (binary ? 2 : 1) : 0, part, { fin, rsv1: first && rsv1 });
    } while (at < payload.length);
  }

  control(opcode: number, payload: Buffer): void {
    this.#frame(opcode, payload, { fin: true, rsv1: false });
  }

  close(code: number | undefined): void {
    const payload = Buffer.alloc(code === undefined ? 0 : 2);
    if (code !== undefined) payload.writeUInt16BE(code);
    this.control(8, payload);
  }

  /** Ends our direction of TCP, after everything else. */
  end(): void {
    this.#later(() => this.#socket.end());
  }

  #frame(opcode: number, payload: Buffer, flags: { fin: boolean; rsv1: boolean }): void {
    const key = this.#masks ? (this.#habits.maskingKey() ?? randomBytes(4)) : undefined;
    const octets = frameOctets(opcode, payload, flags, key);
    this.#later(() => {
      if (this.#socket.writable && !this.#socket.write(octets)) this.#waitForDrain();
    });
  }

  /** Nothing more is read while what is written is not taken. */
  #waitForDrain(): void {
    if (this.#socket.isPaused()) return;
    this.#socket.pause();
    this.#socket.once('drain', () => this.#socket.resume());
  }

  #later(act: () => void): void {
    const { delayMs } = this.#habits;
    if (delayMs === 0) {
      act();
      return;
    }
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act();
    }, delayMs);
    this.#timers.add(timer);
  }
}
