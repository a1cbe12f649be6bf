import type { Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Program } from '../../../../test/support/program.ts';
import { HandleTransport } from '../../src/transport/handle-transport.ts';
import { type TcpHandle, tcpHandle } from '../../src/transport/tcp-handle.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { until } from '../support/waiting.ts';
import { barePair } from './bare-pair.ts';
import { Far, pattern, Recorder, settled } from './recorder.ts';
import { openEnds } from './tcp-ends.ts';
import { tcpPair } from './tcp-pair.ts';
import { KINDS, MEMORY, onBare } from './tcp-transports.ts';

const MIB = 1 << 20;

/** Writes as its callers do: what is lent is used for something else as soon as that is allowed. */
function lend(transport: Transport, octets: Uint8Array): boolean {
  const memory = Buffer.alloc(octets.length + 7, 0xaa);
  memory.set(octets, 3);
  const free = transport.write(memory, 3, 3 + octets.length);
  if (free) memory.fill(0xbb);
  return free;
}

/** What `writeOwned` is given: memory of its own. */
function give(transport: Transport, octets: Uint8Array): void {
  transport.writeOwned(Uint8Array.from(octets));
}

/** The end of a connection that takes what it wants of the kernel, and rests in between. */
class SlowReader {
  readonly #sizes: readonly number[];
  readonly #chunks: Buffer[] = [];
  #reads = 0;
  bytes = 0;

  /** @param sizes - How much it takes at once, in turn. */
  constructor(sizes: readonly number[]) {
    this.#sizes = sizes;
  }

