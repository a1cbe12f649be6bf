/**
 * Frames that wait to leave together, of the many connections that wait for the same. Each is the end of a row: what is
 * queued behind it makes the next one, once, and whoever queues the same behind the same gets that. So connections that were
 * sent the same have the same object, and its octets are joined once.
 *
 * Hot path: a frame is queued for a connection by one comparison and nothing is made. All that a connection was sent in a
 * turn leaves in one write.
 */
export class SharedFrames {
  /** The frames before, oldest first; undefined for none. */
  readonly #before: SharedFrames | undefined;
  readonly #frame: Uint8Array;
  /** Octets of all of them. */
  readonly bytes: number;
  #behind: SharedFrames | undefined;
  #joined: Uint8Array | undefined;

  private constructor(before: SharedFrames | undefined, frame: Uint8Array) {
    this.#before = before;
    this.#frame = frame;
    this.bytes = (before?.bytes ?? 0) + frame.length;
  }

  static #first: SharedFrames | undefined;

  /** The row of this frame alone. */
  static of(frame: Uint8Array): SharedFrames {
    const first = SharedFrames.#first;
    if (first !== undefined && first.#frame === frame) return first;
    // Not kept beyond what runs now: it would be until the next broadcast.
    if (first === undefined) process.nextTick(SharedFrames.#forget);
    SharedFrames.#first = new SharedFrames(undefined, frame);
    return SharedFrames.#first;
  }

  static readonly #forget = (): void => {
    SharedFrames.#first = undefined;
  };

  /** The row with this frame behind it. */
  with(frame: Uint8Array): SharedFrames {
    const behind = this.#behind;
    if (behind !== undefined && behind.#frame === frame) return behind;
    this.#behind = new SharedFrames(this, frame);
    return this.#behind;
  }

  /** All octets in a row; the same memory for everybody. */
  get joined(): Uint8Array {
    this.#joined ??= this.#before === undefined ? this.#frame : Buffer.concat(this.frames);
    return this.#joined;
  }

  /** The frames, oldest first. */
  get frames(): Uint8Array[] {
    const frames: Uint8Array[] = [];
    for (let row: SharedFrames | undefined = this; row !== undefined; row = row.#before) {
      frames.push(row.#frame);
    }
    return frames.reverse();
  }
}
