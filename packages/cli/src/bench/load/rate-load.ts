import { ConnectionFleet } from './connection-fleet.ts';
import { type Dialler, dialler, readMemoryFor } from './dialler.ts';
import { drained } from './drained.ts';
import { STRIDE } from './echo-load.ts';
import { LoadConnection, type LoadConnectionOwner } from './load-connection.ts';
import type { LoadSetup, LoadSource } from './load-source.ts';
import { paceOf } from './pace.ts';
import { PreparedMessages } from './prepared-messages.ts';
import { Schedule } from './schedule.ts';
import { waitsBy } from './timing.ts';

/** Messages of one connection that may be on their way: a server that falls behind further gets no more on it. */
const MOST_WAITING = 4_096;

/**
 * Messages are sent at fixed times, over the connections in turn, whatever comes back; how long one took counts from the time
 * at which it was to be sent. So a server that stalls is seen in all the messages that it kept waiting.
 */
export async function rateLoad(setup: LoadSetup): Promise<LoadSource> {
  const { plan, share, meter, patience } = setup;
  const messages = new PreparedMessages({ ...plan, depth: 1 }, setup.payloads);
  const memory = await readMemoryFor(messages, 1);
  const from = dialler(setup, setup.target, messages, memory);
  const open: RatedConnection[] = [];
  const run: RateRun = { waiting: 0, missing: 0 };
  let next = 0;
  const fleet = new ConnectionFleet({
    plan,
    share,
    meter,
    again: false,
    dial: (owner, index) =>
      new RatedConnection(owner, index, from, run, share.first, (connection) => {
        open.push(connection);
      }),
    gone: (connection) => {
      const at = open.indexOf(connection as RatedConnection);
      if (at >= 0) open.splice(at, 1);
    },
  });
  const schedule = new Schedule({
    pace: paceOf(share),
    meter,
    by: waitsBy(plan) ?? 'timer',
    send(intended) {
      if (open.length === 0) {
        meter.fail('overload', 'not sent: no connection was open');
        return;
      }
      if (next >= open.length) next = 0;
      open[next]?.send(intended);
      next += 1;
    },
  });
  return {
    open: () => fleet.open(),
    begin: () => schedule.begin(),
    halt: () => schedule.stop(),
    async stop() {
      schedule.stop();
      await drained(() => run.waiting === 0 || fleet.connections.size === 0, patience);
      for (const connection of open) connection.giveUp();
      const { missing } = run;
      await fleet.close(patience);
      return missing;
    },
  };
}

/** What the connections of a process share. */
interface RateRun {
  /** Messages that were sent and have not come back, of all connections. */
  waiting: number;
  /** Messages that were given up: nobody answers them any more. */
  missing: number;
}

const FEWEST = 16;

class RatedConnection extends LoadConnection {
  readonly #run: RateRun;
  readonly #whenOpen: (connection: RatedConnection) => void;
  /** When the messages on their way were to be sent: a ring whose length is a power of two. */
  #intended = new Float64Array(FEWEST);
  #oldest = 0;
  #waiting = 0;
  /** Whether what waits was given up: it is missing already, and was timed. */
  #givenUp = false;
  #nextSlot: number;

  constructor(
    owner: LoadConnectionOwner,
    index: number,
    from: Dialler,
    run: RateRun,
    first: number,
    whenOpen: (connection: RatedConnection) => void,
  ) {
    super(owner, index, from.dialling, from.request(), from.local(index));
    this.#run = run;
    this.#whenOpen = whenOpen;
    this.expectedSlot = ((first + index) * STRIDE) % this.messages.slots;
    this.#nextSlot = this.expectedSlot;
  }

  override get due(): number {
    return this.#waiting > 0 ? this.expectedSlot : -1;
  }

  send(intended: number): void {
    if (this.#waiting >= MOST_WAITING) {
      this.meter.fail(
        'overload',
        `not sent: ${MOST_WAITING} messages of a connection wait already`,
      );
      return;
    }
    if (this.#waiting === this.#intended.length) this.#grow();
    const mask = this.#intended.length - 1;
    this.#intended[(this.#oldest + this.#waiting) & mask] = intended;
    this.#waiting += 1;
    this.#run.waiting += 1;
    this.meter.sent += 1;
    const slot = this.#nextSlot;
    this.#nextSlot = slot + 1 === this.messages.slots ? 0 : slot + 1;
    this.write(slot, 1);
  }

  /**
   * What has not come back is missing, and counts with the time that it was waited for. Should it come all the same, it is
   * compared as an answer like any other, and counts no more.
   */
  giveUp(): void {
    if (this.#givenUp) return;
    this.#givenUp = true;
    this.#timeOldest(this.#waiting);
    this.#run.missing += this.#waiting;
  }

  override closed(error: Error | undefined): void {
    this.giveUp();
    super.closed(error);
  }

  protected opened(): void {
    this.#whenOpen(this);
  }

  protected received(count: number): void {
    const answered = count < this.#waiting ? count : this.#waiting;
    if (!this.#givenUp) this.#timeOldest(answered);
    this.#oldest = (this.#oldest + answered) & (this.#intended.length - 1);
    this.#waiting -= answered;
    if (count > answered) this.unasked(count - answered);
  }

  #timeOldest(count: number): void {
    const now = performance.now();
    const mask = this.#intended.length - 1;
    for (let index = 0; index < count; index += 1) {
      this.#time(this.#intended[(this.#oldest + index) & mask] as number, now);
    }
    this.#run.waiting -= count;
  }

  /** In the measured time only what was to be sent in it counts. */
  #time(intended: number, now: number): void {
    const { meter } = this;
    if (meter.measuredFrom === Number.POSITIVE_INFINITY || intended >= meter.measuredFrom) {
      meter.latency(now - intended, 1);
    }
  }

  #grow(): void {
    const before = this.#intended;
    const after = new Float64Array(before.length * 2);
    for (let index = 0; index < this.#waiting; index += 1) {
      after[index] = before[(this.#oldest + index) & (before.length - 1)] as number;
    }
    this.#intended = after;
    this.#oldest = 0;
  }
}
