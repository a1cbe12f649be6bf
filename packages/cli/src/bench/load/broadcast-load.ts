import { ConnectionFleet } from './connection-fleet.ts';
import { type Dialler, dialler, readMemoryFor } from './dialler.ts';
import { drained } from './drained.ts';
import { LoadConnection, type LoadConnectionOwner } from './load-connection.ts';
import type { LoadMeter } from './load-meter.ts';
import type { LoadSetup, LoadSource } from './load-source.ts';
import { paceOf } from './pace.ts';
import { PreparedMessages } from './prepared-messages.ts';
import { MOST_PUBLISHED, PublishedTimes } from './published-times.ts';
import { Schedule } from './schedule.ts';
import { waitsBy } from './timing.ts';

/**
 * One connection, of the first process, publishes; all others are to get what it sends. Without a rate a message is published
 * when the subscribers of the first process have, on average, all but `window`. Times are those of its subscribers:
 * the clocks of processes differ.
 */
export async function broadcastLoad(setup: LoadSetup): Promise<LoadSource> {
  const { plan, share, meter, patience } = setup;
  const messages = new PreparedMessages({ ...plan, depth: plan.window }, setup.payloads);
  const memory = await readMemoryFor(messages, plan.window);
  const from = dialler(setup, setup.target, messages, memory);
  const to = dialler(setup, setup.publishTarget, messages, memory);
  const run = new BroadcastRun(meter, setup.share.rate === undefined ? plan.window : undefined);
  const publishes = share.index === 0;
  const common = { plan, share, meter, again: false };
  const subscribers = new ConnectionFleet({
    ...common,
    dial: (owner, index) => new Subscriber(owner, index, from, run),
  });
  const publisher = new ConnectionFleet({
    ...common,
    share: { ...share, connections: 1 },
    dial: (owner, index) => {
      run.publisher = new Publisher(owner, index, to, run);
      return run.publisher;
    },
  });
  const schedule = new Schedule({
    pace: paceOf(plan), // one publishes, all of it
    meter,
    by: waitsBy(plan) ?? 'timer',
    send: (intended) => run.publish(1, intended),
  });
  const halt = (): void => {
    run.running = false;
    schedule.stop();
  };
  return {
    async open() {
      await subscribers.open();
      if (publishes) await publisher.open();
    },
    over: () => run.over,
    begin() {
      if (!publishes) return;
      run.running = true;
      if (plan.rate === undefined) run.publishMore();
      else schedule.begin();
    },
    halt,
    async stop() {
      halt();
      await drained(() => run.awaited === 0, patience);
      const missing = run.missing + run.awaited;
      await Promise.all([subscribers.close(patience), publisher.close(patience)]);
      return missing;
    },
  };
}

