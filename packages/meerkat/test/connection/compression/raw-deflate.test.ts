import { describe, expect, it } from 'vitest';
import { jsonLike, mixedOctets, Random } from '../../../../../test/support/sample-messages.ts';
import { History } from '../../../src/connection/compression/history.ts';
import {
  type DeflateSettings,
  deflateAlone,
  deflateBeside,
  deflateNow,
  type InflateFault,
  inflateAlone,
  inflateBeside,
  inflateNow,
} from '../../../src/connection/compression/raw-deflate.ts';
import { referenceInflate } from './reference-inflate.ts';

const WINDOWS: readonly number[] = [8, 9, 10, 11, 12, 13, 14, 15];
const LEVELS: readonly number[] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
const MEM_LEVELS: readonly number[] = [1, 2, 3, 4, 5, 6, 7, 8, 9];
const MOST = 2 ** 22;

type Deflate = (
  message: Uint8Array,
  dictionary: Buffer | undefined,
  settings: DeflateSettings,
) => Promise<Buffer>;
type Inflate = (
  compressed: Uint8Array,
  dictionary: Buffer | undefined,
  maxBytes: number,
) => Promise<Buffer | InflateFault>;

/** All do the same, on the loop and beside it. */
const WAYS: readonly (readonly [string, Deflate, Inflate])[] = [
  [
    'on the loop',
    (message, dictionary, settings) => Promise.resolve(deflateNow(message, dictionary, settings)),
    (compressed, dictionary, maxBytes) =>
      Promise.resolve(inflateNow(compressed, dictionary, maxBytes)),
  ],
  [
    'on the loop, with a stream for each message',
    (message, dictionary, settings) => Promise.resolve(deflateAlone(message, dictionary, settings)),
    (compressed, dictionary, maxBytes) =>
      Promise.resolve(inflateAlone(compressed, dictionary, maxBytes)),
  ],
  [
    'beside the loop',
    (message, dictionary, settings) =>
      new Promise((resolve, reject) => {
        deflateBeside(message, dictionary, settings, (compressed) => {
          if (compressed === undefined) reject(new Error('zlib could not'));
          else resolve(compressed);
        });
      }),
    (compressed, dictionary, maxBytes) =>
      new Promise((resolve) => {
        inflateBeside(compressed, dictionary, maxBytes, resolve);
      }),
  ],
];

/** Messages that repeat each other, and themselves, at every distance up to a bit more than a window. */
function messagesFor(windowBits: number): Buffer[] {
  const random = new Random(windowBits);
  const first = mixedOctets(random, 3 * 2 ** Math.min(windowBits, 12) + 777);
  return [
    Buffer.from(first),
    Buffer.concat([first.subarray(300, 3_000), Buffer.from(jsonLike(random, 2_000))]),
    Buffer.from(jsonLike(random, 5_000)),
    Buffer.from(first.subarray(0, 4_000)),
  ];
}

/** That zlib went nearly as far as it goes, which is 262 octets less than its window: else nothing was tested. */
function expectReached(greatest: number, windowBits: number): void {
  if (windowBits > 13) return; // the messages are too short
  const most = 2 ** Math.max(9, windowBits) - 262;
  expect(greatest).toBeGreaterThan(0.9 * most);
  expect(greatest).toBeLessThanOrEqual(most);
}

function sameOctets(one: Uint8Array | string, other: Uint8Array): boolean {
  return typeof one !== 'string' && Buffer.compare(one, other) === 0;
}

