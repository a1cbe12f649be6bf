import fc from 'fast-check';
import type { ManualClock } from 'meerkat/testing';
import { expect, it } from 'vitest';
import type { Closed } from '../../src/connection/closed.ts';
import type { Connection } from '../../src/connection/connection.ts';
import type { OverRate } from '../../src/connection/receive-rate.ts';
import { closeFrame, frame, PING, PONG, TEXT } from '../support/frames.ts';
import { type Deferred, deferred, turn } from '../support/waiting.ts';
import type { ManualTransport } from './manual-transport.ts';
import { open, VIOLATION } from './opening.ts';
import { FORGETFUL, packed, RSV1 } from './packed.ts';

// P9 of the behaviour catalogue: whatever the application, the peer, the network and the clock do, in whatever order,
// and whatever a handler does within its call, a connection keeps its promises.

const EVENTS = ['open', 'message', 'ping', 'pong', 'drain', 'close', 'error'] as const;
type EventName = (typeof EVENTS)[number];

/** What a handler, or the application from outside, does. */
const DEEDS = ['send', 'sendBig', 'close', 'closeBadly', 'terminate', 'ping', 'drained'] as const;
/** What a handler returns. */
const RESULTS = ['nothing', 'throw', 'reject', 'wait', 'waitAndThrow'] as const;
/** What else happens. */
const FACTS = [
  ...(['text', 'text', 'text', 'ping', 'pong', 'closeFrame', 'violation', 'half'] as const),
  ...(['packed', 'packed', 'packedLarge', 'packedBadly'] as const),
  ...(['peerEnds', 'breaks', 'take', 'takeSome', 'stall', 'flow'] as const),
  ...(['turn', 'turn', 'release', 'second', 'pingTime', 'closeTime'] as const),
  ...(['next', 'leave'] as const),
] as const;

type Deed = (typeof DEEDS)[number];
type Result = (typeof RESULTS)[number];
type Fact = (typeof FACTS)[number];

interface Reaction {
  readonly deeds: readonly Deed[];
  readonly result: Result;
}

interface Life {
  readonly consumer: 'handler' | 'loop';
  readonly role: 'server' | 'client';
  /** Whether permessage-deflate was agreed on. */
  readonly compression: boolean;
  /** What becomes of messages that come too fast. */
  readonly overRate: OverRate;
  readonly maxMessagesPerSecond: number;
  readonly reactions: readonly Reaction[];
  readonly steps: readonly (Fact | Deed)[];
}

const reaction: fc.Arbitrary<Reaction> = fc.record({
  deeds: fc.array(fc.constantFrom(...DEEDS), { maxLength: 2 }),
  result: fc.oneof(
    { weight: 5, arbitrary: fc.constant('nothing' as const) },
    { weight: 2, arbitrary: fc.constantFrom(...RESULTS) },
  ),
});

const life: fc.Arbitrary<Life> = fc.record({
  consumer: fc.constantFrom('handler', 'loop'),
  role: fc.constantFrom('server', 'client'),
  compression: fc.boolean(),
  overRate: fc.constantFrom('pause', 'drop', 'close'),
  maxMessagesPerSecond: fc.constantFrom(0, 0, 1),
  reactions: fc.array(reaction, { maxLength: 8 }),
  steps: fc.array(
    fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom(...FACTS) },
      { weight: 1, arbitrary: fc.constantFrom(...DEEDS) },
    ),
    { maxLength: 30 },
  ),
});

const MINE = new Error('mine');

/** Lives a life, and keeps what was seen of it. */
class Biography {
  readonly connection: Connection<undefined>;
  readonly transport: ManualTransport;
  readonly clock: ManualClock;
  readonly sent: () => string[];
  readonly closes: readonly Closed[];
  readonly errors: readonly unknown[];
  /** Names of the events, in order. */
  readonly log: string[] = [];
  readonly taken: number[] = [];
  readonly promises: Promise<unknown>[] = [];
  thrown = 0;
  dropped = 0;
  droppedAtClose = -1;
  mostAtOnce = 0;
  readonly #life: Life;
  readonly #reactions: Reaction[];
  readonly #waiting: Deferred<void>[] = [];
  #atOnce = 0;
  #texts = 0;
  #loop: AsyncIterator<unknown> | undefined;