  /** The option of a socket. */
  onread(socket: () => Socket) {
    return {
      buffer: () => {
        this.#reads += 1;
        return Buffer.allocUnsafe(this.#sizes[this.#reads % this.#sizes.length] ?? 1);
      },
      callback: (length: number, memory: Uint8Array) => {
        this.#chunks.push(Buffer.from(memory.subarray(0, length)));
        this.bytes += length;
        if (this.#reads % 20 !== 0) return true;
        setImmediate(() => socket().resume());
        return false;
      },
    };
  }

  get received(): Buffer {
    return Buffer.concat(this.#chunks);
  }
}

describe.each(KINDS)('what is written through the %s transport', (kind) => {
  it('reaches a reader that takes little at a time, in pieces of 1 octet to 4 MiB', async () => {
    const reader = new SlowReader([1, 1_000, 7, 65_536, 2, 20_000, 3]);
    const { transport, far } = await openEnds(kind, {
      dialling: { onread: reader.onread(() => far) },
    });
    const near = new Recorder();
    transport.start(near.receiver);
    const sizes = [1, 2, 4 * MIB, 1, 16_384, 3, MIB, 1, 1, 65_536, 100];
    const sent = pattern(sizes.reduce((sum, size) => sum + size));
    let at = 0;
    for (const [index, size] of sizes.entries()) {
      const piece = sent.subarray(at, at + size);
      if (index % 2 === 0) lend(transport, piece);
      else give(transport, piece);
      at += size;
      if (index % 3 === 0) await until(() => reader.bytes >= at / 2); // some find the way free, some do not
    }
    await until(() => reader.bytes === sent.length);
    expect(reader.received.equals(sent)).toBe(true);
    await until(() => transport.queuedBytes === 0);
    expect(near.count('drained')).toBeGreaterThan(0);
  });

  it('keeps its order where thousands of small pieces wait for a large one', async () => {
    const { transport, far } = await openEnds(kind);
    const near = new Recorder();
    transport.start(near.receiver);
    const sent = pattern(6 * MIB + 200_000);
    give(transport, sent.subarray(0, 6 * MIB));
    await settled(() => transport.queuedBytes);
    expect(transport.queuedBytes).toBeGreaterThan(0);
    const before = transport.queuedBytes;
    let at = 6 * MIB;
    for (let index = 0; at < sent.length; index += 1) {
      const end = Math.min(at + 1 + (index % 79), sent.length);
      if (index % 2 === 0) lend(transport, sent.subarray(at, end));
      else give(transport, sent.subarray(at, end));
      at = end;
    }
    expect(transport.queuedBytes).toBe(before + 200_000);
    const peer = new Far(far);
    await until(() => peer.bytes === sent.length);
    expect(peer.received.equals(sent)).toBe(true);
    await until(() => transport.queuedBytes === 0);
  });

  it('may be the same memory for many, some of which have to wait', async () => {
    const shared = pattern(300_000);
    const before = Buffer.from(shared);
    const own = pattern(5 * MIB);
    const all = await Promise.all(
      Array.from({ length: 9 }, async (_, index) => {
        const ends = await openEnds(kind);
        ends.transport.start(new Recorder().receiver);
        const waits = index % 3 === 0;
        if (waits) ends.transport.writeOwned(own);
        return { ...ends, waits };
      }),
    );
    for (const { transport, waits } of all) {
      await settled(() => transport.queuedBytes);
      expect(transport.queuedBytes > 0).toBe(waits);
      transport.writeOwned(shared);
      transport.writeOwned(shared.subarray(0, 10));
    }
    for (const { far, waits } of all) {
      const peer = new Far(far);
      const due = (waits ? own.length : 0) + shared.length + 10;
      await until(() => peer.bytes === due);
      const { received } = peer;
      expect(received.subarray(-300_010, -10).equals(before)).toBe(true);
      expect(received.subarray(-10).equals(before.subarray(0, 10))).toBe(true);
    }
    expect(shared.equals(before)).toBe(true);
  });

  it('leaves in full when the end comes right behind, while some of it is under way', async () => {
    const { transport, far } = await openEnds(kind);
    const near = new Recorder();
    transport.start(near.receiver);
    const sent = pattern(7 * MIB);
    for (let at = 0; at < sent.length; at += MIB) lend(transport, sent.subarray(at, at + MIB));
    transport.end();
    expect(transport.queuedBytes).toBeGreaterThan(0);
    give(transport, sent); // too late
    lend(transport, sent);
    const peer = new Far(far);
    await until(() => peer.ended);
    expect(peer.received.equals(sent)).toBe(true);
    expect(near.closed).toBe(false);
    far.end('the rest');
    await until(() => near.closed);
    expect(near.received.toString()).toBe('the rest');
    expect(near.error).toBe(undefined);
  });
});

describe('a write that is under way on a handle', () => {
  it.each(['handle', 'bare'] as const)(
    'is not taken for done because the queue is empty: %s',
    async (kind) => {
      // A write that is completed between libuv's attempt and its queueing looks like this: one in thirty does.
      const { transport, far } = await unqueued(kind);
      const near = new Recorder();
      transport.start(near.receiver);
      const sent = pattern(8 * MIB);
      expect(lend(transport, sent)).toBe(false); // its memory is still used
      expect(lend(transport, sent.subarray(0, 100))).toBe(true); // a copy waits
      transport.end();
      const peer = new Far(far);
      await until(() => peer.ended);
      expect(peer.bytes).toBe(sent.length + 100);
      expect(peer.received.subarray(0, sent.length).equals(sent)).toBe(true);
      expect(near.count('drained')).toBeGreaterThan(0);
    },
  );

  it.each(['handle', 'bare'])(
    'keeps the memory that waits, or is to be read into, alive through garbage collections: %s',
    async (kind) => {
      const file = 'packages/meerkat/test/transport/programs/kept-memory.ts';
      const program = Program.source(file, [kind]);
      onTestFinished(() => program.kill('SIGKILL'));
      expect([await program.exited, program.stdout, program.stderr]).toEqual([
        0,
        'all right\n',
        '',
      ]);
    },
  );
});

/** The ends of a connection on a handle that never says that something waits. */
async function unqueued(kind: 'handle' | 'bare'): Promise<{ transport: Transport; far: Socket }> {
  const none = { writeQueueSize: { value: 0 } };
  if (kind === 'bare') {
    const { handle, dialled, dispose } = await barePair();
    onTestFinished(dispose);
    return { transport: onBare(Object.defineProperties(handle, none)), far: dialled };
  }
  const { accepted, dialled, dispose } = await tcpPair();
  onTestFinished(dispose);
  const handle = Object.defineProperties(tcpHandle(accepted) as TcpHandle, none);
  return { transport: new HandleTransport(accepted, handle, MEMORY), far: dialled };
}
