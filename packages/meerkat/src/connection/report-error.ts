import type { Connection } from './connection.ts';
import type { ConnectionHandlers } from './connection-handlers.ts';

/** Hands an error to the `error` handler, else to `console.error`. Never throws. */
export function reportError<Data>(
  handlers: ConnectionHandlers<Data>,
  error: unknown,
  connection: Connection<Data> | undefined,
): void {
  try {
    if (handlers.error === undefined) console.error('meerkat: a handler failed:', error);
    else handlers.error(error, connection);
  } catch (second) {
    console.error('meerkat: the error handler failed:', second, 'while it was told of:', error);
  }
}
