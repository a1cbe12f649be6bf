// Every input comes to an end.
import type { FuzzTarget } from '../../../fuzz/target.ts';

/** Never comes back from an input that begins with 7. */
export const target: FuzzTarget = {
  name: 'planted-hang',
  form: 'octets',
  dictionary: [],
  generate: (random) => random.octets(4),
  run: (input) => {
    while (input[0] === 7);
  },
};
