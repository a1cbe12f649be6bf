// meerkat and the package `ws` read the same messages, pings, pongs, Close and failure out of any stream, but for the differences of differential/allowed.ts.
import { disagreement, explanation } from '../differential/allowed.ts';
import { wordsOf } from '../differential/outcome.ts';
import { termsOf } from '../differential/readers.ts';
import { frameStream } from '../generate/frame-stream.ts';
import { BrokenInvariant } from '../invariant.ts';
import type { FuzzTarget } from '../target.ts';
import { target as frame } from './frame.ts';

/** The octets are what the readers are told (see `termsOf`) and what they read. */
export const target: FuzzTarget = {
  name: 'differential',
  form: 'octets',
  alsoFrom: ['frame'],
  dictionary: frame.dictionary,
  generate: (random) => {
    const setup = random.pick([0, 1, 2, 3, 4, 5]);
    return Uint8Array.from([setup, ...frameStream(random, (setup & 1) === 0, false)]);
  },
  run: async (input) => {
    const differing = await disagreement(input.slice(1), termsOf(input[0] ?? 0));
    if (differing === undefined || (await explanation(differing)) !== undefined) return;
    const { meerkat, ws } = differing;
    throw new BrokenInvariant(
      'the same reading, or a difference that is allowed',
      `meerkat, after ${meerkat.needed} octets:\n${wordsOf(meerkat)}\nws:\n${wordsOf(ws)}`,
    );
  },
};
