import type { Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import type { Transport } from '../../src/transport/transport.ts';
import { tcpPair } from './tcp-pair.ts';
import { TCP_TRANSPORTS, type TcpTransport } from './tcp-transports.ts';

/** A transport that is not started, the socket behind it, and the other end, which reads nothing yet. */
export interface TcpEnds {
  readonly transport: Transport;
  readonly socket: Socket;
  readonly far: Socket;
}

/** Opens a connection that ends with the test. */
export async function openEnds(kind: TcpTransport): Promise<TcpEnds> {
  const { accepted, dialled, dispose } = await tcpPair();
  onTestFinished(dispose);
  dialled.allowHalfOpen = true;
  dialled.setNoDelay(true);
  dialled.on('error', () => {});
  return { transport: TCP_TRANSPORTS[kind](accepted), socket: accepted, far: dialled };
}
