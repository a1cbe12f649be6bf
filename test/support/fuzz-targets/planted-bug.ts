// No input begins with "bad".
import { BrokenInvariant } from '../../../fuzz/invariant.ts';
import type { FuzzTarget } from '../../../fuzz/target.ts';

/** Three octets that chance alone does not hit: each of them shows only in the code that it reaches. */
export const target: FuzzTarget = {
  name: 'planted-bug',
  form: 'text',
  dictionary: [],
  generate: (random) => random.octets(20),
  run: (input) => {
    if (input[0] === 0x62) {
      if (input[1] === 0x61) {
        if (input[2] === 0x64) throw new BrokenInvariant('no input is bad');
      }
    }
  },
};
