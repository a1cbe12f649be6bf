import type { ReceivedFrame } from '../../wire/frame-reader.ts';

/** Whose frames they are. */
export interface FrameQueueOwner {
  /** Takes a frame; answers a promise when what comes behind it has to wait for it. */
  take(frame: ReceivedFrame): Promise<void> | undefined;
  /** Frames wait: what comes meanwhile would queue up here. */
  waits(): void;
  /** They wait no longer. */
  goesOn(): void;
  /** All that came has been taken. */
  emptied(): void;
}

/** Hands frames on in the order they came, one after the other, where one may take its time. */
export class FrameQueue {
  readonly #owner: FrameQueueOwner;
  readonly #frames: ReceivedFrame[] = [];
  #busy = false;

  constructor(owner: FrameQueueOwner) {
    this.#owner = owner;
  }

  /** Whether a frame is being taken: `emptied` will be told when no more are there. */
  get busy(): boolean {
    return this.#busy;
  }

  push(frame: ReceivedFrame): void {
    this.#frames.push(frame);
    if (!this.#busy) this.#pump();
  }

  #pump(): void {
    this.#busy = true;
    while (this.#frames.length > 0) {
      const waiting = this.#owner.take(this.#frames.shift() as ReceivedFrame);
      if (waiting !== undefined) {
        this.#owner.waits();
        void waiting.then(() => {
          this.#owner.goesOn();
          this.#pump();
        });
        return;
      }
    }
    this.#busy = false;
    this.#owner.emptied();
  }
}
