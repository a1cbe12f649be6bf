import { HeadSecrets } from '../handshake/head-secrets.ts';
import type { OctetRange } from './octet-rows.ts';

/** Most octets that are kept of a head, or of what waits for a decision. */
const MAX_GATHERED = 65_536;

const LF = 0x0a;
const CR = 0x0d;

/** Keeps the octets of a head until it is complete, and knows which of them are secret before that. */
export class HeadGatherer {
  #text = '';
  /** The last octets, in which an empty line may have begun. */
  #tail = '';
  #secrets = new HeadSecrets();

  /** What was gathered, each octet one character. */
  get text(): string {
    return this.#text;
  }

  /** Whether no more is kept. */
  get full(): boolean {
    return this.#text.length >= MAX_GATHERED;
  }

  /** Where in `octets` a head begins that may stand at `start`: empty lines before it do not count. */
  skipEmptyLines(octets: Uint8Array, start: number): number {
    let at = start;
    if (this.#text !== '') return at;
    while (at < octets.length && (octets[at] === CR || octets[at] === LF)) at += 1;
    return at;
  }

  /**
   * Takes octets from `start` to the end of the head, or all.
   *
   * @param toHeadEnd - Whether an empty line ends it.
   * @param hidden - The secrets among them are added here, by their index in `octets`.
   * @returns Where it ended; `done` where an empty line did that.
   */
  take(
    octets: Uint8Array,
    start: number,
    toHeadEnd: boolean,
    hidden: OctetRange[],
  ): { readonly end: number; readonly done: boolean } {
    const room = MAX_GATHERED - this.#text.length;
    let text = Buffer.from(octets.subarray(start, start + room)).toString('latin1');
    const stop = toHeadEnd ? emptyLineEnd(this.#tail + text) - this.#tail.length : -1;
    if (stop >= 0) text = text.slice(0, stop);
    this.#tail = (this.#tail + text).slice(-3);
    this.#text += text;
    for (const [from, to] of this.#secrets.add(text)) hidden.push([start + from, start + to]);
    return { end: start + text.length, done: stop >= 0 };
  }

  clear(): void {
    this.#text = '';
    this.#tail = '';
    this.#secrets = new HeadSecrets();
  }
}

/** Where the empty line ends that ends a head; some end their lines with an LF alone. */
function emptyLineEnd(text: string): number {
  const end = /\n\r?\n/.exec(text);
  return end === null ? -1 : end.index + end[0].length;
}
