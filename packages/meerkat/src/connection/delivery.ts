import type { DataOpcode } from '../protocol/opcode.ts';
import type { ProtocolError } from '../protocol/protocol-error.ts';
import type { Role } from '../protocol/role.ts';
import { UsageError } from '../protocol/usage-error.ts';
import { Inflation, type InflationSettings } from './compression/inflation.ts';
import type { Connection } from './connection.ts';
import type { ConnectionHandlers } from './connection-handlers.ts';
import type { ResolvedConnectionOptions } from './connection-options.ts';
import { Inbox, type Message } from './inbox.ts';
import type { LimitName } from './limit-hits.ts';
import { ReceiveRate } from './receive-rate.ts';
import { isThenable } from './thenable.ts';

/** What a delivery asks of its connection. */
export interface DeliveryActions {
  pauseReading(): void;
  resumeReading(): void;
  /** A handler threw or rejected. */
  handlerFailed(error: unknown): void;
  /** The peer sent what cannot be handed over. */
  violated(error: ProtocolError): void;
  /** A limit bit. */
  exceeded(limit: LimitName): void;
  /** A message is done with: what waited for that may go on when {@link Delivery.idle}. */
  handled(): void;
}

/** The inbox of all who have none: nothing is ever put in. */
const EMPTY = new Inbox();

/** How far the end of a connection has come, as far as its messages are concerned. */
class DeliveryEnd {
  /** Nothing pauses reading any more. */
  readingOn = false;
  /** Our Close is out. */
  closing = false;
  /** No message is handed over any more. */
  discarding = false;
  abandoned = false;
  finished = false;
}

/** The pulls of all who are not iterated over: nothing is ever put in. */
const NO_PULLS: Pull[] = [];

type Pull = (result: IteratorResult<Message, undefined>) => void;

/**
 * Hands messages over, in order and one at a time: to the `message` handler, or where there is none to whoever iterates.
 * What nobody takes yet waits in the inbox; when that is full, reading pauses. A server's connection whose open hook is
 * done without a handler or a loop only pushes: what the inbox cannot hold is let go, so that the peer's Pongs and Close
 * are still read.
 */
export class Delivery<Data> {
  readonly #connection: Connection<Data>;
  readonly #role: Role;
  readonly #handlers: ConnectionHandlers<Data>;
  readonly #options: ResolvedConnectionOptions;
  readonly #actions: DeliveryActions;
  /** One of its own from the first message on that has to wait. */
  #inbox: Inbox = EMPTY;
  readonly #inflationSettings: InflationSettings | undefined;
  /** From the first compressed message on. */
  #inflation: Inflation | undefined;
  readonly #rate: ReceiveRate | undefined;
  /** Promises of the application that are pending, and the pulled message: while there is one, no handler is called. */
  #working: number;
  /** The message handler is being called: the next one has to wait for it to return. */
  #handing = false;
  /** The loop that takes the messages. */
  #reader: AsyncIterator<Message, undefined> | undefined;
  /** Messages that the loop was given and has not asked beyond. */
  #pulled = 0;
  #pulls: Pull[] = NO_PULLS;
  #paused = false;
  /** The open hook is done. */
  #opened: boolean;
  #giveUpPlanned = false;
  /** From the first sign of the end on. */
  #end: DeliveryEnd | undefined;

  /** @param opened - Whether there is nothing to wait for. If not, {@link begin} is called next. */
  constructor(
    connection: Connection<Data>,
    role: Role,
    handlers: ConnectionHandlers<Data>,
    options: ResolvedConnectionOptions,
    inflation: InflationSettings | undefined,
    actions: DeliveryActions,
    opened: boolean,
  ) {
    this.#connection = connection;
    this.#role = role;
    this.#handlers = handlers;
    this.#options = options;
    this.#inflationSettings = inflation;
    this.#actions = actions;
    this.#opened = opened;
    this.#working = opened ? 0 : 1; // the open hook
    if (ReceiveRate.wanted(options)) this.#rate = this.#makeRate();
  }

