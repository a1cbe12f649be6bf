// Nothing is thrown later.
import type { FuzzTarget } from '../../../fuzz/target.ts';

/** Throws when nobody is there to catch it, for an input that begins with 7. */
export const target: FuzzTarget = {
  name: 'planted-late',
  form: 'octets',
  dictionary: [],
  generate: (random) => random.octets(4),
  run: async (input) => {
    if (input[0] === 7)
      queueMicrotask(() => {
        throw new Error('too late');
      });
    await new Promise((resolve) => setImmediate(resolve));
  },
};
