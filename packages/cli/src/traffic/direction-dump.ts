import type { DeflateAgreement, Role } from 'meerkat/protocol';
import type { Palette } from '../terminal/palette.ts';
import { ChunkedWalk } from './chunked-walk.ts';
import { FrameDump } from './frame-dump.ts';
import { HeadGatherer } from './head-gatherer.ts';
import type { ToldHead, UpgradeOutcome } from './http-exchange.ts';
import type { InflateBudget } from './inflate-budget.ts';
import type { OctetRange } from './octet-rows.ts';

/** What some octets mean. */
export interface Decoded {
  /** In words; the first three columns are for marks. */
  readonly lines: string[];
  /** Octets that are secret, by their index. */
  readonly hidden: OctetRange[];
}

/** What one direction is made of. */
export interface DirectionSetup {
  readonly palette: Palette;
  /** What may be inflated in a turn. @default that of the process */
  readonly inflateBudget?: InflateBudget | undefined;
  /** Who receives what goes in this direction. */
  readonly receiver: Role;
  /** Offset of the first octet. */
  readonly offset: number;
  /** Tells the head of a message. */
  readonly head: (text: string) => ToldHead;
  /** The other direction waits for this; answers what it tells then. */
  readonly decided: (
    upgrade: UpgradeOutcome,
    deflate: DeflateAgreement | undefined,
  ) => readonly string[];
}

type State = 'head' | 'length' | 'chunked' | 'toEnd' | 'undecided' | 'unsure' | 'frames' | 'opaque';

/** Follows the octets of one direction: heads, bodies, then frames. */
export class DirectionDump {
  readonly #setup: DirectionSetup;
  /** Once the upgrade is accepted. */
  #frames: FrameDump | undefined;
  readonly #gathered = new HeadGatherer();
  #chunks = new ChunkedWalk();
  #state: State = 'head';
  /** Octets of the body that are still due. */
  #due = 0;
  #offset: number;
  /** Offset of the first octet that waits for the decision. */
  #undecidedAt = 0;
  /** Whether more than frames, or another request, may stand there. */
  #mayBeBody = false;

  constructor(setup: DirectionSetup) {
    this.#setup = setup;
    this.#offset = setup.offset;
  }

  /** Octets that went this way so far. */
  get offset(): number {
    return this.#offset;
  }

  take(octets: Uint8Array): Decoded {
    const decoded: Decoded = { lines: [], hidden: [] };
    let at = 0;
    while (at < octets.length) at = this.#step(octets, at, decoded);
    this.#offset += octets.length;
    return decoded;
  }

