import type { Duplex } from 'node:stream';
import type { BareHandle, HandleKeeper } from '../transport/bare-handle.ts';
import {
  bareTransportsWork,
  openBareTransport,
  openTransport,
  type TransportKind,
  transportsReady,
} from '../transport/open-transport.ts';
import type { Transport } from '../transport/transport.ts';
import { readMemory } from './mask-module.ts';

/** Resolves when it is known which transports work in this process; undefined where it is. Never rejects. */
export function whenTransportsReady(kind: TransportKind): Promise<unknown> | undefined {
  return transportsReady(kind, readMemory);
}

/** Waits for that, and keeps the process alive meanwhile: a socket that is not being read does not. */
export async function waitForTransports(ready: Promise<unknown>): Promise<void> {
  const alive = setInterval(() => {}, MAX_TIMEOUT);
  try {
    await ready;
  } finally {
    clearInterval(alive);
  }
}

/** The longest interval of Node: the timer is not there to fire. */
const MAX_TIMEOUT = 2 ** 31 - 1;

/** The transport for a stream, of the wanted kind where that works. */
export function transportFor(stream: Duplex, kind: TransportKind): Transport {
  return openTransport(stream, kind, readMemory);
}

/** Whether a TCP connection can do without a socket in this process. Never rejects. */
export async function canGoBare(kind: TransportKind): Promise<boolean> {
  const answer = bareTransportsWork(kind, readMemory);
  await waitForTransports(answer);
  return answer;
}

/** The transport for a handle, where {@link canGoBare}: see `openBareTransport`. */
export function bareTransportFor(
  handle: BareHandle,
  head: Buffer,
  keeper: HandleKeeper,
): Transport {
  return openBareTransport(handle, readMemory, head, keeper);
}
