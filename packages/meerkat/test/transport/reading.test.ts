import { describe, expect, it } from 'vitest';
import type { Transport } from '../../src/transport/transport.ts';
import { turn, turns, until } from '../support/waiting.ts';
import { Far, pattern, Recorder, settled } from './recorder.ts';
import { openEnds } from './tcp-ends.ts';
import { KINDS, MEMORY } from './tcp-transports.ts';

/** Numbers that look like chance, and are the same every time. */
function chance(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return (state >>> 8) % below;
  };
}

/** Keeps which memory each chunk came in, and how much of it. */
interface Place {
  readonly memory: Uint8Array;
  readonly start: number;
  readonly end: number;
}

function places(near: Recorder): Place[] {
  const seen: Place[] = [];
  near.onChunk = (memory, start, end) => seen.push({ memory, start, end });
  return seen;
}

/** A receiver who cannot make up its mind: it pauses, resumes and wishes as chance wants it, and leaves memory alone meanwhile. */
class Fickle {
  readonly near = new Recorder();
  readonly #transport: Transport;
  readonly #chance: (below: number) => number;
  /** The last chunk in memory of our own was in this one. */
  #wished: Uint8Array | undefined;
  paused = false;

  constructor(transport: Transport, seed: number) {
    this.#transport = transport;
    this.#chance = chance(seed);
    this.near.onChunk = (memory) => {
      expect(memory === this.#wished || memory === MEMORY || memory instanceof Buffer).toBe(true);
      this.#regulate();
    };
    this.near.wish = () => this.#wish();
  }

  #regulate(): void {
    const transport = this.#transport;
    const later = (): void => {
      void turns(this.#chance(4)).then(() => {
        this.paused = false;
        transport.resume();
      });
    };
    switch (this.#chance(6)) {
      case 0:
        transport.pause();
        this.paused = true;
        later();
        break;
      case 1:
        transport.pause();
        transport.resume();
        break;
      case 2:
        transport.pause();
        transport.resume();
        transport.pause();
        this.paused = true;
        later();
        break;
      default:
    }
  }

  #wish(): Uint8Array | undefined {
    const drawn = this.#chance(12);
    if (drawn < 4) this.#wished = undefined;
    else if (drawn === 4) this.#wished = Buffer.alloc(1);
    else if (drawn === 5) this.#wished = new Uint8Array(1 + this.#chance(300));
    else if (drawn < 9)
      this.#wished = new Uint8Array(1 << 20); // more than a read brings
    else if (drawn === 9) this.#wished = new Uint8Array(100_000).subarray(1_000, 30_000);
    // else: once more into the same
    return this.#wished;
  }
}