  /** Hears what became of the upgrade that this direction asked for; tells what waited for that. */
  decide(upgrade: UpgradeOutcome, deflate: DeflateAgreement | undefined): string[] {
    // A server may upgrade what did not ask for it in the right way.
    if (this.#state === 'head' && upgrade === 'accepted') {
      this.#undecidedAt = this.#offset - this.#gathered.text.length;
    } else if (this.#state !== 'undecided') return [];
    if (upgrade !== 'accepted') {
      // What was sent already is read as HTTP by some, and forgotten by most. It stays, to know secrets.
      const goesOn = upgrade === 'declined' && !this.#mayBeBody && this.#gathered.text === '';
      this.#state = goesOn ? 'head' : 'unsure';
      if (this.#gathered.isFrames) this.#gathered.clear();
      return [];
    }
    const { text, full } = this.#gathered;
    this.#gathered.clear();
    if (full) {
      this.#state = 'opaque';
      return ['   too much came before it from the other side, which is not decoded'];
    }
    const dump = this.#beginFrames(deflate);
    if (text === '') return [];
    const frames = dump.take(Buffer.from(text, 'latin1'), this.#undecidedAt);
    const where = this.#undecidedAt.toString(16).padStart(8, '0');
    return [`   the other side sent already, at ${where}:`, ...frames];
  }

  /** Tells what is left when no more octets come. */
  end(): string[] {
    const { palette } = this.#setup;
    switch (this.#state) {
      case 'head': {
        const { text } = this.#gathered;
        if (text === '') return [];
        this.#gathered.clear();
        this.#state = 'opaque';
        const { lines, follows } = this.#setup.head(text);
        if (follows === 'opaque') return [...lines];
        return [...lines, palette.red('!! no empty line ends this head (RFC 9112 §2.1)')];
      }
      case 'frames':
        return this.#frames?.end() ?? [];
      case 'length':
        this.#state = 'opaque';
        return [palette.red(`!! the body ended ${this.#due} octets early (RFC 9112 §8)`)];
      case 'chunked':
        this.#state = 'opaque';
        return [palette.red('!! the body ended before its last chunk (RFC 9112 §8)')];
      default:
        return [];
    }
  }

  /** Takes as many octets as are of one kind; answers where they end. */
  #step(octets: Uint8Array, at: number, decoded: Decoded): number {
    switch (this.#state) {
      case 'head':
        return this.#headStep(octets, at, decoded);
      case 'length': {
        const end = Math.min(octets.length, at + this.#due);
        this.#due -= end - at;
        if (this.#due === 0) this.#state = 'head';
        return end;
      }
      case 'chunked':
        return this.#chunkedStep(octets, at, decoded);
      case 'frames':
        append(decoded.lines, this.#frames?.take(octets.subarray(at), this.#offset + at) ?? []);
        return octets.length;
      case 'undecided':
      case 'unsure':
        return this.#gatherOn(octets, at, decoded);
      case 'toEnd':
      case 'opaque':
        return octets.length;
    }
  }

  #headStep(octets: Uint8Array, start: number, decoded: Decoded): number {
    const at = this.#gathered.skipEmptyLines(octets, start);
    if (at === octets.length) return at;
    const { end, done } = this.#gathered.take(octets, at, true, decoded.hidden);
    if (done) {
      const { text } = this.#gathered;
      this.#gathered.clear();
      const told = this.#setup.head(text);
      append(decoded.lines, told.lines);
      this.#follow(told, this.#offset + end);
      if (told.upgrade !== undefined) {
        append(decoded.lines, this.#setup.decided(told.upgrade, told.deflate));
      }
    } else if (this.#gathered.full) {
      decoded.lines.push(this.#setup.palette.red('!! the head is too long: it is not decoded'));
      this.#state = 'unsure';
    }
    return end;
  }

  #follow({ follows, deflate }: ToldHead, offset: number): void {
    if (typeof follows === 'object') {
      this.#followBody(follows.body);
      return;
    }
    if (follows === 'undecided' || follows === 'undecidedBody') {
      this.#undecidedAt = offset;
      this.#mayBeBody = follows === 'undecidedBody';
      this.#state = 'undecided';
    } else if (follows === 'frames') this.#beginFrames(deflate);
    else this.#state = follows;
  }

  #beginFrames(deflate: DeflateAgreement | undefined): FrameDump {
    const { receiver, palette, inflateBudget } = this.#setup;
    const direction = receiver === 'server' ? deflate?.client : deflate?.server;
    this.#frames = new FrameDump(receiver, palette, direction, inflateBudget);
    this.#state = 'frames';
    return this.#frames;
  }

  #followBody(body: number | 'chunked' | 'toEnd' | 'unknown'): void {
    if (typeof body === 'number') {
      this.#due = body;
      this.#state = body === 0 ? 'head' : 'length';
    } else if (body === 'chunked') {
      this.#chunks = new ChunkedWalk();
      this.#state = 'chunked';
    } else this.#state = body === 'toEnd' ? 'toEnd' : 'unsure';
  }

  #chunkedStep(octets: Uint8Array, at: number, decoded: Decoded): number {
    const { end, result } = this.#chunks.take(octets, at, decoded.hidden);
    if (result === 'malformed') {
      const { palette } = this.#setup;
      decoded.lines.push(palette.red('!! a malformed chunk (RFC 9112 §7.1): decoded no further'));
      // Somebody may read a head in it, which begins in this line.
      this.#gathered.goOnWith(this.#chunks.secrets);
      this.#state = 'unsure';
    } else if (result === 'done') this.#state = 'head';
    return end;
  }

  /** Keeps what nobody knows the meaning of yet. What can be kept no more is hidden: there may be secrets in it. */
  #gatherOn(octets: Uint8Array, at: number, decoded: Decoded): number {
    const early = this.#state === 'undecided' && !this.#mayBeBody;
    if (this.#gathered.full) {
      if (!early || !this.#gathered.isFrames) decoded.hidden.push([at, octets.length]);
      return octets.length;
    }
    if (early) return this.#gathered.takeEarly(octets, at, decoded.hidden);
    return this.#gathered.take(octets, at, false, decoded.hidden).end;
  }
}

/** Adds all of `more`, which may be too many for the arguments of one call. */
function append<T>(list: T[], more: readonly T[]): void {
  for (const one of more) list.push(one);
}
