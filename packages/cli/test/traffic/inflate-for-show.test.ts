import { constants, deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import type { DeflateDirection } from 'meerkat/protocol';
import { fromHex } from 'meerkat/testing';
import { describe, expect, it } from 'vitest';
import { InflateForShow, MAX_INFLATED } from '../../src/traffic/inflate-for-show.ts';

const ALONE: DeflateDirection = { windowBits: 15, contextTakeover: false };
const TAKEOVER: DeflateDirection = { windowBits: 15, contextTakeover: true };

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
    expect(inflate(new InflateForShow(ALONE), fromHex(hex))).toBe(text);
  });

  it.each([
    ['garbage', 'ffffffff'],
    ['a distance too far', '038200'],
    ['garbage behind a final block', 'cb48cdc9c90700deadbeef'],
  ])('A7 calls %s invalid', (_what, hex) => {
    expect(inflate(new InflateForShow(ALONE), fromHex(hex))).toEqual({
      fault: 'WS_DEFLATE_INVALID',
    });
  });

  it('A7 takes as many final blocks as the engine, and no more', () => {
    const blocks = (count: number) => fromHex('0300'.repeat(count));
    expect(inflate(new InflateForShow(ALONE), blocks(17))).toEqual({
      fault: 'WS_DEFLATE_FINAL_BLOCKS',
    });
    expect(inflate(new InflateForShow(ALONE), blocks(16))).toBe('');
  });

  it('A7 keeps the context only where it is taken over (RFC 7692 §7.2.3.2)', () => {
    const second = fromHex('f200110000');
    const kept = new InflateForShow(TAKEOVER);
    expect(inflate(kept, fromHex('f248cdc9c90700'))).toBe('Hello');
    expect(inflate(kept, second)).toBe('Hello');
    const forgotten = new InflateForShow(ALONE);
    expect(inflate(forgotten, fromHex('f248cdc9c90700'))).toBe('Hello');
    expect(inflate(forgotten, second)).toEqual({ fault: 'WS_DEFLATE_INVALID' });
  });

  it('A7 keeps no more context than was agreed on', () => {
    const far = Buffer.from('far away '.repeat(4));
    const between = Buffer.alloc(256, 'x');
    const back = deflated(far, Buffer.concat([far, between]));
    const narrow = new InflateForShow({ windowBits: 8, contextTakeover: true });
    const wide = new InflateForShow({ windowBits: 9, contextTakeover: true });
    for (const inflation of [narrow, wide]) {
      for (const message of [far, between]) inflate(inflation, deflated(message));
    }
    expect(inflate(narrow, back)).toEqual({ fault: 'WS_DEFLATE_INVALID' });
    expect(inflate(wide, back)).toBe(far.toString());
  });

  it('A7 inflates a message up to its bound, and not an octet more', () => {
    const inflation = new InflateForShow(ALONE);
    const most = Buffer.alloc(MAX_INFLATED, 'a');
    expect(inflate(inflation, deflated(most))).toBe(most.toString());
    const more = Buffer.alloc(MAX_INFLATED + 1, 'a');
    expect(inflate(inflation, deflated(more))).toEqual({ unknown: 'long' });
    expect(inflate(inflation, deflated('next'))).toBe('next');
  });

  it('A7 gives up what may refer to a message that was too long', () => {
    const inflation = new InflateForShow(TAKEOVER);
    const bomb = Buffer.alloc(64 * 1_048_576);
    expect(inflate(inflation, deflated(bomb))).toEqual({ unknown: 'long' });
    expect(inflate(inflation, deflated('next'))).toEqual({ unknown: 'context' });
    expect(inflate(inflation, deflated('again'))).toEqual({ unknown: 'context' });
  });

  it('A7 keeps no message that is too long compressed already, and goes on with the next', () => {
    const inflation = new InflateForShow(ALONE);
    const piece = Buffer.alloc(65_536, 0xff);
    for (let count = 0; count < 20; count += 1) inflation.add(piece);
    expect(inflation.end()).toEqual({ unknown: 'long' });
    expect(inflate(inflation, deflated('next'))).toBe('next');
  });

  it('A7 copies what it is given', () => {
    const inflation = new InflateForShow(ALONE);
    const octets = deflated('hello');
    inflation.add(octets);
    octets.fill(0xff);
    const compressedLength = octets.length;
    expect(inflation.end()).toEqual({ octets: Buffer.from('hello'), compressedLength });
  });

  it('A7 inflates whatever was deflated, however it comes, and throws for nothing', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 2_000 }), { maxLength: 5 }),
        fc.integer({ min: 1, max: 50 }),
        fc.boolean(),
        (messages, step, contextTakeover) => {
          const inflation = new InflateForShow({ windowBits: 15, contextTakeover });
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
        const inflation = new InflateForShow({ windowBits: 8, contextTakeover });
        inflation.add(octets);
        inflation.end();
      }),
      { numRuns: 500 },
    );
  });
});
