import type { Role } from '../protocol/role.ts';
import { UsageError } from '../protocol/usage-error.ts';
import type { Connection } from './connection.ts';
import type { ConnectionHandlers } from './connection-handlers.ts';
import type { ConnectionNumbers } from './connection-options.ts';
import { Inbox, type Message } from './inbox.ts';
import { isThenable } from './thenable.ts';

/** What a delivery asks of its connection. */
export interface DeliveryActions {
  pauseReading(): void;
  resumeReading(): void;
  /** A handler threw or rejected. */
  failed(error: unknown): void;
  /** A message is done with: what waited for that may go on when {@link Delivery.idle}. */
  handled(): void;
}

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
  readonly #limits: Pick<ConnectionNumbers, 'maxInboxMessages' | 'maxInboxBytes'>;
  readonly #actions: DeliveryActions;
  readonly #inbox = new Inbox();
  /** Promises of the application that are pending, and the pulled message: while there is one, no handler is called. */
  #working = 1; // the open hook
  /** The loop that takes the messages. */
  #reader: AsyncIterator<Message, undefined> | undefined;
  /** Messages that the loop was given and has not asked beyond. */
  #pulled = 0;
  #pulls: Pull[] = [];
  #paused = false;
  /** The open hook is done. */
  #opened = false;
  #closing = false;
  #giveUpPlanned = false;
  #discarding = false;
  #abandoned = false;
  #finished = false;

  constructor(
    connection: Connection<Data>,
    role: Role,
    handlers: ConnectionHandlers<Data>,
    limits: Pick<ConnectionNumbers, 'maxInboxMessages' | 'maxInboxBytes'>,
    actions: DeliveryActions,
  ) {
    this.#connection = connection;
    this.#role = role;
    this.#handlers = handlers;
    this.#limits = limits;
    this.#actions = actions;
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
    if (this.#abandoned || this.#pulls.length > 0) return true;
    return this.#working === 0 && (this.#inbox.length === 0 || !this.#consumed);
  }

  /** Calls the open hook; messages wait for its promise. */
  begin(hook: (() => unknown) | undefined): void {
    try {
      const pending = hook?.();
      if (isThenable(pending)) {
        this.#waitFor(pending, () => this.#openDone());
        return;
      }
    } catch (error) {
      this.#actions.failed(error);
    }
    this.#openDone();
  }

  #openDone(): void {
    this.#opened = true;
    this.#done();
  }

  /** Hot path: a message that meets an idle handler is never stored. */
  receive(message: Message, bytes: number): void {
    if (this.#discarding) return;
    if (this.#working === 0 && this.#inbox.length === 0 && this.#handlers.message !== undefined) {
      this.#hand(message);
      return;
    }
    this.#inbox.push(message, bytes);
    const pull = this.#pulls.shift();
    if (pull !== undefined) this.#answer(pull);
    else this.#regulate();
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
    this.#closing = true;
    this.#regulate();
  }

  /** No more messages come, but what comes is to be read: a socket closed over unread octets resets the peer. */
  readOn(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#actions.resumeReading();
  }

  /** Hands no more messages over, those that wait included. */
  stop(): void {
    this.#inbox.clear();
    this.#discard();
  }

  /** The same, and nothing that the application still works on is waited for. */
  abandon(): void {
    this.#abandoned = true;
    this.stop();
  }

  /** The connection is over. Only a loop may still take what waits. */
  finish(): void {
    this.#finished = true;
    this.#discarding = true;
    if (this.#handlers.message !== undefined) this.#inbox.clear();
    if (this.#pulls.length > 0) this.#leave();
  }

  get #consumed(): boolean {
    return this.#reader !== undefined || this.#handlers.message !== undefined;
  }

  get #full(): boolean {
    const { maxInboxMessages, maxInboxBytes } = this.#limits;
    return this.#inbox.length >= maxInboxMessages || this.#inbox.bytes >= maxInboxBytes;
  }

  /** Reads while the inbox has room; where nobody makes any, what it holds is given up in the end. */
  #regulate(): void {
    if (!this.#full) {
      this.readOn();
      return;
    }
    if (!this.#paused && !this.#discarding) {
      this.#paused = true;
      this.#actions.pauseReading();
    }
    if (this.#unwanted && !this.#giveUpPlanned) {
      this.#giveUpPlanned = true;
      // Not at once: one loop may follow the other, or begin right after close().
      setImmediate(() => this.#giveUp());
    }
  }

  /** Whether nobody takes messages, while what comes behind them is needed. */
  get #unwanted(): boolean {
    if (this.#consumed) return false;
    return this.#closing || (this.#opened && this.#role === 'server');
  }

  #giveUp(): void {
    this.#giveUpPlanned = false;
    if (!this.#full || !this.#unwanted) return;
    if (this.#closing) {
      this.#discard();
    } else {
      this.#inbox.clear();
      this.readOn();
    }
  }

  /** Takes no more messages, but goes on reading: the peer's Close is behind them. */
  #discard(): void {
    this.#discarding = true;
    this.readOn();
  }

  #hand(message: Message): void {
    try {
      const pending = this.#handlers.message?.(this.#connection, message);
      if (!isThenable(pending)) return;
      this.#working += 1;
      this.#waitFor(pending, () => this.#done());
    } catch (error) {
      this.#actions.failed(error);
    }
  }

  #waitFor(pending: PromiseLike<unknown>, done: () => void): void {
    // A foreign thenable may answer twice, or at once: a promise does not.
    Promise.resolve(pending).then(done, (error: unknown) => {
      this.#actions.failed(error);
      done();
    });
  }

  #done(): void {
    this.#working -= 1;
    while (this.#working === 0 && this.#inbox.length > 0 && this.#handlers.message !== undefined) {
      this.#hand(this.#inbox.shift() as Message);
    }
    this.#progress();
  }

  /** There may be room again, and whoever waits for the messages may go on. */
  #progress(): void {
    this.#regulate();
    this.#actions.handled();
  }

  #pull(): Promise<IteratorResult<Message, undefined>> {
    this.#putDown(); // asking for the next message says that the last one is done with
    if (this.#finished && this.#inbox.length === 0) {
      this.#reader = undefined;
      return Promise.resolve(DONE);
    }
    return new Promise((resolve) => {
      if (this.#inbox.length > 0) this.#answer(resolve);
      else this.#pulls.push(resolve);
      this.#progress();
    });
  }

  #answer(pull: Pull): void {
    this.#pulled += 1;
    this.#working += 1;
    pull({ done: false, value: this.#inbox.shift() as Message });
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