  /** Whether a new one in its place would do as well: the open hook is done, and nothing is in progress. */
  get dispensable(): boolean {
    return (
      this.#opened &&
      this.#working === 0 &&
      !this.#handing &&
      this.#inbox.length === 0 &&
      this.#inflation === undefined &&
      this.#rate === undefined &&
      this.#reader === undefined &&
      this.#end === undefined &&
      !this.#giveUpPlanned &&
      !this.#paused
    );
  }

  /** Whether the transport is being read, as far as the inbox has a say in it. */
  get reading(): boolean {
    return !this.#paused;
  }

  /**
   * Whether nothing is being worked on and nothing waits that somebody takes. Messages without a taker hold up nothing,
   * and a loop that asks for the next message is not at work, even where the open hook is that loop.
   */
  get idle(): boolean {
    if (this.#end?.abandoned === true) return true;
    if (this.#inflation?.active === true) return false;
    if (this.#pulls.length > 0) return this.#inbox.length === 0;
    return this.#working === 0 && (this.#inbox.length === 0 || !this.#consumed);
  }

  /** Calls the open hook; messages wait for its promise. */
  begin(hook: () => unknown): void {
    try {
      const pending = hook();
      if (isThenable(pending)) {
        this.#waitFor(pending, () => this.#openDone());
        return;
      }
    } catch (error) {
      this.#actions.handlerFailed(error);
    }
    this.#openDone();
  }

  get #ending(): DeliveryEnd {
    this.#end ??= new DeliveryEnd();
    return this.#end;
  }

  #openDone(): void {
    this.#opened = true;
    this.#done();
  }

  /** Messages that came too fast, and were not handed over. */
  get discardedMessages(): number {
    return this.#rate?.discarded ?? 0;
  }

  /** Hot path: a message that meets an idle handler is never stored. */
  receive(message: Message, bytes: number): void {
    if (this.#end?.discarding === true || this.#inflation?.queue(message, bytes) === true) return;
    this.#deliver(message, bytes);
  }

  /** Takes a compressed message, valid until the call returns. */
  receiveCompressed(opcode: DataOpcode, octets: Uint8Array, start: number, end: number): void {
    if (this.#end?.discarding === true || this.#inflationSettings === undefined) return;
    this.#inflation ??= this.#makeInflation(this.#inflationSettings);
    this.#inflation.receive(opcode, octets, start, end);
    this.#regulate();
  }

  /** Whether the next message goes to the handler at once, and is not kept. */
  get handsOver(): boolean {
    return (
      this.#working === 0 &&
      this.#inbox.length === 0 &&
      this.#handlers.message !== undefined &&
      this.#rate === undefined &&
      (this.#inflation === undefined || this.#inflation.length === 0)
    );
  }

  #deliver(message: Message, bytes: number): void {
    if (this.#end?.discarding === true) return;
    if (this.#rate?.admit(bytes) === false) return;
    if (
      this.#working === 0 &&
      this.#inbox.length === 0 &&
      this.#handlers.message !== undefined &&
      this.#mayHand()
    ) {
      this.#rate?.handed(bytes);
      this.#hand(message);
      return;
    }
    if (this.#inbox === EMPTY) this.#inbox = new Inbox();
    this.#inbox.push(message, bytes);
    if (!this.#answerPulls()) this.#regulate();
  }

  /** Whether it is time for the next message. */
  #mayHand(): boolean {
    return this.#rate === undefined || this.#rate.ready();
  }

  /** Takes out the oldest message, to hand it over. */
  #takeOut(): Message {
    this.#rate?.handed(this.#inbox.firstBytes);
    return this.#inbox.shift() as Message;
  }

  /** Gives a loop that waits what is here. False when there is none, or nothing for it. */
  #answerPulls(): boolean {
    let answered = false;
    while (this.#pulls.length > 0 && this.#inbox.length > 0 && this.#mayHand()) {
      this.#answer(this.#pulls.shift() as Pull);
      answered = true;
    }
    return answered;
  }

  /** Hands over what is here, as far as somebody takes it and it is time. */
  #handOn(): void {
    while (
      this.#working === 0 &&
      this.#inbox.length > 0 &&
      this.#handlers.message !== undefined &&
      this.#mayHand()
    ) {
      this.#hand(this.#takeOut());
    }
    this.#answerPulls();
    this.#progress();
  }

  /** The connection ends: what is here does not wait for its time any more. */
  hurry(): void {
    if (this.#rate === undefined) return;
    this.#rate.stop();
    if (!this.#handing) this.#handOn();
  }

  /** @throws {@link UsageError} when there is a `message` handler, or another loop runs. */
  iterate(): AsyncIterableIterator<Message> {
    if (this.#reader !== undefined || this.#handlers.message !== undefined) {
      throw new UsageError('MEERKAT_CONSUMED_TWICE');
    }
    const iterator: AsyncIterableIterator<Message> = {
      next: () => (this.#reader === iterator ? this.#pull() : Promise.resolve(DONE)),
      return: () => {
        if (this.#reader === iterator) this.#leave();
        return Promise.resolve(DONE);
      },
      [Symbol.asyncIterator]: () => iterator,
    };
    this.#reader = iterator;
    return iterator;
  }

  /** Our Close is out. Without a taker, messages must not keep us from reading up to the peer's. */
  closing(): void {
    this.#ending.closing = true;
    this.hurry();
    this.#regulate();
  }

  /** No more messages come, but what comes is to be read: a socket closed over unread octets resets the peer. */
  readOn(): void {
    this.#ending.readingOn = true;
    this.#resume();
  }

  /** Hands no more messages over, those that wait included. */
  stop(): void {
    this.#inbox.clear();
    this.#discard();
  }

  /** The same, and nothing that the application still works on is waited for. */
  abandon(): void {
    this.#ending.abandoned = true;
    this.stop();
  }

  /** The connection is over. Only a loop may still take what waits. */
  finish(): void {
    this.#ending.finished = true;
    this.#rate?.stop();
    if (this.#handlers.message !== undefined) {
      this.#ending.discarding = true;
      this.#inbox.clear();
      this.#inflation?.stop();
    }
    this.#endLoop();
  }

  /** Lets a loop end that waits for a message, where none comes any more. */
  #endLoop(): void {
    if (this.#over && this.#pulls.length > 0) this.#leave();
  }

  /** The connection is over, and so are its messages. */
  get #over(): boolean {
    if (this.#end?.finished !== true || this.#inbox.length > 0) return false;
    return this.#inflation === undefined || this.#inflation.length === 0;
  }

  get #consumed(): boolean {
    return this.#reader !== undefined || this.#handlers.message !== undefined;
  }

  get #full(): boolean {
    const { maxInboxMessages, maxInboxBytes } = this.#options;
    return this.#inbox.length >= maxInboxMessages || this.#inbox.bytes >= maxInboxBytes;
  }

  /** The limit that keeps us from reading. */
  get #pauseReason(): LimitName | undefined {
    const { maxInboxMessages, maxInboxBytes } = this.#options;
    const { length = 0, bytes = 0 } = this.#inflation ?? {};
    if (this.#inbox.length + length >= maxInboxMessages) return 'maxInboxMessages';
    return this.#inbox.bytes + bytes >= maxInboxBytes ? 'maxInboxBytes' : undefined;
  }

  /** Reads while the inbox has room; where nobody makes any, what it holds is given up in the end. */
  #regulate(): void {
    this.#inflation?.advance();
    if (this.#end?.finished === true) return; // there is nothing to read
    const reason = this.#pauseReason;
    if (reason === undefined) {
      this.#resume();
      return;
    }
    if (!this.#paused && this.#end?.discarding !== true && this.#end?.readingOn !== true) {
      this.#paused = true;
      this.#actions.pauseReading();
      this.#actions.exceeded(reason);
    }
    if (this.#full && this.#unwanted && !this.#giveUpPlanned) {
      this.#giveUpPlanned = true;
      // Not at once: one loop may follow the other, or begin right after close().
      setImmediate(() => this.#giveUp());
    }
  }

  /** Whether nobody takes messages, while what comes behind them is needed. */
  get #unwanted(): boolean {
    if (this.#consumed) return false;
    return this.#end?.closing === true || (this.#opened && this.#role === 'server');
  }

  #giveUp(): void {
    this.#giveUpPlanned = false;
    if (!this.#full || !this.#unwanted) return;
    if (this.#end?.closing === true) {
      this.#discard();
    } else {
      this.#inbox.clear();
      this.#regulate();
    }
  }

  /** Takes no more messages, but goes on reading: the peer's Close is behind them. */
  #discard(): void {
    this.#ending.discarding = true;
    this.#inflation?.stop();
    this.#resume();
  }

  #resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#actions.resumeReading();
  }

  #makeInflation(settings: InflationSettings): Inflation {
    return new Inflation(settings, {
      deliver: (message, bytes) => this.#deliver(message, bytes),
      failed: (error) => this.#violated(error),
      hasRoom: () => !this.#full,
      progressed: () => this.#progress(),
    });
  }

  #makeRate(): ReceiveRate {
    const { overRate, clock } = this.#options;
    return new ReceiveRate(this.#options, overRate, clock, {
      exceeded: (limit) => this.#actions.exceeded(limit),
      failed: (error) => {
        this.#inflation?.stop();
        this.#violated(error);
      },
      resumed: () => this.#handOn(),
    });
  }

  /** No message follows: whoever waits for that may go on. */
  #violated(error: ProtocolError): void {
    this.#actions.violated(error);
    this.#progress();
  }

