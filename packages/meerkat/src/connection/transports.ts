import type { Duplex } from 'node:stream';
import { openTransport, type TransportKind, transportsReady } from '../transport/open-transport.ts';
import type { Transport } from '../transport/transport.ts';
import { readMemory } from './mask-module.ts';

/** Resolves when it is known which transports work in this process; undefined where it is. Never rejects. */
export function whenTransportsReady(kind: TransportKind): Promise<unknown> | undefined {
  return transportsReady(kind, readMemory);
}

/** The transport for a stream, of the wanted kind where that works. */
export function transportFor(stream: Duplex, kind: TransportKind): Transport {
  return openTransport(stream, kind, readMemory);
}
