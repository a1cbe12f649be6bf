import { ProtocolError } from '../protocol/protocol-error.ts';
import { Rate } from '../protocol/rate.ts';
import type { Clock, Timer } from './clock.ts';
import type { ConnectionNumbers } from './connection-options.ts';
import type { LimitName } from './limit-hits.ts';

/** What becomes of messages that come too fast: they wait for their time, are discarded, or fail the connection with 1008. */
export type OverRate = 'pause' | 'drop' | 'close';

/** The numbers of a {@link ReceiveRate}. */
export type RateNumbers = Pick<
  ConnectionNumbers,
  'maxMessagesPerSecond' | 'messageBurst' | 'maxBytesPerSecond' | 'byteBurst'
>;

/** What a rate does to its connection. */
export interface ReceiveRateActions {
  /** A limit bit. */
  exceeded(limit: LimitName): void;
  failed(error: ProtocolError): void;
  /** The next message may be handed over. */
  resumed(): void;
}

/** A limit, and what has come of it. */
interface Counted {
  readonly limit: 'maxMessagesPerSecond' | 'maxBytesPerSecond';
  readonly rate: Rate;
}

/** How many messages a second the peer may send, and how many octets of them. */
export class ReceiveRate {
  readonly #overRate: OverRate;
  readonly #clock: Clock;
  readonly #actions: ReceiveRateActions;
  readonly #messages: Counted | undefined;
  readonly #bytes: Counted | undefined;
  #timer: Timer | undefined;
  #stopped = false;
  #discarded = 0;

  constructor(numbers: RateNumbers, overRate: OverRate, clock: Clock, actions: ReceiveRateActions) {
    this.#overRate = overRate;
    this.#clock = clock;
    this.#actions = actions;
    const { maxMessagesPerSecond, messageBurst, maxBytesPerSecond, byteBurst } = numbers;
    this.#messages = counted('maxMessagesPerSecond', maxMessagesPerSecond, messageBurst, clock);
    this.#bytes = counted('maxBytesPerSecond', maxBytesPerSecond, byteBurst, clock);
  }

  /** Whether a connection with these numbers needs one. */
  static wanted({ maxMessagesPerSecond, maxBytesPerSecond }: RateNumbers): boolean {
    return maxMessagesPerSecond > 0 || maxBytesPerSecond > 0;
  }

  /** Messages that were not let pass. */
  get discarded(): number {
    return this.#discarded;
  }

  /** Counts a message that arrived, its octets inflated. False when it is not to be handed over, at no time. */
  admit(bytes: number): boolean {
    if (this.#overRate === 'pause') return true;
    return this.#take(this.#messages, 1) && this.#take(this.#bytes, bytes);
  }

  /** Whether a message may be handed over now; where it is too early, `resumed` says when. */
  ready(): boolean {
    if (this.#overRate !== 'pause' || this.#stopped) return true;
    if (this.#timer !== undefined) return false;
    // A message of any length passes once there is no debt: it could never be saved up for.
    const wait = Math.max(this.#wait(this.#messages, 1), this.#wait(this.#bytes, 0));
    if (wait === 0) return true;
    this.#timer = this.#clock.after(wait, () => {
      this.#timer = undefined;
      this.#actions.resumed();
    });
    return false;
  }

  /** A message is handed over. */
  handed(bytes: number): void {
    if (this.#overRate !== 'pause') return;
    this.#messages?.rate.owe(1);
    this.#bytes?.rate.owe(bytes);
  }

  /** The connection ends: what is here need not wait any more. */
  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #wait(counted: Counted | undefined, count: number): number {
    if (counted === undefined) return 0;
    const wait = counted.rate.wait(this.#clock.now(), count);
    if (wait > 0) this.#actions.exceeded(counted.limit);
    return wait;
  }

  #take(counted: Counted | undefined, count: number): boolean {
    if (counted === undefined || counted.rate.take(this.#clock.now(), count)) return true;
    if (this.#overRate === 'drop') {
      this.#discarded += 1;
      this.#actions.exceeded(counted.limit);
    } else {
      const code = counted === this.#messages ? 'WS_MESSAGE_RATE' : 'WS_BYTE_RATE';
      this.#actions.failed(new ProtocolError(code));
    }
    return false;
  }
}

/** @param burst - 0 for what two seconds bring. */
function counted(
  limit: Counted['limit'],
  perSecond: number,
  burst: number,
  clock: Clock,
): Counted | undefined {
  if (perSecond === 0) return undefined;
  return { limit, rate: new Rate(perSecond, burst === 0 ? 2 * perSecond : burst, clock.now()) };
}
