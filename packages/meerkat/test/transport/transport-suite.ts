import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Transport } from '../../src/transport/transport.ts';
import { turns, until } from '../support/waiting.ts';
import { Far, pattern, Recorder, settled } from './recorder.ts';

/** The two ends of one connection: a transport under test, and what a peer holds. */
export interface TransportEnds {
  readonly transport: Transport;
  /** The other end. Half-open: it stays writable after our end, and readable after its own. */
  readonly far: Duplex;
  /** Breaks the connection off, without an end. */
  breakOff(): void;
  /** Lets go of everything. */
  dispose(): Promise<void>;
}

/** One way to make a transport. */
export interface TransportKind {
  readonly name: string;
  open(): Promise<TransportEnds>;
}

interface Opened {
  readonly transport: Transport;
  readonly near: Recorder;
  readonly far: Far;
  breakOff(): void;
}

/** The contract of `Transport`, which every kind has to keep. */
export function describeTransport(kind: TransportKind): void {
  /** A started transport. Every call to it is watched: none may report anything before it returns. */
  async function open(start = true): Promise<Opened> {
    const { transport, far, breakOff, dispose } = await kind.open();
    onTestFinished(dispose);
    const near = new Recorder();
    const watched: Transport = {
      get queuedBytes() {
        return transport.queuedBytes;
      },
      heedsWishes: transport.heedsWishes,
      start: (receiver) => near.call(() => transport.start(receiver)),
      write: (octets, from, to) => near.call(() => transport.write(octets, from, to)),
      writeOwned: (octets) => near.call(() => transport.writeOwned(octets)),
      pause: () => near.call(() => transport.pause()),
      resume: () => near.call(() => transport.resume()),
      end: () => near.call(() => transport.end()),
      destroy: () => near.call(() => transport.destroy()),
    };
    if (start) watched.start(near.receiver);
    return { transport: watched, near, far: new Far(far), breakOff };
  }

  describe(`a transport on ${kind.name}`, () => {
    it('reads what came before it was started', async () => {
      const { transport, near, far } = await open(false);
      far.stream.write('early');
      await turns();
      transport.start(near.receiver);
      expect(near.events).toEqual([]);
      await until(() => near.bytes === 5);
      expect(near.received.toString()).toBe('early');
    });

    it('writes before it is started, and says when that has left', async () => {
      const { transport, near, far } = await open(false);
      far.stream.pause();
      const sent = pattern(12_000_000);
      transport.writeOwned(sent);
      transport.start(near.receiver);
      transport.write(Buffer.from('behind'), 0, 6);
      far.stream.resume();
      await until(() => far.received.length === sent.length + 6);
      expect(far.received.equals(Buffer.concat([sent, Buffer.from('behind')]))).toBe(true);
      await until(() => near.count('drained') > 0 && transport.queuedBytes === 0);
    });

    it('keeps the order of what it reads, however it was cut', async () => {
      const { near, far } = await open();
      const sent = pattern(300_000);
      for (let at = 0, size = 1; at < sent.length; at += size, size = (size * 7) % 20_011) {
        far.stream.write(sent.subarray(at, at + size));
      }
      await until(() => near.bytes === sent.length);
      expect(near.received.equals(sent)).toBe(true);
    });

    it('keeps the order of what it writes, however it was cut', async () => {
      const { transport, far } = await open();
      const sent = pattern(300_000);
      for (
        let at = 0, size = 1, odd = true;
        at < sent.length;
        at += size, size = (size * 7) % 20_011
      ) {
        const end = Math.min(at + size, sent.length);
        if (odd) transport.write(sent, at, end);
        else transport.writeOwned(sent.subarray(at, end));
        odd = !odd;
      }
      await until(() => far.bytes === sent.length);
      expect(far.received.equals(sent)).toBe(true);
    });

    it.each([1, 20, 5_000, 100_000])(
      'borrows %i octets only until write returns',
      async (length) => {
        const { transport, far } = await open();
        const lent = Buffer.alloc(length + 20, 'x');
        lent.fill('a', 10, length + 10);
        transport.write(lent, 10, length + 10);
        lent.fill('b');
        transport.write(lent, 10, length + 10);
        lent.fill('c');
        await until(() => far.bytes === 2 * length);
        expect(far.received.toString()).toBe('a'.repeat(length) + 'b'.repeat(length));
      },
    );

    it('leaves memory that it was given as it is, so that many can be given it', async () => {
      const one = await open();
      const other = await open();
      const octets = pattern(100_000);
      const before = Buffer.from(octets);
      one.transport.writeOwned(octets);
      other.transport.writeOwned(octets);
      await until(() => one.far.bytes + other.far.bytes === 200_000);
      expect(one.far.received.equals(before) && other.far.received.equals(before)).toBe(true);
      expect(octets.equals(before)).toBe(true);
    });

    it('writes nothing for no octets', async () => {
      const { transport, far } = await open();
      transport.write(Buffer.alloc(8), 3, 3);
      transport.writeOwned(Buffer.alloc(0));
      transport.write(Buffer.from('a'), 0, 1);
      await until(() => far.bytes > 0);
      expect(far.received.toString()).toBe('a');
      expect(transport.queuedBytes).toBe(0);
    });

    it('pause stops reading, which stops the peer; resume loses nothing', async () => {
      const { transport, near, far } = await open();
      const sent = pattern(8_000_000);
      transport.pause();
      await turns();
      let written = false;
      for (let at = 0; at < sent.length; at += 100_000) {
        far.stream.write(sent.subarray(at, at + 100_000), () => {
          written = at + 100_000 >= sent.length;
        });
      }
      await settled(() => near.bytes);
      expect(near.bytes).toBeLessThan(100_000);
      await settled(() => far.stream.writableLength);
      expect(written).toBe(false);
      transport.resume();
      await until(() => near.bytes === sent.length);
      expect(near.received.equals(sent)).toBe(true);
    });

    it('a peer that writes within one call is told to wait', async () => {
      const { near, far } = await open();
      const part = pattern(100_000);
      let written = 0;
      // An end that took everything at once, however much it is, would never let go of this loop.
      while (far.stream.write(part) && written < 1_000) written += 1;
      expect(written).toBeLessThan(1_000);
      await until(() => near.bytes >= written * part.length);
    });

    it('pause within a chunk lets at most what is on its way come', async () => {
      const { transport, near, far } = await open();
      near.onChunk = () => transport.pause();
      const sent = pattern(1_000_000);
      for (let at = 0; at < sent.length; at += 50_000)
        far.stream.write(sent.subarray(at, at + 50_000));
      await settled(() => near.bytes);
      expect(near.bytes).toBeLessThan(300_000);
      near.onChunk = () => {};
      transport.resume();
      await until(() => near.bytes === sent.length);
      expect(near.received.equals(sent)).toBe(true);
    });

    it('queuedBytes is what waits, and `drained` tells when it is less', async () => {
      const { transport, near, far } = await open();
      expect(transport.queuedBytes).toBe(0);
      far.stream.pause();
      const sent = pattern(12_000_000);
      for (let at = 0; at < sent.length; at += 1_000_000) {
        transport.write(sent, at, at + 1_000_000);
        expect(transport.queuedBytes).toBeLessThanOrEqual(at + 1_000_000);
      }
      await settled(() => transport.queuedBytes);
      const waiting = transport.queuedBytes;
      expect(waiting).toBeGreaterThan(1_000_000);
      const drains = near.count('drained');
      far.stream.resume();
      await until(() => transport.queuedBytes === 0);
      await until(() => near.count('drained') > drains);
      await until(() => far.bytes === sent.length);
      expect(far.received.equals(sent)).toBe(true);
    });

    it('the last `drained` comes with an empty queue', async () => {
      const { transport, near, far } = await open();
      const queued: number[] = [];
      const { drained } = near.receiver;
      near.receiver.drained = () => {
        drained();
        queued.push(transport.queuedBytes);
      };
      far.stream.pause();
      transport.writeOwned(pattern(12_000_000));
      await settled(() => transport.queuedBytes);
      transport.write(pattern(10), 0, 10);
      far.stream.resume();
      await until(() => far.bytes === 12_000_010);
      await until(() => queued.at(-1) === 0);
    });

    it('end comes behind everything written, and reading goes on', async () => {
      const { transport, near, far } = await open();
      transport.writeOwned(pattern(1_000_000));
      transport.end();
      transport.end();
      await until(() => far.ended);
      expect(far.bytes).toBe(1_000_000);
      far.stream.write('still here');
      await until(() => near.bytes === 10);
      expect(near.received.toString()).toBe('still here');
      far.stream.end();
      await until(() => near.closed);
      expect(near.events.filter((event) => event !== 'drained')).toEqual([
        'chunk',
        'ended',
        'closed',
      ]);
      expect(near.error).toBe(undefined);
    });

    it('the peer’s end is reported once, behind its octets, and writing goes on', async () => {
      const { transport, near, far } = await open();
      far.stream.end('the last');
      await until(() => near.count('ended') > 0);
      expect(near.received.toString()).toBe('the last');
      await turns();
      transport.write(Buffer.from('still here'), 0, 10);
      await until(() => far.bytes === 10);
      transport.end();
      await until(() => near.closed && far.ended);
      expect([near.count('ended'), near.count('closed'), near.error]).toEqual([1, 1, undefined]);
    });

    it('the peer’s end waits for resume', async () => {
      const { transport, near, far } = await open();
      transport.pause();
      await turns();
      far.stream.end('the last');
      await turns(50);
      expect(near.count('ended')).toBe(0);
      transport.resume();
      await until(() => near.count('ended') > 0);
      expect(near.received.toString()).toBe('the last');
    });

    it('ignores what is written after end', async () => {
      const { transport, near, far } = await open();
      transport.write(Buffer.from('a'), 0, 1);
      transport.end();
      transport.write(Buffer.from('b'), 0, 1);
      transport.writeOwned(Buffer.from('c'));
      await until(() => far.ended);
      far.stream.end();
      await until(() => near.closed);
      expect(far.received.toString()).toBe('a');
      expect(near.error).toBe(undefined);
    });

    it('destroy is reported once, after the call, and every call after it is harmless', async () => {
      const { transport, near } = await open();
      transport.writeOwned(pattern(12_000_000));
      transport.destroy();
      transport.destroy();
      expect(near.closed).toBe(false);
      for (const again of [false, true]) {
        if (again) await until(() => near.closed);
        transport.write(Buffer.from('a'), 0, 1);
        transport.writeOwned(Buffer.from('b'));
        transport.pause();
        transport.resume();
        transport.end();
        transport.destroy();
      }
      await turns();
      expect(near.events).toEqual(['closed']); // what was thrown away did not leave
      expect(near.error).toBe(undefined);
      expect(transport.queuedBytes).toBe(0);
    });

    it('destroy within a chunk: `closed` is still the last word', async () => {
      const { transport, near, far } = await open();
      near.onChunk = () => transport.destroy();
      far.stream.write(pattern(1_000_000));
      await until(() => near.closed);
      await turns();
      expect(near.events.at(-1)).toBe('closed');
    });

    it('a connection that breaks off while octets wait is closed with the error, once', async () => {
      const { transport, near, far, breakOff } = await open();
      far.stream.pause();
      transport.writeOwned(pattern(12_000_000));
      await settled(() => transport.queuedBytes);
      breakOff();
      await until(() => near.closed);
      await turns();
      expect(near.error).toBeInstanceOf(Error);
      expect(near.count('closed')).toBe(1);
      transport.write(Buffer.from('a'), 0, 1);
      expect(transport.queuedBytes).toBe(0);
    });

    it('a connection that breaks off in the middle of a chunk is closed with the error', async () => {
      const { near, far, breakOff } = await open();
      far.stream.write(pattern(1_000));
      await until(() => near.bytes === 1_000);
      breakOff();
      await until(() => near.closed);
      expect(near.error).toBeInstanceOf(Error);
      expect(near.count('ended')).toBe(0);
    });

    it('a peer that answers within the same call gets no chunk in edgeways', async () => {
      const { transport, near, far } = await open();
      // Octets come while a chunk is handled, and while we write: the recorder refuses both within a call.
      far.stream.on('data', () => far.stream.write(pattern(100)));
      let answers = 5;
      near.onChunk = () => {
        answers -= 1;
        if (answers < 0) return;
        transport.write(pattern(20_000), 0, 20_000);
        transport.writeOwned(pattern(20_000));
      };
      transport.write(pattern(20_000), 0, 20_000);
      await until(() => answers < 0);
      await settled(() => near.bytes);
      expect(near.bytes % 100).toBe(0);
    });

    it('never changes memory that is still the writer’s', async () => {
      const { near, far } = await open();
      const sent = pattern(50_000);
      const before = Buffer.from(sent);
      far.stream.write(sent);
      await until(() => near.bytes === sent.length); // and the recorder has overwritten every chunk
      expect(sent.equals(before)).toBe(true);
    });

    it('frees what it holds: both ends are gone', async () => {
      const { transport, near, far } = await open();
      const gone = once(far.stream, 'close');
      transport.end();
      far.stream.end();
      await gone;
      await until(() => near.closed);
    });
  });
}
