import type { Connection } from './connection.ts';
import type { ConnectionHandlers } from './connection-handlers.ts';
import { isThenable } from './thenable.ts';

/** Hands an error to the `error` handler, else to `console.error`. Never throws, and leaves no rejection behind. */
export function reportError<Data>(
  handlers: ConnectionHandlers<Data>,
  error: unknown,
  connection: Connection<Data> | undefined,
): void {
  if (handlers.error === undefined) {
    console.error('meerkat: a handler failed:', error);
    return;
  }
  const failed = (second: unknown): void => {
    console.error('meerkat: the error handler failed:', second, 'while it was told of:', error);
  };
  try {
    const pending: unknown = handlers.error(error, connection);
    if (isThenable(pending)) Promise.resolve(pending).catch(failed);
  } catch (second) {
    failed(second);
  }
}