/** What the connections of a process share. */
class BroadcastRun {
  publisher: Publisher | undefined;
  running = false;
  /** What became of the publisher, where it is no more. */
  over: string | undefined;
  published = 0;
  /** The open subscribers, and how many messages they got in all. */
  readonly subscribers = new Set<Subscriber>();
  delivered = 0;
  /** The furthest of them. */
  furthest = 0;
  /** Deliveries that will never come: see {@link lost}. */
  missing = 0;
  readonly #meter: LoadMeter;
  readonly #window: number | undefined;
  readonly #times = new PublishedTimes(() => {
    let least = this.published;
    for (const { got } of this.subscribers) if (got < least) least = got;
    return least;
  });

  /** @param window - Undefined where messages are published at a rate. */
  constructor(meter: LoadMeter, window: number | undefined) {
    this.#meter = meter;
    this.#window = window;
  }

  /** Deliveries that are still to come. Who does not publish knows only what somebody has got. */
  get awaited(): number {
    return Math.max(0, this.#sent * this.subscribers.size - this.delivered);
  }

  /** Those that a subscriber who was lost did not get any more. */
  lost(got: number): void {
    this.missing += Math.max(0, this.#sent - got);
  }

  get #sent(): number {
    return this.publisher === undefined ? this.furthest : this.published;
  }

  /** When the message with this number was published. */
  publishedAt(number: number): number {
    return this.#times.at(number);
  }

  publishMore(): void {
    if (!this.running || this.#window === undefined || this.subscribers.size === 0) return;
    const may = Math.floor(this.delivered / this.subscribers.size) + this.#window - this.published;
    if (may > 0) this.publish(may, performance.now());
  }

  publish(count: number, at: number): void {
    if (this.publisher?.isOpen !== true) return;
    const first = this.published;
    const end = first + count;
    while (this.published < end && this.#times.keep(this.published, at)) this.published += 1;
    if (this.published > first) this.publisher.publish(first, this.published - first);
    // Without a rate it goes on when the slowest has got more.
    if (this.published === end || this.#window !== undefined) return;
    const words = `not published: ${MOST_PUBLISHED} messages wait for a subscriber already`;
    this.#meter.fail('overload', words, end - this.published);
  }
}

class Publisher extends LoadConnection {
  // It may get its own messages back: nobody counts them.
  protected override readonly comparing: boolean = false;

  readonly #run: BroadcastRun;
  #wasOpen = false;

  constructor(owner: LoadConnectionOwner, index: number, to: Dialler, run: BroadcastRun) {
    super(owner, index, to.dialling, to.request(), to.local(index));
    this.#run = run;
  }

  publish(number: number, count: number): void {
    this.meter.sent += count;
    this.write(number % this.messages.slots, count);
  }

  override messageRead(): void {}

  protected override complain(kind: string, detail: string): void {
    const what = this.#wasOpen ? 'was lost' : 'could not connect';
    this.#run.over = `the publisher ${what}: ${detail}`;
    super.complain(kind, `${detail} (the publisher)`);
  }

  protected opened(): void {
    this.#wasOpen = true;
  }

  protected received(): void {}
}

class Subscriber extends LoadConnection {
  readonly #run: BroadcastRun;
  #got = 0;

  constructor(owner: LoadConnectionOwner, index: number, from: Dialler, run: BroadcastRun) {
    super(owner, index, from.dialling, from.request(), from.local(index));
    this.#run = run;
  }

  /** How many it got. */
  get got(): number {
    return this.#got;
  }

  override messageRead(bytes: number, wrong: string | undefined, slot: number): void {
    const { slots } = this.messages;
    // Those that it did not get are not waited for.
    const skipped = slot < 0 ? 0 : (slot - this.expectedSlot + slots) % slots;
    if (skipped > 0 && this.#got + skipped < this.#run.published) {
      this.#got += skipped;
      this.#run.delivered += skipped;
      this.meter.fail('lost', 'a message that was published did not come', skipped);
    }
    super.messageRead(bytes, wrong, slot);
  }

  override closed(error: Error | undefined): void {
    if (this.#run.subscribers.delete(this)) {
      this.#run.lost(this.#got);
      this.#run.delivered -= this.#got;
    }
    super.closed(error);
    this.#run.publishMore();
  }

  protected opened(): void {
    this.#run.subscribers.add(this);
  }

  protected received(count: number): void {
    const run = this.#run;
    if (run.publisher !== undefined) this.#time(count);
    this.#got += count;
    run.delivered += count;
    if (this.#got > run.furthest) run.furthest = this.#got;
    run.publishMore();
  }

  #time(count: number): void {
    const run = this.#run;
    const { meter } = this;
    const now = performance.now();
    const end = this.#got + count;
    for (let number = this.#got; number < end; ) {
      const at = run.publishedAt(number);
      let alike = 1;
      while (number + alike < end && run.publishedAt(number + alike) === at) alike += 1;
      if (meter.measuredFrom === Number.POSITIVE_INFINITY || at >= meter.measuredFrom) {
        meter.latency(now - at, alike);
      }
      number += alike;
    }
  }
}
