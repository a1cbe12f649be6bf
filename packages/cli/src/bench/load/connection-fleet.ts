import type { BenchPlan } from '../bench-plan.ts';
import type { LoadConnection, LoadConnectionOwner } from './load-connection.ts';
import type { LoadMeter } from './load-meter.ts';
import type { LoadShare } from './load-source.ts';

/** How often is looked for what takes too long, in milliseconds. */
const SWEEP = 250;
/** After a dial that failed, before the next one in its place: a server that is down must not be hammered. */
const AGAIN = 100;

/** What a fleet is to do. */
export interface FleetOrders {
  readonly plan: BenchPlan;
  readonly share: LoadShare;
  readonly meter: LoadMeter;
  /** Dials. */
  readonly dial: (owner: LoadConnectionOwner, index: number) => LoadConnection;
  /** Whether another is dialled in place of one that is gone. */
  readonly again: boolean;
  readonly opened?: ((connection: LoadConnection) => void) | undefined;
  readonly gone?: ((connection: LoadConnection) => void) | undefined;
}

/** The connections of one process: opens them at the pace of the plan, and ends them. */
export class ConnectionFleet implements LoadConnectionOwner {
  readonly connections: Set<LoadConnection> = new Set();
  readonly #orders: FleetOrders;
  readonly #began = performance.now();
  readonly #sweeper: NodeJS.Timeout;
  #begun = 0;
  #dialling = 0;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  #isFull: (() => void) | undefined;
  #isEmpty: (() => void) | undefined;

  constructor(orders: FleetOrders) {
    this.#orders = orders;
    this.#sweeper = setInterval(() => this.#sweep(), SWEEP);
  }

  /** Resolves when each has been opened, or has failed; of connections that are dialled again, when each was dialled once. */
  open(): Promise<void> {
    return new Promise((resolve) => {
      this.#isFull = resolve;
      this.#dialNext();
    });
  }

  /** Ends all, and dials no more. Resolves when they are gone, after `patience` milliseconds at most. Never rejects. */
  async close(patience: number): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    for (const connection of this.connections) {
      if (this.#orders.plan.closing === 'abrupt' || !connection.isOpen) connection.abort();
      else connection.close();
    }
    if (this.connections.size > 0) {
      const expire = setTimeout(() => this.#isEmpty?.(), patience);
      await new Promise<void>((resolve) => {
        this.#isEmpty = resolve;
      });
      clearTimeout(expire);
    }
    clearInterval(this.#sweeper);
    for (const connection of this.connections) connection.abort();
  }

  connectionOpened(connection: LoadConnection): void {
    this.#dialling -= 1;
    this.#orders.opened?.(connection);
    this.#dialNext();
  }

  connectionGone(connection: LoadConnection, wasOpen: boolean): void {
    this.connections.delete(connection);
    if (!wasOpen) this.#dialling -= 1;
    this.#orders.gone?.(connection);
    if (this.connections.size === 0) this.#isEmpty?.();
    if (this.#stopped) return;
    if (!this.#orders.again) this.#dialNext();
    else if (wasOpen) this.#dial(connection.index);
    else setTimeout(() => this.#dial(connection.index), AGAIN);
  }

  #dialNext(): void {
    clearTimeout(this.#timer);
    const { share, plan, again } = this.#orders;
    const most = again ? share.connections : share.connecting;
    const due = this.#due();
    while (!this.#stopped && this.#begun < due && this.#dialling < most) {
      this.#dial(this.#begun);
      this.#begun += 1;
    }
    if (this.#begun === share.connections && (again || this.#dialling === 0)) this.#isFull?.();
    else if (this.#begun >= due && !this.#stopped) {
      const next = this.#began + (plan.ramp * (this.#begun + 1)) / share.connections;
      this.#timer = setTimeout(() => this.#dialNext(), Math.max(1, next - performance.now()));
    }
  }

  /** How many are to have been dialled by now. */
  #due(): number {
    const { share, plan } = this.#orders;
    const part = plan.ramp > 0 ? (performance.now() - this.#began) / plan.ramp : 1;
    return Math.min(share.connections, Math.floor(part * share.connections));
  }

  #dial(index: number): void {
    if (this.#stopped) return;
    this.#dialling += 1;
    this.connections.add(this.#orders.dial(this, index));
  }

  #sweep(): void {
    const since = performance.now() - this.#orders.plan.connectTimeout;
    for (const connection of this.connections) {
      if (connection.waitingSince < since) connection.expire();
    }
  }
}
