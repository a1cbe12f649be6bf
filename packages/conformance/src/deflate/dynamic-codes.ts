// The two codes at the beginning of a dynamic block (RFC 1951 §3.2.7).
import { type BitReader, DeflateError } from './bit-reader.ts';
import { HuffmanCode } from './huffman.ts';
import { DISTANCES, LENGTHS_ORDER, LITERALS } from './length-codes.ts';

const END_OF_BLOCK = 256;

// One block at a time: nothing here waits.
const literalCode = new HuffmanCode(LITERALS);
const distanceCode = new HuffmanCode(DISTANCES);
const lengthCode = new HuffmanCode(LENGTHS_ORDER.length);

/** The codes of a block; they hold until the next one is read. */
export interface BlockCodes {
  readonly literals: HuffmanCode;
  readonly distances: HuffmanCode;
}

/**
 * Reads the codes.
 *
 * @param at - Where the block begins.
 * @throws {@link DeflateError} for codes that make no sense.
 */
export function readCodes(reader: BitReader, at: number): BlockCodes {
  const literals = reader.take(5) + 257;
  const distances = reader.take(5) + 1;
  const given = reader.take(4) + 4;
  if (literals > 286) throw block(at, `with ${literals} literal and length codes`);
  if (distances > 30) throw block(at, `with ${distances} distance codes`);
  const ofLengths = new Uint8Array(LENGTHS_ORDER.length);
  for (const place of LENGTHS_ORDER.subarray(0, given)) ofLengths[place] = reader.take(3);
  fill(at, 'code of code lengths', lengthCode, ofLengths);
  const lengths = readLengths(reader, literals + distances);
  if (lengths[END_OF_BLOCK] === 0) throw block(at, 'without a code for its end');
  fill(at, 'literal and length code', literalCode, lengths.subarray(0, literals), true);
  fill(at, 'distance code', distanceCode, lengths.subarray(literals), true);
  return { literals: literalCode, distances: distanceCode };
}

function block(at: number, words: string): DeflateError {
  return new DeflateError(at, `a dynamic block ${words}`);
}

/** @param few - Whether no code, or a single one of one bit, will do. */
function fill(at: number, name: string, code: HuffmanCode, lengths: Uint8Array, few = false): void {
  const fault = code.fill(lengths);
  if (fault === undefined) return;
  const single = code.counts.every((codes, bits) => codes <= (bits === 1 ? 1 : 0));
  if (few && fault === 'incomplete' && single) return;
  throw block(at, `whose ${name} is ${fault}`);
}

function readLengths(reader: BitReader, count: number): Uint8Array {
  const lengths = new Uint8Array(count);
  let done = 0;
  while (done < count) {
    const at = reader.position;
    const symbol = reader.symbol(lengthCode, 'a code length');
    if (symbol < 16) {
      lengths[done] = symbol;
      done += 1;
      continue;
    }
    if (symbol === 16 && done === 0) throw new DeflateError(at, 'a code length that repeats none');
    const repeated = symbol === 16 ? (lengths[done - 1] as number) : 0;
    const times = symbol === 18 ? 11 + reader.take(7) : 3 + reader.take(symbol - 14);
    if (done + times > count) throw new DeflateError(at, 'more code lengths than were announced');
    lengths.fill(repeated, done, done + times);
    done += times;
  }
  return lengths;
}
