import { duplexPair } from 'node:stream';
import { Connection } from '../connection/connection.ts';
import type { ConnectionHandlers } from '../connection/connection-handlers.ts';
import {
  type ConnectionOptions,
  resolveConnectionOptions,
} from '../connection/connection-options.ts';
import type { Role } from '../protocol/role.ts';
import { StreamTransport } from '../transport/stream-transport.ts';

/** One side of a pair: options and handlers of its connection. */
export type PairSide = ConnectionOptions & ConnectionHandlers<undefined>;

/** A server's and a client's connection that speak to each other in memory. */
export interface ConnectionPair {
  readonly server: Connection<undefined>;
  readonly client: Connection<undefined>;
}

/**
 * Makes two open connections that are each other's peer, without a network: the same engine, frames and limits as on
 * a socket. For testing an application's handlers.
 */
export function connectionPair(server: PairSide = {}, client: PairSide = {}): ConnectionPair {
  const [near, far] = duplexPair();
  // As with a socket, what destroys the one end ends the other. The streams of a pair do not see to that.
  near.once('close', () => far.destroy());
  far.once('close', () => near.destroy());
  return { server: side('server', near, server), client: side('client', far, client) };
}

function side(
  role: Role,
  stream: ReturnType<typeof duplexPair>[0],
  given: PairSide,
): Connection<undefined> {
  return new Connection<undefined>({
    role,
    transport: new StreamTransport(stream),
    options: resolveConnectionOptions(given),
    handlers: given,
    data: undefined,
    url: '/',
    protocol: '',
    remoteAddress: undefined,
    remotePort: undefined,
  });
}
