// Where permessage-deflate is agreed on, meerkat and the package `ws` read the same messages, pings, pongs, Close and failure out of any stream, but for the differences of differential/allowed.ts.
import { disagreement, explanation } from '../differential/allowed.ts';
import { wordsOf } from '../differential/outcome.ts';
import { deflateTermsOf } from '../differential/readers.ts';
import { deflateStream } from '../generate/deflate-stream.ts';
import { frameStream } from '../generate/frame-stream.ts';
import { BrokenInvariant } from '../invariant.ts';
import type { FuzzTarget } from '../target.ts';
import { target as frame } from './frame.ts';
import { target as inflate } from './inflate.ts';

/** The octets are what the readers are told (see `deflateTermsOf`) and what they read. */
export const target: FuzzTarget = {
  name: 'differential-deflate',
  form: 'octets',
  dictionary: [...inflate.dictionary, ...frame.dictionary],
  generate: (random) => {
    const stream = random.oneIn(12) ? frameStream(random, true, true) : deflateStream(random);
    return Uint8Array.from([random.below(16), ...stream]);
  },
  run: async (input) => {
    const differing = await disagreement(input.slice(1), deflateTermsOf(input[0] ?? 0));
    if (differing === undefined || (await explanation(differing)) !== undefined) return;
    const { whole, meerkat, ws, again } = differing;
    throw new BrokenInvariant(
      'the same reading, or a difference that is allowed',
      [
        `meerkat:\n${wordsOf(whole)}`,
        `meerkat, after ${meerkat.needed} octets:\n${wordsOf(meerkat)}`,
        `ws:\n${wordsOf(ws)}`,
        `second reading${again?.agrees(meerkat) === true ? ', which agrees' : ''}:\n${again === undefined ? '' : wordsOf(again.outcome)}`,
      ].join('\n'),
    );
  },
};
