import { randomBytes } from 'node:crypto';
import { constants, deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import type { DeflateDirection } from 'meerkat/protocol';
import { fromHex } from 'meerkat/testing';
import { describe, expect, it } from 'vitest';
import { InflateBudget } from '../../src/traffic/inflate-budget.ts';
import { InflateForShow, MAX_INFLATED, shownAtMost } from '../../src/traffic/inflate-for-show.ts';

const ALONE: DeflateDirection = { windowBits: 15, contextTakeover: false };
const TAKEOVER: DeflateDirection = { windowBits: 15, contextTakeover: true };

/** One with a budget that does not end. */
function inflating(direction: DeflateDirection): InflateForShow {
  return new InflateForShow(direction, new InflateBudget(Number.POSITIVE_INFINITY));
}

/** Counts what is spent, and has turns that end when they are told to. */
class CountedBudget extends InflateBudget {
  calls = 0;
  octets = 0;
  shown = 0;

  override called(octets: number): void {
    this.calls += 1;
    this.octets += octets;
    super.called(octets);
  }

  override showing(octets: number): void {
    this.shown += octets;
    super.showing(octets);
  }
}

/** A budget of a number of octets, and what ends its turn. */
function turns(octets?: number): { budget: CountedBudget; endTurn: () => void } {
  const renewals: (() => void)[] = [];
  const budget = new CountedBudget(octets, (renew) => renewals.push(renew));
  return {
    budget,
    endTurn: () => {
      expect(renewals.length).toBeLessThanOrEqual(1);
      renewals.pop()?.();
    },
  };
}

/** As a sender does it: flushed, and the tail left out. */
function deflated(message: Buffer | string, dictionary?: Buffer): Buffer {
  const options = { finishFlush: constants.Z_SYNC_FLUSH, ...(dictionary && { dictionary }) };
  return deflateRawSync(message, options).subarray(0, -4);
}

function inflate(inflation: InflateForShow, octets: Uint8Array): string | object {
  inflation.add(octets);
  const inflated = inflation.end();
  return 'octets' in inflated ? inflated.octets.toString() : inflated;
}

describe('InflateForShow', () => {
  it.each([
    ['RFC 7692 §7.2.3.1', 'f248cdc9c90700', 'Hello'],
    ['RFC 7692 §7.2.3.3, no compression', '000500faff48656c6c6f00', 'Hello'],
    ['RFC 7692 §7.2.3.4, BFINAL', 'f348cdc9c9070000', 'Hello'],
    ['RFC 7692 §7.2.3.5, two blocks', 'f248050000 00ffff cac9c90700', 'Hello'],
    ['no octets at all', '', ''],
    ['an empty message', '00', ''],
    ['the tail left on', 'ca48cdc9c90700 0000ffff', 'hello'],
    ['a truncated message, the tail as its data', 'ca48cdc9', 'helh'],
  ])('A7 inflates %s', (_what, hex, text) => {
    expect(inflate(inflating(ALONE), fromHex(hex))).toBe(text);
  });

  it.each([
    ['garbage', 'ffffffff'],
    ['a distance too far', '038200'],
    ['garbage behind a final block', 'cb48cdc9c90700deadbeef'],
  ])('A7 calls %s invalid', (_what, hex) => {
    expect(inflate(inflating(ALONE), fromHex(hex))).toEqual({
      fault: 'WS_DEFLATE_INVALID',
    });
  });

  it('A7 takes as many final blocks as the engine, and no more', () => {
    const blocks = (count: number) => fromHex('0300'.repeat(count));
    expect(inflate(inflating(ALONE), blocks(17))).toEqual({
      fault: 'WS_DEFLATE_FINAL_BLOCKS',
    });
    expect(inflate(inflating(ALONE), blocks(16))).toBe('');
  });

  it('A7 keeps the context only where it is taken over (RFC 7692 §7.2.3.2)', () => {
    const second = fromHex('f200110000');
    const kept = inflating(TAKEOVER);
    expect(inflate(kept, fromHex('f248cdc9c90700'))).toBe('Hello');
    expect(inflate(kept, second)).toBe('Hello');
    const forgotten = inflating(ALONE);
    expect(inflate(forgotten, fromHex('f248cdc9c90700'))).toBe('Hello');
    expect(inflate(forgotten, second)).toEqual({ fault: 'WS_DEFLATE_INVALID' });
  });

  it('A7 keeps no more context than was agreed on', () => {
    const far = Buffer.from('far away '.repeat(4));
    const between = Buffer.alloc(256, 'x');
    const back = deflated(far, Buffer.concat([far, between]));
    const narrow = inflating({ windowBits: 8, contextTakeover: true });
    const wide = inflating({ windowBits: 9, contextTakeover: true });
    for (const inflation of [narrow, wide]) {
      for (const message of [far, between]) inflate(inflation, deflated(message));
    }
    expect(inflate(narrow, back)).toEqual({ fault: 'WS_DEFLATE_INVALID' });
    expect(inflate(wide, back)).toBe(far.toString());
  });

  it('A7 inflates a message that others refer to up to its bound, and not an octet more', () => {
    const most = Buffer.alloc(MAX_INFLATED, 'a');
    expect(inflate(inflating(TAKEOVER), deflated(most))).toBe(most.toString());
    const more = Buffer.alloc(MAX_INFLATED + 1, 'a');
    expect(inflate(inflating(TAKEOVER), deflated(more))).toEqual({ unknown: 'long' });
  });

  it.each([
    ['zeros', Buffer.alloc(48 * 1_048_576)],
    ['noise', randomBytes(400_000)],
    ['JSON', Buffer.from(JSON.stringify(Array.from({ length: 9_000 }, (_, id) => ({ id }))))],
    ['noise behind zeros', Buffer.concat([Buffer.alloc(1_048_576), randomBytes(60_000)])],
    ['zeros behind noise', Buffer.concat([randomBytes(3_000), Buffer.alloc(1_048_576)])],
  ])('C9 inflates the beginning of %s that is shown, and little more', (_what, message) => {
    const { budget } = turns();
    const inflation = new InflateForShow(ALONE, budget);
    const octets = deflated(message);
    inflation.add(octets);
    const inflated = inflation.end();
    const most = shownAtMost(octets.length);
    expect(inflated).toEqual({
      octets: message.subarray(0, most),
      compressedLength: octets.length,
      complete: false,
    });
    expect(budget.shown).toBe(most);
    expect(budget.octets).toBeLessThan(9 * 2 * most);
    expect(inflate(inflation, deflated('next'))).toBe('next');
  });

  it('C9 inflates the beginning behind final blocks, and all of what just fits', () => {
    const begins = deflateRawSync('begins ');
    const rest = Buffer.alloc(1_048_576, 'x');
    const inflation = inflating(ALONE);
    const octets = Buffer.concat([begins, deflated(rest)]);
    const most = shownAtMost(octets.length);
    expect(inflate(inflation, octets)).toBe(`begins ${'x'.repeat(most - 7)}`);
    const fits = Buffer.concat([begins, deflated(rest.subarray(0, 1_000))]);
    expect(inflate(inflation, fits)).toBe(`begins ${'x'.repeat(1_000)}`);
    inflation.add(deflated(Buffer.alloc(shownAtMost(14), 'x')));
    expect(inflation.end()).toMatchObject({ complete: true });
  });

  it('A7 gives up what may refer to a message that was too long', () => {
    const inflation = inflating(TAKEOVER);
    const bomb = Buffer.alloc(64 * 1_048_576);
    expect(inflate(inflation, deflated(bomb))).toEqual({ unknown: 'long' });
    expect(inflate(inflation, deflated('next'))).toEqual({ unknown: 'context' });
    expect(inflate(inflation, deflated('again'))).toEqual({ unknown: 'context' });
  });

  it('A7 keeps no more of a message than what is needed, and goes on with the next', () => {
    const long = deflated(randomBytes(2 * MAX_INFLATED));
    const before = process.memoryUsage().arrayBuffers;
    const alone = inflating(ALONE);
    for (let at = 0; at < long.length; at += 65_536) alone.add(long.subarray(at, at + 65_536));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4 * 65_536);
    expect(alone.end()).toMatchObject({ compressedLength: long.length, complete: false });
    expect(inflate(alone, deflated('next'))).toBe('next');
    const takeover = inflating(TAKEOVER);
    for (let at = 0; at < long.length; at += 65_536) takeover.add(long.subarray(at, at + 65_536));
    expect(takeover.end()).toEqual({ unknown: 'long' });
  });

  it('A7 copies what it is given', () => {
    const inflation = inflating(ALONE);
    const octets = deflated('hello');
    inflation.add(octets);
    octets.fill(0xff);
    const compressedLength = octets.length;
    expect(inflation.end()).toEqual({
      octets: Buffer.from('hello'),
      compressedLength,
      complete: true,
    });
  });

  it('A7 inflates whatever was deflated, however it comes, and throws for nothing', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 2_000 }), { maxLength: 5 }),
        fc.integer({ min: 1, max: 50 }),
        fc.boolean(),
        (messages, step, contextTakeover) => {
          const inflation = inflating({ windowBits: 15, contextTakeover });
          let history = Buffer.alloc(0);
          for (const message of messages) {
            const known = contextTakeover && history.length > 0 ? history : undefined;
            const octets = deflated(Buffer.from(message), known);
            for (let at = 0; at < octets.length; at += step) {
              inflation.add(octets.subarray(at, at + step));
            }
            expect(inflation.end()).toMatchObject({ octets: Buffer.from(message) });
            history = Buffer.concat([history, message]);
          }
        },
      ),
      { numRuns: 50 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (octets, contextTakeover) => {
        const inflation = inflating({ windowBits: 8, contextTakeover });
        inflation.add(octets);
        inflation.end();
      }),
      { numRuns: 500 },
    );
  });
});

