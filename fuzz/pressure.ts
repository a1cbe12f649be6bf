import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** How many are made, so that what is measured stands out from what else happens in the process. */
const COPIES = 24;

let collect: (() => void) | undefined;

/** How many octets stay with what `make` answers, on the average of several. */
export function heldBytes(make: () => unknown): number {
  const before = used();
  const kept = Array.from({ length: COPIES }, make);
  const after = used();
  return Math.round((after - before) / kept.length);
}

function used(): number {
  if (collect === undefined) {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as () => void;
  }
  // Twice: the first one finds the buffers, the second one has freed their memory.
  collect();
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
