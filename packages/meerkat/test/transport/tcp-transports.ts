import type { Socket } from 'node:net';
import { HandleTransport } from '../../src/transport/handle-transport.ts';
import { StreamTransport } from '../../src/transport/stream-transport.ts';
import { tcpHandle } from '../../src/transport/tcp-handle.ts';
import type { Transport } from '../../src/transport/transport.ts';

/** What handle transports read into here. */
export const MEMORY: Buffer = Buffer.allocUnsafeSlow(65_536);

/** The transports that a TCP socket may have: what holds for one holds for the other. */
export const TCP_TRANSPORTS: Readonly<Record<'handle' | 'stream', (socket: Socket) => Transport>> =
  {
    handle: onHandle,
    stream: (socket) => new StreamTransport(socket),
  };

export type TcpTransport = keyof typeof TCP_TRANSPORTS;
export const KINDS: readonly TcpTransport[] = ['handle', 'stream'];

/** A transport on the handle of a socket, which has to be one that can be used. */
export function onHandle(socket: Socket): HandleTransport {
  const handle = tcpHandle(socket);
  if (handle === undefined) throw new Error('this Node has no handles that are known');
  return new HandleTransport(socket, handle, MEMORY);
}