describe.each(WAYS)('%s', (_way, deflate, inflate) => {
  it.each(WINDOWS)(
    'what is compressed with a window of %i bits never refers back farther, within a message',
    async (windowBits) => {
      let greatest = 0;
      for (const message of messagesFor(windowBits)) {
        const compressed = await deflate(message, undefined, { level: 9, memLevel: 9, windowBits });
        const { octets, greatestDistance } = referenceInflate(compressed);
        expect(sameOctets(octets, message)).toBe(true);
        greatest = Math.max(greatest, greatestDistance);
      }
      expect(greatest).toBeLessThanOrEqual(2 ** windowBits);
      expectReached(greatest, windowBits);
    },
  );

  it.each(WINDOWS)(
    'with takeover and a window of %i bits, no message refers back farther either, the ones before it counted',
    async (windowBits) => {
      const history = new History(windowBits);
      let before = Buffer.alloc(0);
      let greatest = 0;
      for (const message of [...messagesFor(windowBits), ...messagesFor(windowBits)]) {
        const settings = { level: 9, memLevel: 9, windowBits };
        const compressed = await deflate(message, history.octets, settings);
        const { octets, greatestDistance } = referenceInflate(compressed, before);
        expect(sameOctets(octets, message)).toBe(true);
        expect(await inflate(compressed, history.octets, MOST)).toEqual(message);
        greatest = Math.max(greatest, greatestDistance);
        history.push(message);
        before = Buffer.concat([before, message]);
      }
      expect(greatest).toBeLessThanOrEqual(2 ** windowBits);
      expectReached(greatest, windowBits);
      expect(history.octets?.length).toBe(Math.min(2 ** windowBits, before.length));
    },
  );

  it.each(LEVELS)(
    'level %i gives back what it was given, with every window and memory level',
    async (level) => {
      const random = new Random(level + 1);
      const message = Buffer.concat([
        Buffer.from(jsonLike(random, 1_000)),
        mixedOctets(random, 1_000),
      ]);
      for (const windowBits of WINDOWS) {
        for (const memLevel of MEM_LEVELS) {
          const settings = { level, memLevel, windowBits };
          const history = new History(windowBits);
          history.push(message);
          for (const dictionary of [undefined, history.octets]) {
            const compressed = await deflate(message, dictionary, settings);
            const inflated = await inflate(compressed, dictionary, MOST);
            expect(sameOctets(inflated, message), `${windowBits} ${memLevel}`).toBe(true);
            if (memLevel % 4 !== 1) continue; // the reference is slow
            const { greatestDistance } = referenceInflate(compressed, dictionary);
            expect(greatestDistance, `${memLevel}`).toBeLessThanOrEqual(2 ** windowBits);
          }
        }
      }
    },
  );

  it.each([0, 1, 125, 1_023, 1_024, 16_383, 16_384, 16_385, 65_535, 65_536, 1_000_000])(
    'a message of %i octets is the same afterwards, however repetitive it is',
    async (length) => {
      const random = new Random(length + 1);
      const settings = { level: 3, memLevel: 5, windowBits: 12 };
      const noise = Buffer.from(Array.from({ length }, () => random.below(256)));
      for (const message of [
        Buffer.alloc(length),
        Buffer.from(mixedOctets(random, length)),
        noise,
      ]) {
        const compressed = await deflate(message, undefined, settings);
        expect(compressed.subarray(-4).toString('hex')).not.toBe('0000ffff');
        expect(sameOctets(await inflate(compressed, undefined, MOST), message)).toBe(true);
        expect(sameOctets(await inflate(compressed, undefined, length), message)).toBe(true);
        if (length > 1) expect(await inflate(compressed, undefined, length - 1)).toBe('size');
      }
    },
  );

  it('what cannot be compressed becomes longer by an eighth and 1,024 octets at most', async () => {
    const random = new Random(7);
    for (const length of [100, 1_000, 30_000]) {
      const noise = Buffer.from(Array.from({ length }, () => random.below(256)));
      for (const memLevel of MEM_LEVELS) {
        for (const level of LEVELS) {
          const compressed = await deflate(noise, undefined, { level, memLevel, windowBits: 15 });
          expect(compressed.length).toBeLessThanOrEqual(length + length / 8 + 1_024);
        }
      }
    }
  });
});
