import {
  type Connection,
  type ConnectOptions,
  connect,
  HandshakeError,
  type Message,
} from 'meerkat';
import { expect, onTestFinished } from 'vitest';
import { observe } from './observed.ts';
import { until } from './waiting.ts';

/** A client's connection that ends with the test, and its messages one by one. */
export interface Dialled<Data> {
  readonly connection: Connection<Data>;
  /** Messages that arrived and were not taken. */
  readonly messages: readonly Message[];
  /** Takes the next message; undefined when the connection is over. */
  next(): Promise<Message | undefined>;
}

/** Dials. The messages are read as they come and kept until they are asked for. */
export async function dial<Data = undefined>(
  url: string | URL,
  options: Omit<ConnectOptions<Data>, 'message'> = {},
): Promise<Dialled<Data>> {
  const messages: Message[] = [];
  let over = false;
  const connection = await connect<Data>(url, {
    ...options,
    message: (_connection, message) => void messages.push(message),
    close(one, closed) {
      over = true;
      options.close?.(one, closed);
    },
  });
  onTestFinished(async () => {
    connection.terminate();
    await connection.closed;
  });
  return {
    connection,
    messages,
    async next() {
      await until(() => messages.length > 0 || over);
      return messages.shift();
    },
  };
}

/** The error that a dial is rejected with. */
export async function failure(dialled: Promise<Connection<undefined>>): Promise<HandshakeError> {
  const error = await dialled.then(
    (connection) => {
      connection.terminate();
      throw new Error('the dial succeeded');
    },
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(HandshakeError);
  const { code, status, headers } = error as HandshakeError;
  const retry = headers.filter(([name]) => name === 'Retry-After').map((field) => field.join(': '));
  observe([code, ...(status === 0 ? [] : [`status ${status}`]), ...retry].join(', '));
  return error as HandshakeError;
}
