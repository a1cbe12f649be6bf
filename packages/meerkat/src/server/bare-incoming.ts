import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { nodePrimitives } from '../connection/node-primitives.ts';
import { rawHeadersOf, type UpgradeHead } from '../protocol/handshake/upgrade-head.ts';
import type { HandleAddress } from '../transport/bare-handle.ts';

/** What is used of node:http's own way to fill a request. */
interface Filling {
  _addHeaderLines(rawHeaders: readonly string[], length: number): void;
}

/** Whether requests can be made as node:http makes them. */
export function canMakeIncoming(): boolean {
  return typeof (IncomingMessage.prototype as Partial<Filling>)._addHeaderLines === 'function';
}

/**
 * The request as node:http would have shown it, for hooks that ask for `incoming`.
 *
 * @param socketOf - Makes what stands for its socket, when somebody asks for that.
 */
export function bareIncoming(
  head: UpgradeHead,
  joinDuplicateHeaders: boolean,
  socketOf: () => Socket,
): IncomingMessage {
  const incoming = new IncomingMessage(undefined as unknown as Socket);
  let socket: Socket | undefined;
  Object.defineProperty(incoming, 'socket', {
    configurable: true,
    enumerable: true,
    get: () => {
      socket ??= socketOf();
      return socket;
    },
    set: (given: Socket) => {
      socket = given;
    },
  });
  const rawHeaders = rawHeadersOf(head.headerLines, nodePrimitives);
  Object.assign(incoming, {
    method: 'GET',
    url: head.url,
    httpVersion: '1.1',
    httpVersionMajor: 1,
    httpVersionMinor: 1,
    upgrade: true,
    joinDuplicateHeaders,
  });
  (incoming as unknown as Filling)._addHeaderLines(rawHeaders, rawHeaders.length);
  incoming.complete = true;
  incoming.push(null);
  return incoming;
}

/**
 * Stands for the socket of a connection that has none: it knows the addresses, ends the connection when it is destroyed,
 * and can be destroyed when that is over. Nothing can be read from it or written to it; nothing could in an upgrade either.
 */
export function standIn(
  local: Partial<HandleAddress>,
  remote: Partial<HandleAddress>,
  destroy: () => void,
): Socket {
  const socket = new Socket();
  const known = {
    localAddress: local.address,
    localFamily: local.family,
    localPort: local.port,
    remoteAddress: remote.address,
    remoteFamily: remote.family,
    remotePort: remote.port,
  };
  for (const [name, value] of Object.entries(known)) {
    Object.defineProperty(socket, name, { value, configurable: true, enumerable: true });
  }
  socket.on('error', () => {}); // of somebody's write: it must not end the process
  socket.once('close', destroy);
  return socket;
}
