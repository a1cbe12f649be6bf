import { duplexPair } from 'node:stream';
import { Connection } from '../connection/connection.ts';
import type { ConnectionSetup } from '../connection/connection-core.ts';
import type { ConnectionHandlers } from '../connection/connection-handlers.ts';
import {
  type ConnectionOptions,
  type ResolvedConnectionOptions,
  resolveConnectionOptions,
} from '../connection/connection-options.ts';
import { formatExtensions } from '../protocol/handshake/extension-header.ts';
import {
  acceptDeflate,
  offerDeflate,
  readDeflateAnswer,
} from '../protocol/handshake/permessage-deflate.ts';
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
  const ours = resolveConnectionOptions(server);
  const theirs = resolveConnectionOptions(client, true);
  const agreed = agree(ours, theirs);
  return {
    server: side('server', near, server, ours, agreed?.server),
    client: side('client', far, client, theirs, agreed?.client),
  };
}

type Agreed = Pick<ConnectionSetup<undefined>, 'deflate' | 'extensions'>;

/** What the two would agree on in a handshake, as each of them sees it. */
function agree(
  { compression: ours }: ResolvedConnectionOptions,
  { compression: theirs }: ResolvedConnectionOptions,
): { readonly server: Agreed; readonly client: Agreed } | undefined {
  if (ours === undefined || theirs === undefined) return undefined;
  const accepted = acceptDeflate(offerDeflate(theirs.terms), ours.terms);
  if (accepted === undefined) return undefined;
  const { agreement, answer } = accepted;
  const read = readDeflateAnswer(answer, theirs.terms);
  if (typeof read === 'string') return undefined;
  const extensions = formatExtensions([answer]);
  return { server: { deflate: agreement, extensions }, client: { deflate: read, extensions } };
}

function side(
  role: Role,
  stream: ReturnType<typeof duplexPair>[0],
  given: PairSide,
  options: ResolvedConnectionOptions,
  agreed: Agreed = {},
): Connection<undefined> {
  return new Connection<undefined>({
    terms: { role, options, handlers: given },
    transport: new StreamTransport(stream),
    data: undefined,
    url: '/',
    protocol: '',
    ...agreed,
    remoteAddress: undefined,
    remotePort: undefined,
  });
}
