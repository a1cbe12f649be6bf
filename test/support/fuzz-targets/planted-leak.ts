// Memory is bounded.
import type { FuzzTarget } from '../../../fuzz/target.ts';

/** Keeps all that it reads, of which it may keep 4 KiB. */
export const target: FuzzTarget = {
  name: 'planted-leak',
  form: 'octets',
  dictionary: [],
  generate: (random) => random.octets(4),
  run: () => {},
  hold: (input) => input,
  mostHeldBytes: 4096,
};
