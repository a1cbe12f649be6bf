// Messages for compression: of every size, more and less repetitive, always the same ones for a seed.

/** A source of random numbers: xorshift, 32 bits. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed === 0 ? 1 : seed;
  }

  /** An integer from 0 to `below`, exclusive. */
  below(below: number): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) % below;
  }
}

const WORDS: readonly string[] = [
  ...['meerkat', 'sentinel', 'price', 'quantity', 'Grüße', '狐獴', '👋', 'timestamp', 'null'],
  ...['true', 'subscribe', 'channel', 'position', 'description', 'updated', 'id', 'the', 'and'],
];

/** Text like that of applications: JSON with repeating names and few words. Of about `length` octets. */
export function jsonLike(random: Random, length: number): string {
  let text = '[';
  while (text.length < length) {
    const word = WORDS[random.below(WORDS.length)] ?? '';
    text += `{"id":${random.below(1_000_000)},"${word}":"${WORDS[random.below(WORDS.length)] ?? ''}"},`;
  }
  return text.slice(0, length).replace(/[\ud800-\udbff]$/, '.'); // not half of a character
}

/** Octets: noise, with runs and repetitions of what was there before, near and far. */
export function mixedOctets(random: Random, length: number): Uint8Array {
  const octets = new Uint8Array(length);
  let at = 0;
  while (at < length) {
    const run = Math.min(length - at, 1 + random.below(300));
    const kind = random.below(4);
    if (kind === 0) octets.fill(random.below(256), at, at + run);
    else if (kind < 3 && at > 0) {
      const from = random.below(at);
      octets.copyWithin(at, from, Math.min(from + run, at));
    } else {
      for (let end = at + run, to = at; to < end; to += 1) octets[to] = random.below(256);
    }
    at += run;
  }
  return octets;
}

/** Messages of both kinds, most of them small, some of them larger than 64 KiB. */
export function sampleMessages(count: number, seed: number): (string | Uint8Array)[] {
  const random = new Random(seed);
  const sizes = [0, 1, 100, 1_023, 1_024, 1_025, 4_096, 16_384, 16_385, 70_000];
  return Array.from({ length: count }, (_, at) => {
    const length = at < sizes.length ? (sizes[at] ?? 0) : sizeOf(random);
    return random.below(2) === 0 ? jsonLike(random, length) : mixedOctets(random, length);
  });
}

/** One in a hundred is large, one in ten of some KiB. */
function sizeOf(random: Random): number {
  const kind = random.below(100);
  if (kind === 0) return 65_000 + random.below(10_000);
  return kind < 10 ? random.below(8_192) : random.below(1_500);
}
