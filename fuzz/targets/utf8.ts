// Any octets, at any cut, are accepted exactly when a fatal TextDecoder accepts them, and refused at the same octet; texts come back whole.
import { Utf8Validator } from 'meerkat/protocol';
import { chunksOf, waysToCut } from '../chunks.ts';
import { hold, same } from '../invariant.ts';
import { Random, seedOf } from '../random.ts';
import { primitives } from '../recorded-endpoint.ts';
import type { FuzzTarget } from '../target.ts';

const pieces = [
  ...['61', '00', '7f', 'c2a9', 'dfbf', 'e0a080', 'e282ac', 'ed9fbf', 'ee8080', 'efbfbf', 'efbbbf'],
  ...['f0908080', 'f09f9880', 'f48fbfbf', '80', 'bf', 'c0af', 'c1bf', 'e08080', 'e09fbf', 'eda080'],
  ...['edbfbf', 'f0808080', 'f08fbfbf', 'f4908080', 'f5808080', 'f888808080', 'fe', 'ff', 'e282'],
].map((piece) => Uint8Array.from(Buffer.from(piece, 'hex')));

export const target: FuzzTarget = {
  name: 'utf8',
  form: 'octets',
  dictionary: pieces,
  generate: (random) => {
    const count = random.below(12);
    const good = random.oneIn(2);
    const chosen = Array.from({ length: count }, () =>
      random.pick(good ? pieces.slice(0, 14) : pieces),
    );
    return Uint8Array.from(Buffer.concat(chosen));
  },
  run: (input) => {
    const wrongAt = firstWrong(input);
    const valid = wrongAt === -1 && isComplete(input);
    for (const cuts of [[], ...waysToCut(input.length, new Random(seedOf(input)))]) {
      const validator = new Utf8Validator();
      const chunks = chunksOf(input, cuts);
      let accepted = true;
      let at = 0;
      for (const chunk of chunks) {
        accepted = validator.accept(chunk, 0, chunk.length);
        at += chunk.length;
        const wanted = wrongAt === -1 || wrongAt >= at;
        hold(accepted === wanted, 'refused in the chunk that holds the first wrong octet');
        if (!accepted) break;
      }
      if (accepted) same(validator.finish(), valid, 'complete where a TextDecoder says so');
    }
    checkText(input, valid);
  },
  parse: (input) => {
    new Utf8Validator().accept(input, 0, input.length);
    primitives.decodeUtf8(input, 0, input.length);
  },
};

/** The index of the first octet that no valid text has there; -1 without one. */
function firstWrong(input: Uint8Array): number {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  for (let at = 0; at < input.length; at += 1) {
    try {
      decoder.decode(input.subarray(at, at + 1), { stream: true });
    } catch {
      return at;
    }
  }
  return -1;
}

function isComplete(input: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(input);
    return true;
  } catch {
    return false;
  }
}

function checkText(input: Uint8Array, valid: boolean): void {
  // With other octets around it: only the range counts.
  const around = Uint8Array.from([0x80, ...input, 0x80]);
  const text = primitives.decodeUtf8(around, 1, 1 + input.length);
  const wanted = valid
    ? new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(input)
    : undefined;
  same(text, wanted, 'decoded as a TextDecoder does');
  for (const any of [wanted ?? '', Buffer.from(input).toString('utf16le')]) {
    const octets = new TextEncoder().encode(any);
    same(primitives.utf8Length(any), octets.length, 'measured as a TextEncoder does');
    const written = new Uint8Array(octets.length + 2);
    same(primitives.encodeUtf8Into(any, written, 1), octets.length, 'encoded in so many octets');
    hold(Buffer.compare(written.slice(1, -1), octets) === 0, 'encoded as a TextEncoder does');
    hold(written[0] === 0 && written.at(-1) === 0, 'encoded into its range');
  }
}
