import { UsageError } from '../protocol/usage-error.ts';
import type { Closed } from './closed.ts';
import type { Connection } from './connection.ts';
import type { Message } from './inbox.ts';

/**
 * What an application does with a connection. Every handler is optional.
 *
 * `message` is called in order, one message at a time: while a promise that it returned is pending, the next message
 * waits, and reading pauses when too many wait. What a handler throws, or rejects with, closes the connection with 1011
 * and goes to `error`.
 */
export interface ConnectionHandlers<Data = unknown> {
  /**
   * A message arrived. Without this handler messages wait until somebody iterates over the connection. On a server they
   * wait for `open` to be done; after it, what the inbox cannot hold is let go.
   *
   * @param message - A string for text, octets of its own for binary.
   */
  message?(connection: Connection<Data>, message: Message): void | Promise<void>;
  /** A Ping arrived; it is answered already. The payload is a copy. */
  ping?(connection: Connection<Data>, payload: Uint8Array): void;
  /** A Pong arrived. The payload is a copy. */
  pong?(connection: Connection<Data>, payload: Uint8Array): void;
  /** After `send` answered 'queued' or 'dropped': the queue is below `softQueuedBytes` again. */
  drain?(connection: Connection<Data>): void;
  /** The connection is over. Called once, after the last message. */
  close?(connection: Connection<Data>, closed: Closed): void;
  /** A handler failed, or something in here did. Without this handler it goes to `console.error`. */
  error?(error: unknown, connection: Connection<Data> | undefined): void;
}

/** The names of every handler. */
export const CONNECTION_HANDLER_NAMES: readonly string[] = [
  'message',
  'ping',
  'pong',
  'drain',
  'close',
  'error',
];

/** @throws {@link UsageError} for a handler that is no function. */
export function checkHandlers(given: object, names: readonly string[]): void {
  for (const name of names) {
    const handler: unknown = given[name as keyof typeof given];
    if (handler !== undefined && typeof handler !== 'function') {
      throw new UsageError('MEERKAT_OPTION_RANGE', `${name} is not a function`);
    }
  }
}
