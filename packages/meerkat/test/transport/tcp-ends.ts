import type { Socket, TcpSocketConnectOpts } from 'node:net';
import { onTestFinished } from 'vitest';
import type { Transport } from '../../src/transport/transport.ts';
import { barePair } from './bare-pair.ts';
import { tcpPair } from './tcp-pair.ts';
import {
  onBare,
  type SocketTransport,
  TCP_TRANSPORTS,
  type TcpTransport,
} from './tcp-transports.ts';

/** A transport that is not started, and the other end, which reads nothing yet. */
export interface TcpEnds {
  readonly transport: Transport;
  readonly far: Socket;
}

/** The same, with the socket behind the transport. */
interface SocketEnds extends TcpEnds {
  readonly socket: Socket;
}

interface EndsOptions {
  /** What was read before the transport was made. */
  readonly early?: Buffer;
  /** Options of the other end. */
  readonly dialling?: Partial<TcpSocketConnectOpts>;
}

/** Opens a connection that ends with the test. */
export async function openEnds(kind: TcpTransport, options: EndsOptions = {}): Promise<TcpEnds> {
  if (kind !== 'bare') {
    const { transport, socket, far } = await openSocketEnds(kind, options);
    if (options.early !== undefined) socket.unshift(options.early);
    return { transport, far };
  }
  const { handle, dialled, dispose } = await barePair(options.dialling);
  onTestFinished(dispose);
  return { transport: onBare(handle, options.early), far: patient(dialled) };
}

/** Opens one whose transport has a socket. */
export async function openSocketEnds(
  kind: SocketTransport,
  { dialling }: EndsOptions = {},
): Promise<SocketEnds> {
  const { accepted, dialled, dispose } = await tcpPair(dialling);
  onTestFinished(dispose);
  return { transport: TCP_TRANSPORTS[kind](accepted), socket: accepted, far: patient(dialled) };
}

function patient(far: Socket): Socket {
  far.allowHalfOpen = true;
  far.setNoDelay(true);
  far.on('error', () => {});
  return far;
}
