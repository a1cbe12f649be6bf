import type { Clock, Timer } from './clock.ts';
import type { ConnectionNumbers } from './connection-options.ts';

/** What backpressure asks of its connection. */
export interface BackpressureActions {
  /** Octets that wait to leave. */
  readonly queuedBytes: number;
  /** The queue is below the soft mark again, after a sender was told that it is not. */
  drain(): void;
  /** Messages were dropped, and the queue is still at the cap. */
  overflow(): void;
}

/** Who waits for the outgoing queue to be shorter, and for how long it may be full. */
export class Backpressure {
  readonly #numbers: ConnectionNumbers;
  readonly #clock: Clock;
  readonly #actions: BackpressureActions;
  #drainWanted = false;
  #waiters: (() => void)[] = [];
  #timer: Timer | undefined;
  #ended = false;

  constructor(numbers: ConnectionNumbers, clock: Clock, actions: BackpressureActions) {
    this.#numbers = numbers;
    this.#clock = clock;
    this.#actions = actions;
  }

  /** A message was accepted above the soft mark. Answers whether it is the first since the queue was below. */
  queued(): boolean {
    const first = !this.#drainWanted;
    this.#drainWanted = true;
    return first;
  }

  /** A message was dropped at the cap. */
  dropped(): void {
    this.#drainWanted = true;
    this.#timer ??= this.#clock.after(this.#numbers.closeTimeout, () => this.#actions.overflow());
  }

  /** Resolves below the soft mark, and at the end. */
  drained(): Promise<void> {
    const { softQueuedBytes } = this.#numbers;
    if (this.#ended || this.#actions.queuedBytes < softQueuedBytes) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiters.push(resolve);
    });
  }

  /** The queue may be shorter than it was. */
  relieved(): void {
    if (this.#timer === undefined && this.#waiters.length === 0 && !this.#drainWanted) return;
    const queuedBytes = this.#actions.queuedBytes;
    if (queuedBytes < this.#numbers.maxQueuedBytes) this.#stopTimer();
    if (queuedBytes >= this.#numbers.softQueuedBytes) return;
    this.#release();
    if (!this.#drainWanted) return;
    this.#drainWanted = false;
    this.#actions.drain();
  }

  /** Nothing leaves any more. */
  end(): void {
    this.#ended = true;
    this.#stopTimer();
    this.#drainWanted = false;
    this.#release();
  }

  #release(): void {
    for (const resolve of this.#waiters.splice(0)) resolve();
  }

  #stopTimer(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
