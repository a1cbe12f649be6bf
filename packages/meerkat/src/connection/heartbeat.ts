import { Keepalive, type KeepaliveTimes } from '../protocol/keepalive.ts';
import type { Clock, Timer } from './clock.ts';

/** What the heartbeat does to its connection, and asks of it. */
export interface HeartbeatActions {
  pingDue(): void;
  /** The peer gave no sign of life in time. */
  peerDead(): void;
  /** Whether the transport is being read: silence says nothing otherwise. */
  readonly reading: boolean;
}

/** Drives a connection's keepalive with a timer. */
export class Heartbeat {
  readonly #clock: Clock;
  readonly #actions: HeartbeatActions;
  readonly #keepalive: Keepalive | undefined;
  #timer: Timer | undefined;
  #recheck: NodeJS.Immediate | undefined;
  #stopped = false;

  constructor(times: KeepaliveTimes, clock: Clock, actions: HeartbeatActions) {
    this.#clock = clock;
    this.#actions = actions;
    if (times.pingInterval > 0) {
      this.#keepalive = new Keepalive(times, Math.trunc(clock.now()), 2 * Math.random() - 1);
    }
  }

  start(): void {
    this.#sleep();
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    clearImmediate(this.#recheck);
  }

  /** Octets arrived. */
  heard(): void {
    this.#keepalive?.heard();
  }

  /** Reading goes on after a pause. */
  excuse(): void {
    this.#keepalive?.excuse(Math.trunc(this.#clock.now()));
  }

  #sleep(): void {
    if (this.#keepalive === undefined || this.#stopped) return;
    const delay = Math.max(0, this.#keepalive.wakeAt - this.#clock.now());
    this.#timer = this.#clock.after(delay, () => this.#wake(false));
  }

  #wake(afterReading: boolean): void {
    const keepalive = this.#keepalive;
    if (keepalive === undefined) return;
    const now = Math.trunc(this.#clock.now());
    if (!this.#actions.reading) keepalive.excuse(now);
    const verdict = keepalive.check(now);
    if (verdict === 'dead') {
      if (afterReading) {
        this.#actions.peerDead();
        return;
      }
      // Timers run before sockets are read: after a blocked loop the Pong may be here already. Look once more then.
      this.#recheck = setImmediate(() => {
        this.#recheck = setImmediate(() => this.#wake(true));
      });
      return;
    }
    if (verdict === 'ping') this.#actions.pingDue();
    this.#sleep();
  }
}
