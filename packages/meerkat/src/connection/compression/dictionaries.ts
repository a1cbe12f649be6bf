import { deflateRawSync } from 'node:zlib';

const SAMPLE = Buffer.from('what both sides have seen, and need not be told again');

let taken: boolean | undefined;

/**
 * Whether zlib looks at its option `dictionary`, as it has to for a context that is taken over. Deno's does not, and says
 * nothing: it would make messages that the peer cannot read.
 */
export function takesDictionaries(): boolean {
  taken ??= deflateRawSync(SAMPLE, { dictionary: SAMPLE }).length < SAMPLE.length / 2;
  return taken;
}