describe('what is inflated in one turn of the event loop', () => {
  const BOMB = deflated(Buffer.alloc(MAX_INFLATED));
  const BUSY = { unknown: 'busy' };

  it('C9 is bounded over all connections, and renewed with the next turn', () => {
    const { budget, endTurn } = turns();
    const inflations = Array.from({ length: 64 }, () => new InflateForShow(ALONE, budget));
    for (let turn = 0; turn < 3; turn += 1) {
      const before = { ...budget };
      const shown = inflations.filter((inflation) => {
        inflation.add(BOMB);
        return 'octets' in inflation.end();
      });
      expect(shown).toHaveLength(4);
      expect(budget.octets - before.octets).toBeLessThan(1_048_576);
      expect(inflate(inflations[0] ?? inflating(ALONE), deflated('hi'))).toEqual(BUSY);
      endTurn();
    }
    expect(inflate(new InflateForShow(ALONE, budget), deflated('hi'))).toBe('hi');
  });

  it('C9 is not inflated later, and with takeover nothing that may refer to it is', () => {
    const { budget, endTurn } = turns(1);
    const takeover = new InflateForShow(TAKEOVER, budget);
    const alone = new InflateForShow(ALONE, budget);
    expect(inflate(takeover, deflated('first'))).toBe('first');
    expect(inflate(takeover, deflated('second'))).toEqual(BUSY);
    expect(inflate(alone, deflated('second'))).toEqual(BUSY);
    endTurn();
    expect(inflate(takeover, deflated('third'))).toEqual({ unknown: 'context' });
    expect(inflate(alone, deflated('third'))).toBe('third');
  });

  it('C9 counts each call of zlib, so that chains of final blocks are bounded too', () => {
    const { budget } = turns();
    const chain = fromHex('0300'.repeat(15));
    const broken = fromHex(`${'0300'.repeat(15)}ff`);
    const inflation = new InflateForShow(ALONE, budget);
    let shown = 0;
    while (inflate(inflation, chain) === '') shown += 1;
    expect(shown).toBeGreaterThan(10);
    expect(budget.calls).toBeLessThan(500);
    const faults = turns().budget;
    for (let count = 0; count < 2_000; count += 1) {
      inflate(new InflateForShow(ALONE, faults), broken);
    }
    expect(faults.calls).toBeLessThan(500);
  });

  it('A7 is enough for a chat and for JSON of some KiB, also to many clients at once', () => {
    const { budget } = turns();
    const json = JSON.stringify(Array.from({ length: 100 }, (_, id) => ({ id, at: id * 7_919 })));
    for (const [text, clients] of [
      ['hello everybody', 200],
      [json, 10],
    ] as const) {
      const octets = deflated(text);
      for (let client = 0; client < clients; client += 1) {
        expect(inflate(new InflateForShow(ALONE, budget), octets)).toBe(text);
      }
    }
  });

  it('C9 begins anew by itself', async () => {
    const budget = new InflateBudget(1);
    const inflation = new InflateForShow(ALONE, budget);
    for (let turn = 0; turn < 2; turn += 1) {
      expect(inflate(inflation, deflated('hi'))).toBe('hi');
      expect(inflate(inflation, deflated('hi'))).toEqual(BUSY);
      await new Promise((resolve) => setImmediate(resolve));
    }
  });
});
