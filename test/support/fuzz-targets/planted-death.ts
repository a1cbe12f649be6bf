// The process lives.
import type { FuzzTarget } from '../../../fuzz/target.ts';

/** Takes the process with it for an input that begins with 7. */
export const target: FuzzTarget = {
  name: 'planted-death',
  form: 'octets',
  dictionary: [],
  generate: (random) => random.octets(4),
  run: (input) => {
    if (input[0] === 7) process.abort();
  },
};
