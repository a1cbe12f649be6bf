/**
 * Leaves out of `input` what it does not need to stay what it is: halves first, then smaller pieces, then single octets;
 * what stays becomes zero where that changes nothing.
 *
 * @param isSame - Whether a smaller input still does what this one does.
 * @param mostTries - How often that is asked.
 */
export async function minimise(
  input: Uint8Array,
  isSame: (smaller: Uint8Array) => Promise<boolean>,
  mostTries: number,
): Promise<Uint8Array> {
  let smallest = input;
  let left = mostTries;
  const attempt = async (candidate: Uint8Array): Promise<boolean> => {
    left -= 1;
    if (!(await isSame(candidate))) return false;
    smallest = candidate;
    return true;
  };
  for (let size = Math.ceil(input.length / 2); size >= 1 && left > 0; size = halved(size)) {
    for (let at = 0; at < smallest.length && left > 0; ) {
      if (!(await attempt(without(smallest, at, at + size)))) at += size;
    }
  }
  for (let at = 0; at < smallest.length && left > 0; at += 1) {
    if (smallest[at] !== 0) await attempt(smallest.with(at, 0));
  }
  return smallest;
}

/** 0 behind 1. */
function halved(size: number): number {
  return size === 1 ? 0 : Math.ceil(size / 2);
}

function without(octets: Uint8Array, start: number, end: number): Uint8Array {
  return Uint8Array.from(Buffer.concat([octets.subarray(0, start), octets.subarray(end)]));
}
