import type { Random } from './random.ts';

/** Up to this length an input is tried with every cut in two. */
const EVERY_CUT = 24;
/** Beyond this length an input is not tried octet by octet: the time goes with what it is cut into. */
const OCTET_BY_OCTET = 4096;

/** Ways to cut an input into chunks, all but the whole one: each is a list of offsets in order. */
export function* waysToCut(length: number, random: Random): Generator<readonly number[]> {
  if (length <= OCTET_BY_OCTET) yield Array.from({ length }, (_, at) => at).slice(1);
  if (length <= EVERY_CUT) {
    for (let at = 1; at < length; at += 1) yield [at];
  }
  for (let way = 0; way < 3; way += 1) {
    const cuts = Array.from({ length: 1 + random.below(6) }, () => random.below(length + 1));
    yield cuts.sort((one, other) => one - other);
  }
}

/** Copies of the chunks of `octets` between `cuts`: a parser may change what it is given. */
export function chunksOf(octets: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const bounds = [0, ...cuts, octets.length];
  return bounds.slice(1).map((end, index) => octets.slice(bounds[index], end));
}