  #hand(message: Message): void {
    this.#handing = true;
    try {
      const pending = this.#handlers.message?.(this.#connection, message);
      if (!isThenable(pending)) return;
      this.#working += 1;
      this.#waitFor(pending, () => this.#done());
    } catch (error) {
      this.#actions.handlerFailed(error);
    } finally {
      this.#handing = false;
    }
  }

  #waitFor(pending: PromiseLike<unknown>, done: () => void): void {
    // A foreign thenable may answer twice, or at once: a promise does not.
    Promise.resolve(pending).then(done, (error: unknown) => {
      this.#actions.handlerFailed(error);
      done();
    });
  }

  #done(): void {
    this.#working -= 1;
    this.#handOn();
  }

  /** There may be room again, and whoever waits for the messages may go on. */
  #progress(): void {
    this.#regulate();
    this.#actions.handled();
    this.#endLoop();
  }

  #pull(): Promise<IteratorResult<Message, undefined>> {
    this.#putDown(); // asking for the next message says that the last one is done with
    if (this.#over) {
      this.#reader = undefined;
      return Promise.resolve(DONE);
    }
    return new Promise((resolve) => {
      if (this.#pulls === NO_PULLS) this.#pulls = [];
      this.#pulls.push(resolve);
      this.#answerPulls();
      this.#progress();
    });
  }

  #answer(pull: Pull): void {
    this.#pulled += 1;
    this.#working += 1;
    pull({ done: false, value: this.#takeOut() });
  }

  #putDown(): void {
    this.#working -= this.#pulled;
    this.#pulled = 0;
  }

  /** The loop is over: another one may begin. */
  #leave(): void {
    this.#reader = undefined;
    for (const pull of this.#pulls.splice(0)) pull(DONE);
    this.#putDown();
    this.#progress();
  }
}

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };
