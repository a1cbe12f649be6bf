import { ConnectionFleet } from './connection-fleet.ts';
import { type Dialler, dialler, readMemoryFor } from './dialler.ts';
import { drained } from './drained.ts';
import { LoadConnection, type LoadConnectionOwner } from './load-connection.ts';
import type { LoadSetup, LoadSource } from './load-source.ts';
import { PreparedMessages } from './prepared-messages.ts';

/** Each connection begins elsewhere in the ring of messages, neighbours far apart: an answer that belongs to another is seen. */
export const STRIDE = 61;

/** Each connection keeps `depth` messages on their way. */
export async function echoLoad(setup: LoadSetup): Promise<LoadSource> {
  const { plan, share, meter, patience } = setup;
  const messages = new PreparedMessages(plan, setup.payloads);
  const memory = await readMemoryFor(messages, plan.depth);
  const from = dialler(setup, setup.target, messages, memory);
  const run: EchoRun = { depth: plan.depth, sending: true, waiting: 0, missing: 0 };
  const fleet = new ConnectionFleet({
    plan,
    share,
    meter,
    again: false,
    dial: (owner, index) => new EchoConnection(owner, index, from, run, share.first),
  });
  return {
    open: () => fleet.open(),
    begin() {},
    halt() {
      run.sending = false;
    },
    async stop() {
      run.sending = false;
      await drained(() => run.waiting === 0 || fleet.connections.size === 0, patience);
      const missing = run.missing + run.waiting;
      await fleet.close(patience);
      return missing;
    },
  };
}

/** What the connections of a process share. */
interface EchoRun {
  readonly depth: number;
  sending: boolean;
  /** Messages that were sent and have not come back, of all connections. */
  waiting: number;
  /** Messages that were on their way on a connection that was lost. */
  missing: number;
}

class EchoConnection extends LoadConnection {
  readonly #run: EchoRun;
  /** When the messages on their way were sent: a ring, `#oldest` is the one that is to come next. */
  readonly #sentAt: Float64Array;
  #oldest = 0;
  #waiting = 0;
  #nextSlot: number;

  constructor(
    owner: LoadConnectionOwner,
    index: number,
    from: Dialler,
    run: EchoRun,
    first: number,
  ) {
    super(owner, index, from.dialling, from.request(), from.local(index));
    this.#run = run;
    this.#sentAt = new Float64Array(run.depth);
    this.expectedSlot = ((first + index) * STRIDE) % this.messages.slots;
    this.#nextSlot = this.expectedSlot;
  }

  override get due(): number {
    return this.#waiting > 0 ? this.expectedSlot : -1;
  }

  protected opened(): void {
    if (this.#run.sending) this.#send(this.#run.depth, performance.now());
  }

  protected received(count: number): void {
    const run = this.#run;
    const now = performance.now();
    const answered = count < this.#waiting ? count : this.#waiting;
    if (count > answered) this.unasked(count - answered);
    if (!run.sending) {
      this.#forget(answered);
      return;
    }
    this.#time(answered, now);
    if (answered > 0) this.#send(answered, now);
  }

  override closed(error: Error | undefined): void {
    this.#run.missing += this.#waiting;
    this.#run.waiting -= this.#waiting;
    this.#waiting = 0;
    super.closed(error);
  }

  /** Those that were sent at one time, as one. */
  #time(count: number, now: number): void {
    const { depth } = this.#run;
    let oldest = this.#oldest;
    let at = this.#sentAt[oldest] as number;
    let alike = 0;
    for (let left = count; left > 0; left -= 1) {
      const sentAt = this.#sentAt[oldest] as number;
      if (sentAt !== at) {
        this.meter.latency(now - at, alike);
        at = sentAt;
        alike = 0;
      }
      alike += 1;
      oldest = oldest + 1 === depth ? 0 : oldest + 1;
    }
    if (alike > 0) this.meter.latency(now - at, alike);
    this.#forget(count);
  }

  #forget(count: number): void {
    const { depth } = this.#run;
    this.#oldest = (this.#oldest + count) % depth;
    this.#waiting -= count;
    this.#run.waiting -= count;
  }

  #send(count: number, now: number): void {
    const run = this.#run;
    const { depth } = run;
    let at = (this.#oldest + this.#waiting) % depth;
    for (let left = count; left > 0; left -= 1) {
      this.#sentAt[at] = now;
      at = at + 1 === depth ? 0 : at + 1;
    }
    this.#waiting += count;
    run.waiting += count;
    this.meter.sent += count;
    const slot = this.#nextSlot;
    this.#nextSlot = (slot + count) % this.messages.slots;
    this.write(slot, count);
  }
}