describe.each(KINDS)('what is read through the %s transport', (kind) => {
  it.each(Array.from({ length: 12 }, (_, seed) => seed + 1))(
    'is the same however reading is paused, and wherever it goes: seed %i',
    async (seed) => {
      const { transport, far } = await openEnds(kind);
      const draw = chance(seed + 100);
      const { near } = new Fickle(transport, seed);
      transport.start(near.receiver);
      const sent = pattern(1_500_000);
      for (let at = 0; at < sent.length; ) {
        const end = Math.min(sent.length, at + 1 + draw(draw(3) === 0 ? 200_000 : 500));
        far.write(sent.subarray(at, end));
        at = end;
        if (draw(3) === 0) await turn();
      }
      far.end();
      await until(() => near.count('ended') === 1);
      expect(near.received.equals(sent)).toBe(true);
      transport.end();
      far.resume();
      await until(() => near.closed);
      expect(near.error).toBe(undefined);
    },
  );

  // Six messages, each an answer to the one before it: a pause before or behind the answer to any of them.
  it.each(
    Array.from({ length: 6 }, (_, step) =>
      ['before', 'behind'].map((side) => [side, step] as const),
    ).flat(),
  )('waits where it stops %s answer %i of an exchange, and goes on', async (side, step) => {
    const { transport, far } = await openEnds(kind);
    const peer = new Far(far);
    const near = new Recorder();
    let asked = 0;
    let stopped = false;
    const question = pattern(1_000);
    const answer = Buffer.from('answer');
    near.onChunk = () => {
      if (near.bytes < (asked + 1) * question.length) return;
      const stop = asked === step;
      asked += 1;
      if (stop && side === 'before') transport.pause();
      transport.write(answer, 0, answer.length);
      if (stop && side === 'behind') transport.pause();
      stopped ||= stop;
    };
    transport.start(near.receiver);
    for (let at = 0; at < 6; at += 1) {
      far.write(question.subarray(0, 400));
      await turn();
      far.write(question.subarray(400));
      if (stopped) {
        await settled(() => near.bytes);
        expect(asked).toBe(step + 1);
        transport.resume();
        stopped = false;
      }
      await until(() => peer.bytes === (at + 1) * answer.length);
    }
    expect(asked).toBe(6);
  });

  it('stays paused where it was resumed in between', async () => {
    const { transport, far } = await openEnds(kind);
    const near = new Recorder();
    near.onChunk = () => {
      transport.pause();
      transport.resume();
      transport.pause();
    };
    transport.start(near.receiver);
    const sent = pattern(600_000);
    far.write(sent);
    await settled(() => near.bytes);
    expect(near.bytes).toBeGreaterThan(0);
    expect(near.bytes).toBeLessThan(300_000);
    const { bytes } = near;
    transport.resume();
    transport.pause();
    await turns(50);
    expect(near.bytes).toBe(bytes);
    near.onChunk = () => {};
    transport.resume();
    await until(() => near.bytes === sent.length);
    expect(near.received.equals(sent)).toBe(true);
  });

  it('is read on with where reading was paused and resumed within the chunk', async () => {
    const { transport, far } = await openEnds(kind);
    const near = new Recorder();
    near.onChunk = () => {
      transport.pause();
      transport.resume();
    };
    transport.start(near.receiver);
    const sent = pattern(600_000);
    far.write(sent);
    await until(() => near.bytes === sent.length);
    expect(near.received.equals(sent)).toBe(true);
  });

  it('comes in full to whoever pauses and resumes before the first of it is here', async () => {
    const { transport, far } = await openEnds(kind, { early: Buffer.from('what came early, ') });
    const near = new Recorder();
    transport.start(near.receiver);
    transport.pause();
    far.write('and what came late');
    await turns(50);
    expect(near.events).toEqual([]);
    transport.resume();
    transport.pause();
    transport.resume();
    await until(() => near.bytes === 35);
    expect(near.received.toString()).toBe('what came early, and what came late');
  });

  it('ends once, whatever is paused and resumed behind the end', async () => {
    const { transport, far } = await openEnds(kind);
    const near = new Recorder();
    transport.start(near.receiver);
    far.end('all');
    await until(() => near.count('ended') === 1);
    for (let round = 0; round < 5; round += 1) {
      transport.pause();
      transport.resume();
      await turns(3);
    }
    transport.write(Buffer.from('still here'), 0, 10);
    const peer = new Far(far);
    await until(() => peer.bytes === 10);
    transport.end();
    await until(() => near.closed);
    expect(near.events).toEqual(['chunk', 'ended', 'closed']);
    expect(near.error).toBe(undefined);
  });

  it('is not written into memory that was wished for before the transport was destroyed', async () => {
    const { transport, far } = await openEnds(kind);
    const near = new Recorder();
    const wish = Buffer.alloc(1_000, 0x77);
    near.wish = () => {
      transport.destroy();
      return wish;
    };
    transport.start(near.receiver);
    far.write(pattern(100_000));
    await until(() => near.closed);
    far.write(pattern(1_000));
    await turns(50);
    expect(near.events).toEqual(['chunk', 'closed']);
    expect(wish.equals(Buffer.alloc(1_000, 0x77))).toBe(true);
  });

  it('goes where it is to go, behind our end too', async () => {
    const { transport, far } = await openEnds(kind);
    const near = new Recorder();
    near.wish = () => {
      transport.end();
      return Buffer.alloc(500);
    };
    transport.start(near.receiver);
    const peer = new Far(far);
    const sent = pattern(10_000);
    far.write(sent.subarray(0, 10));
    await until(() => peer.ended);
    far.end(sent.subarray(10));
    await until(() => near.closed);
    expect(near.received.equals(sent)).toBe(true);
    expect(near.error).toBe(undefined);
  });
});