  constructor(given: Life) {
    this.#life = given;
    this.#reactions = [...given.reactions];
    const { message, ...others } = Object.fromEntries(
      EVENTS.map((name) => [name, (...args: unknown[]) => this.#event(name, args)]),
    ) as unknown as Record<EventName, () => undefined>;
    const opened = open({
      role: given.role,
      softQueuedBytes: 20,
      maxQueuedBytes: 200,
      maxInboxMessages: 3,
      overRate: given.overRate,
      maxMessagesPerSecond: given.maxMessagesPerSecond,
      messageBurst: 3,
      ...(given.compression ? { compression: { threshold: 1 }, deflate: FORGETFUL } : {}),
      ...others,
      open: (connection) => this.#event('open', [connection]) as undefined,
      ...(given.consumer === 'handler' ? { message } : {}),
    });
    ({ connection: this.connection, transport: this.transport, clock: this.clock } = opened);
    ({ sent: this.sent, closes: this.closes, errors: this.errors } = opened);
  }

  async live(): Promise<void> {
    for (const step of this.#life.steps) await this.#step(step);
    // An end to everything: handlers finish, the peer goes silent, and time passes.
    this.#reactions.length = 0;
    this.connection.close();
    for (let count = 0; count < 60 && this.closes.length === 0; count += 1) {
      for (const held of this.#waiting.splice(0)) held.resolve();
      await turn();
      this.clock.advance(1_000);
    }
    this.#leave();
    for (let count = 0; count < 60 && this.closes.length === 0; count += 1) {
      await turn();
      this.clock.advance(1_000);
    }
    for (const held of this.#waiting.splice(0)) held.resolve();
    await turn();
    await turn();
  }

  #event(name: EventName, args: readonly unknown[]): unknown {
    this.log.push(name);
    if (name === 'message') {
      this.taken.push(Number(args[1]));
      this.#atOnce += 1;
      this.mostAtOnce = Math.max(this.mostAtOnce, this.#atOnce);
    }
    if (name === 'close') this.droppedAtClose = this.dropped;
    const { deeds, result } = this.#reactions.shift() ?? { deeds: [], result: 'nothing' };
    // The hook runs while the connection is being made.
    const connection = (name === 'error' ? args[1] : args[0]) as Connection<undefined>;
    for (const deed of deeds) this.#do(deed, connection);
    const finish = (): void => {
      if (name === 'message') this.#atOnce -= 1;
    };
    switch (name === 'error' ? 'nothing' : result) {
      case 'nothing':
        finish();
        return undefined;
      case 'throw':
        finish();
        this.thrown += 1;
        throw MINE;
      case 'reject':
        finish();
        this.thrown += 1;
        return Promise.reject(MINE);
      case 'wait':
      case 'waitAndThrow': {
        const held = deferred<void>();
        this.#waiting.push(held);
        return held.promise.then(() => {
          finish();
          if (result === 'wait') return;
          this.thrown += 1;
          throw MINE;
        });
      }
    }
  }

  #do(deed: Deed, connection: Connection<undefined>): void {
    switch (deed) {
      case 'send':
      case 'sendBig':
        if (connection.send(deed === 'send' ? 'x' : 'y'.repeat(20_000)) === 'dropped') {
          this.dropped += 1;
        }
        break;
      case 'close':
        connection.close(4000);
        break;
      case 'closeBadly':
        expect(() => connection.close(1006)).toThrow(TypeError);
        break;
      case 'terminate':
        connection.terminate();
        break;
      case 'ping':
        this.promises.push(connection.ping().catch(() => {}));
        break;
      case 'drained':
        this.promises.push(connection.drained());
        break;
    }
  }

  async #step(step: Fact | Deed): Promise<void> {
    const { transport, clock } = this;
    const form = { masked: this.#life.role === 'server' };
    switch (step) {
      case 'text':
        transport.receive(frame(TEXT, `${this.#texts}`, form));
        this.#texts += 1;
        break;
      case 'packed':
      case 'packedLarge': {
        // Blanks around a number are nothing, but too much for the loop.
        const text = `${this.#texts}${step === 'packed' ? '' : ' '.repeat(20_000)}`;
        transport.receive(packed(text, TEXT, form));
        this.#texts += 1;
        break;
      }
      case 'packedBadly':
        transport.receive(frame(RSV1 | TEXT, Buffer.alloc(17_000, 0xff), form));
        break;
      case 'ping':
        transport.receive(frame(PING, 'p', form));
        this.#do('ping', this.connection);
        break;
      case 'pong':
        transport.receive(frame(PONG, '0001', form));
        break;
      case 'closeFrame':
        transport.receive(closeFrame(4001, '', form));
        break;
      case 'violation':
        transport.receive(form.masked ? VIOLATION : frame(TEXT, 'bad'));
        break;
      case 'half':
        transport.receive(frame(TEXT, 'half', form).subarray(0, 4));
        break;
      case 'peerEnds':
        transport.peerEnds();
        break;
      case 'breaks':
        transport.breaks(new Error('broken'));
        break;
      case 'take':
        transport.take();
        break;
      case 'takeSome':
        transport.take(Math.ceil(transport.queuedBytes / 2));
        break;
      case 'stall':
        transport.flowing = false;
        break;
      case 'flow':
        transport.flowing = true;
        break;
      case 'turn':
        await turn();
        break;
      case 'release':
        this.#waiting.shift()?.resolve();
        await turn();
        break;
      case 'second':
        clock.advance(1_000);
        break;
      case 'pingTime':
        clock.advance(30_000);
        await turn();
        await turn();
        break;
      case 'closeTime':
        clock.advance(10_000);
        break;
      case 'next':
        this.#next();
        break;
      case 'leave':
        this.#leave();
        break;
      default:
        this.#do(step, this.connection);
    }
  }

  #next(): void {
    if (this.#life.consumer === 'handler') return;
    this.#loop ??= this.connection[Symbol.asyncIterator]();
    this.promises.push(
      this.#loop.next().then(({ done, value }) => {
        if (done === true) this.#loop = undefined;
        else this.taken.push(Number(value));
      }),
    );
  }

  #leave(): void {
    void this.#loop?.return?.();
    this.#loop = undefined;
  }
}

it('P9 keeps its promises, whatever happens', async () => {
  await fc.assert(
    fc.asyncProperty(life, async (given) => {
      const lived = new Biography(given);
      await lived.live();
      const { connection, log, closes, taken } = lived;
      // One close event, the last of all but errors, and it is what `closed` says.
      expect(closes).toHaveLength(1);
      expect(await connection.closed).toBe(closes[0]);
      expect(log.slice(log.indexOf('close') + 1).filter((name) => name !== 'error')).toEqual([]);
      expect(log[0]).toBe('open');
      expect(connection.state).toBe('closed');
      // Whole frames only; one Close at most, with the code that `closed` says, and nothing behind it.
      const wire = lived.sent();
      const close = wire.findIndex((each) => each.startsWith('close'));
      if (close >= 0) {
        expect(close).toBe(wire.length - 1);
        expect(wire[close]).toContain(`close ${closes[0]?.sent?.code}`);
      }
      // Messages in order, each once, one at a time.
      expect(taken).toEqual([...new Set(taken)].toSorted((one, other) => one - other));
      expect(lived.mostAtOnce).toBeLessThanOrEqual(1);
      // Every failure of a handler reported once, and nothing else.
      expect(lived.errors).toEqual(Array(lived.thrown).fill(MINE));
      expect(closes[0]?.droppedMessages).toBe(lived.droppedAtClose);
      // Nobody is left waiting, and no timer runs.
      await Promise.all(lived.promises);
      expect(lived.clock.pending).toBe(0);
    }),
    { numRuns: 1_000 },
  );
});
