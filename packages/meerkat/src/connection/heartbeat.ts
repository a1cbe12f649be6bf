import { Keepalive, type KeepaliveTimes } from '../protocol/keepalive.ts';
import { type Clock, type Sleeper, type Timer, wakeAfter } from './clock.ts';

/** What the heartbeat does to its connection, and asks of it. */
export interface HeartbeatActions {
  pingDue(): void;
  /** The peer gave no sign of life in time. */
  peerDead(): void;
  /** Whether the transport is being read: silence says nothing otherwise. */
  readonly reading: boolean;
}

/** In place of a timer: there is none any more. */
const OVER: Timer = { cancel() {} };

/**
 * Drives a connection's keepalive with a timer. It is that keepalive, and what the timer wakes, since every object between
 * them is one for each idle connection.
 */
export class Heartbeat extends Keepalive implements Sleeper {
  readonly #clock: Clock;
  readonly #actions: HeartbeatActions;
  #timer: Timer | undefined;

  constructor(times: KeepaliveTimes, clock: Clock, actions: HeartbeatActions) {
    super(times, Math.trunc(clock.now()), 2 * Math.random() - 1);
    this.#clock = clock;
    this.#actions = actions;
    if (times.pingInterval === 0) this.#timer = OVER;
  }

  start(): void {
    this.#sleep();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = OVER;
  }

  /** Reading goes on after a pause. */
  override excuse(): void {
    super.excuse(Math.trunc(this.#clock.now()));
  }

  /** What the timer calls. */
  wake(): void {
    this.#look(false);
  }

  #sleep(): void {
    if (this.#timer === OVER) return;
    const delay = Math.max(0, this.wakeAt - this.#clock.now());
    this.#timer = wakeAfter(this.#clock, delay, this);
  }

  #look(afterReading: boolean): void {
    const now = Math.trunc(this.#clock.now());
    if (!this.#actions.reading) super.excuse(now);
    const verdict = this.check(now);
    if (verdict === 'dead') {
      if (afterReading) this.#actions.peerDead();
      else this.#lookAgain();
      return;
    }
    if (verdict === 'ping') this.#actions.pingDue();
    this.#sleep();
  }

  /** Timers run before sockets are read: after a blocked loop the Pong may be here already. */
  #lookAgain(): void {
    let immediate = setImmediate(() => {
      immediate = setImmediate(() => this.#look(true));
    });
    this.#timer = { cancel: () => clearImmediate(immediate) };
  }
}
