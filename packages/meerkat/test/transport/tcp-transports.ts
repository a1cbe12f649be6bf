import type { Socket } from 'node:net';
import type { BareHandle } from '../../src/transport/bare-handle.ts';
import { BareTransport } from '../../src/transport/bare-transport.ts';
import { HandleTransport } from '../../src/transport/handle-transport.ts';
import { StreamTransport } from '../../src/transport/stream-transport.ts';
import { tcpHandle } from '../../src/transport/tcp-handle.ts';
import type { Transport } from '../../src/transport/transport.ts';

/** What transports on handles read into here. */
export const MEMORY: Buffer = Buffer.allocUnsafeSlow(65_536);

/** The transports that a TCP socket may have: what holds for one holds for the other. */
export const TCP_TRANSPORTS: Readonly<Record<'handle' | 'stream', (socket: Socket) => Transport>> =
  {
    handle: onHandle,
    stream: (socket) => new StreamTransport(socket),
  };

export type SocketTransport = keyof typeof TCP_TRANSPORTS;
/** Those, and the one of a connection that has no socket. */
export type TcpTransport = SocketTransport | 'bare';
export const SOCKET_KINDS: readonly SocketTransport[] = ['handle', 'stream'];
export const KINDS: readonly TcpTransport[] = [...SOCKET_KINDS, 'bare'];

/** A transport on the handle of a socket, which has to be one that can be used. */
export function onHandle(socket: Socket): HandleTransport {
  const handle = tcpHandle(socket);
  if (handle === undefined) throw new Error('this Node has no handles that are known');
  return new HandleTransport(socket, handle, MEMORY);
}

/**
 * A transport on a handle that has no socket.
 *
 * @param early - What was read before.
 */
export function onBare(handle: BareHandle, early: Buffer = Buffer.alloc(0)): BareTransport {
  return new BareTransport(handle, MEMORY, early, { released() {} });
}
