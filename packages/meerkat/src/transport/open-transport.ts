import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type BareHandle, type HandleKeeper, hasBareInternals } from './bare-handle.ts';
import { BareTransport } from './bare-transport.ts';
import { HandleTransport } from './handle-transport.ts';
import { selfTest } from './self-test.ts';
import { StreamTransport } from './stream-transport.ts';
import { hasInternals, tcpHandle } from './tcp-handle.ts';
import type { Transport } from './transport.ts';

/** How octets travel: on the handle of a plain TCP socket, where that works, or through Node's streams always. */
export type TransportKind = 'handle' | 'stream';

/** A failure may be of the moment, as where no descriptor is left: it is tested again after so many milliseconds, */
const AGAIN = 60_000;
/** so many times in all. */
const MOST_TESTS = 5;

/** What is known of the handle transport in this process; undefined before anybody wanted to know. */
let works: boolean | Promise<boolean> | undefined;
let tests = 0;
let testedAt = 0;

/**
 * Finds out for the process whether the handle transport works here, by a connection to itself.
 *
 * @param memory - What all handles read into, from here on.
 * @returns A promise while it is being found out; undefined when it is known.
 */
export function transportsReady(
  kind: TransportKind,
  memory: Uint8Array,
): Promise<boolean> | undefined {
  // The switch is read where it decides something: Deno asks for a permission to read the environment.
  if (kind === 'stream' || !hasInternals() || switched() === 'stream') return undefined;
  if (works === undefined) works = test(memory);
  else if (works === false && tests < MOST_TESTS && performance.now() - testedAt >= AGAIN) {
    void test(memory); // nobody waits for this one, and it never rejects
  }
  return typeof works === 'boolean' ? undefined : works;
}

async function test(memory: Uint8Array): Promise<boolean> {
  tests += 1;
  testedAt = performance.now();
  const passed = await selfTest(memory);
  works = passed;
  return passed;
}

/**
 * The transport for `stream`, of the wanted kind where that is known to work.
 *
 * @param memory - See {@link transportsReady}.
 */
export function openTransport(stream: Duplex, kind: TransportKind, memory: Uint8Array): Transport {
  if (kind === 'handle' && works === true && switched() === 'handle' && isUntouched(stream)) {
    const handle = tcpHandle(stream);
    if (handle !== undefined) return new HandleTransport(stream, handle, memory);
  }
  return new StreamTransport(stream);
}

let bareWorks: Promise<boolean> | undefined;

/**
 * Finds out for the process, once, whether connections can do without sockets here. Never rejects.
 *
 * @param memory - See {@link transportsReady}.
 */
export async function bareTransportsWork(
  kind: TransportKind,
  memory: Uint8Array,
): Promise<boolean> {
  await transportsReady(kind, memory);
  if (kind === 'stream' || works !== true || switched() === 'stream') return false;
  bareWorks ??= hasBareInternals() ? selfTest(memory, 'bare') : Promise.resolve(false);
  return bareWorks;
}

/**
 * The transport for a TCP handle that has no socket, where {@link bareTransportsWork}.
 *
 * @param head - What was read from it before.
 * @param keeper - Told when the connection is gone.
 */
export function openBareTransport(
  handle: BareHandle,
  memory: Uint8Array,
  head: Buffer,
  keeper: HandleKeeper,
): Transport {
  return new BareTransport(handle, memory, head, keeper);
}

/** Whether nobody else reads or writes this socket, or has a hand in how it does. */
function isUntouched(stream: Duplex): stream is Socket {
  return (
    stream instanceof Socket &&
    stream.writableLength === 0 &&
    stream.writableCorked === 0 &&
    stream.readableEncoding === null &&
    stream.listenerCount('data') === 0 &&
    stream.listenerCount('readable') === 0 &&
    OVERRIDABLE.every((name) => stream[name] === Socket.prototype[name])
  );
}

/** What people replace on a socket to see or change what passes. */
const OVERRIDABLE = ['write', 'push', 'read', '_write', '_writev', '_read', 'emit'] as const;

let chosen: TransportKind | undefined;

/** What `MEERKAT_TRANSPORT` says, for the whole process. */
function switched(): TransportKind {
  if (chosen === undefined) {
    const { MEERKAT_TRANSPORT: value = '' } = process.env;
    chosen = value === 'stream' ? 'stream' : 'handle';
    if (value !== '' && value !== chosen) {
      process.emitWarning(
        `MEERKAT_TRANSPORT is '${value}', not 'handle' or 'stream'; 'handle' is used`,
        {
          code: 'MEERKAT_TRANSPORT',
        },
      );
    }
  }
  return chosen;
}