describe.each(['handle', 'bare'] as const)('what is read on a handle: %s', (kind) => {
  it('reads nothing more once it is paused within a chunk', async () => {
    const { transport, far } = await openEnds(kind);
    const near = new Recorder();
    near.onChunk = () => transport.pause();
    transport.start(near.receiver);
    far.write(pattern(600_000));
    for (let count = 1; count < 6; count += 1) {
      await settled(() => near.bytes);
      expect(near.count('chunk')).toBe(count);
      transport.resume();
    }
  });

  it('reads into the memory that all share, unless there is a wish', async () => {
    const { transport, far } = await openEnds(kind);
    const near = new Recorder();
    const seen = places(near);
    const wish = new Uint8Array(100);
    near.wish = () => (seen.length === 1 ? wish : undefined);
    transport.start(near.receiver);
    far.write('one');
    await until(() => seen.length === 1);
    far.write(pattern(250));
    await until(() => near.bytes === 253);
    far.write('four');
    await until(() => seen.length === 4);
    expect(seen.map(({ start, end }) => [start, end])).toEqual([
      [0, 3],
      [0, 100],
      [0, 150],
      [0, 4],
    ]);
    expect(seen.map(({ memory }) => memory === MEMORY)).toEqual([true, false, true, true]);
    expect(seen[1]?.memory).toBe(wish);
  });

  it('keeps a wish while it is paused', async () => {
    const { transport, far } = await openEnds(kind);
    const near = new Recorder();
    const wish = new Uint8Array(100);
    const seen = places(near);
    near.wish = () => {
      transport.pause();
      return seen.length === 1 ? wish : undefined;
    };
    transport.start(near.receiver);
    far.write('one');
    await until(() => seen.length === 1);
    far.write(pattern(100));
    await turns(50);
    transport.resume();
    await until(() => seen.length === 2);
    expect(seen[1]).toEqual({ memory: wish, start: 0, end: 100 });
    expect(near.received.subarray(3).equals(pattern(100))).toBe(true);
  });

  it.each([1, 2, 333, 65_536, 1 << 20])(
    'reads into wishes of %i octets, one after the other',
    async (size) => {
      const { transport, far } = await openEnds(kind);
      const near = new Recorder();
      const seen = places(near);
      const wishes: Uint8Array[] = [];
      near.wish = () => {
        const wish = new Uint8Array(size);
        wishes.push(wish);
        return wish;
      };
      transport.start(near.receiver);
      const sent = pattern(Math.min(1 << 20, 400 * size));
      far.write(sent.subarray(0, 1));
      await until(() => near.bytes === 1);
      far.write(sent.subarray(1));
      await until(() => near.bytes === sent.length);
      expect(near.received.equals(sent)).toBe(true);
      expect(seen.slice(1).every(({ memory }, index) => memory === wishes[index])).toBe(true);
      expect(seen.slice(1).every(({ start, end }) => start === 0 && end <= size)).toBe(true);
      expect(seen.length).toBeGreaterThan(1);
    },
  );

  it('hands out memory that another socket has not come into yet', async () => {
    // Both have octets ready in the same turn: the first chunk is used before the second is read.
    const both = await Promise.all(
      [0x61, 0x62].map(async (value) => {
        const { transport, far } = await openEnds(kind);
        const near = new Recorder();
        const foreign: number[] = [];
        near.onChunk = (octets, start, end) => {
          foreign.push(...octets.subarray(start, end).filter((octet) => octet !== value));
        };
        transport.start(near.receiver);
        return { near, far, foreign, value };
      }),
    );
    for (let round = 0; round < 20; round += 1) {
      for (const { far, value } of both) far.write(Buffer.alloc(30_000, value));
    }
    await until(() => both.every(({ near }) => near.bytes === 600_000));
    expect(both.map(({ foreign }) => foreign)).toEqual([[], []]);
  });
});
