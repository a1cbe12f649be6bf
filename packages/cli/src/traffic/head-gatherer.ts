import { HeadSecrets } from '../handshake/head-secrets.ts';
import type { OctetRange } from './octet-rows.ts';

/** Most octets that are kept of a head, or of what may be one. */
const MAX_GATHERED = 65_536;
/** Most octets that are kept of frames: a server reads 65,536, the socket and the tap before it as many each, and one chunk more. */
const MAX_FRAMES = 524_288;

const LF = 0x0a;
const CR = 0x0d;

/** Keeps the octets of a head until it is complete, and knows which of them are secret before that. */
export class HeadGatherer {
  #text = '';
  /** The last octets, in which an empty line may have begun. */
  #tail = '';
  #secrets = new HeadSecrets();
  #isFrames = false;

  /** What was gathered, each octet one character. */
  get text(): string {
    return this.#text;
  }

  /** Whether no more is kept. */
  get full(): boolean {
    return this.#room <= 0;
  }

  /** Whether what was gathered is the beginning of a frame of a client, and cannot be that of a head. */
  get isFrames(): boolean {
    return this.#isFrames;
  }

  get #room(): number {
    return (this.#isFrames ? MAX_FRAMES : MAX_GATHERED) - this.#text.length;
  }

  /** Takes octets that are frames where they look like it: there are no secrets to be known by their names in these. */
  takeEarly(octets: Uint8Array, start: number, hidden: OctetRange[]): number {
    if (!this.#isFrames && this.#text.length < 2) {
      const [first = 0x20, second = 0x20] = Buffer.concat([
        Buffer.from(this.#text, 'latin1'),
        octets.subarray(start, start + 2),
      ]);
      // A method begins a head, or an empty line does; of a frame, the second octet has the bit of its mask.
      this.#isFrames = !isTextual(first) || !isTextual(second);
    }
    if (!this.#isFrames) return this.take(octets, start, false, hidden).end;
    const end = Math.min(octets.length, start + Math.max(0, this.#room));
    this.#text += Buffer.from(octets.subarray(start, end)).toString('latin1');
    return end;
  }

  /** Begins with nothing, in the middle of what somebody else looked at for secrets. */
  goOnWith(secrets: HeadSecrets): void {
    this.clear();
    this.#secrets = secrets;
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
    let text = Buffer.from(octets.subarray(start, start + this.#room)).toString('latin1');
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
    this.#isFrames = false;
  }
}

function isTextual(octet: number): boolean {
  return octet === LF || octet === CR || (octet >= 0x20 && octet < 0x7f);
}

/** Where the empty line ends that ends a head; some end their lines with an LF alone. */
function emptyLineEnd(text: string): number {
  const end = /\n\r?\n/.exec(text);
  return end === null ? -1 : end.index + end[0].length;
}
