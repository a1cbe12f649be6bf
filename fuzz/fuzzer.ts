import { performance } from 'node:perf_hooks';
import type { Coverage, Fresh } from './coverage.ts';
import { BrokenInvariant, faultOf } from './invariant.ts';
import { minimise } from './minimise.ts';
import { Mutator } from './mutator.ts';
import { heldBytes } from './pressure.ts';
import type { Random } from './random.ts';
import type { FuzzTarget } from './target.ts';

/** An input for which the invariant does not hold. */
export interface Finding {
  readonly input: Uint8Array;
  /** How long the input was that was found first. */
  readonly foundLength: number;
  readonly message: string;
}

/** What a fuzzer has done. */
export interface Progress {
  readonly inputs: number;
  readonly corpus: number;
  readonly blocks: number;
}

/**
 * Inputs between two looks at the coverage, which cost as much as some dozens of inputs: few while new code is found, as
 * looking for who found it tries them again, many once that is rare.
 */
const LEAST_BATCH = 32;
const MOST_BATCH = 1024;
/** Inputs between two measurements of time and memory. */
const PRESSURE_EVERY = 1000;
/** How often a smaller input is tried: of a finding, and of one that is only to be kept, which asks for coverage. */
const FINDING_TRIES = 3000;
const KEEP_TRIES = 200;
/** Longer inputs are made up again where they are needed: the corpus is for reading, too. */
const MOST_KEPT = 1024;
const MEBIBYTE = 1_048_576;
/** A parser takes less than 200 ms for 1 MiB; counters, a busy machine and a cold start get fifteen times that. */
const MOST_MS_PER_MEBIBYTE = 200 * 15;

/** Where the input that is worked on is noted, so that it is known if that never ends. */
export interface InputNotes {
  begin(input: Uint8Array): void;
  idle(): void;
}

/** Tries inputs on one target: those that are kept, then changed and made up ones, keeping what reaches new code. */
export class Fuzzer {
  readonly #target: FuzzTarget;
  readonly #random: Random;
  readonly #coverage: Coverage;
  readonly #notes: InputNotes;
  readonly #mutator: Mutator;
  readonly #corpus: Uint8Array[] = [];
  /** Of the corpus, those that were not kept before. */
  readonly #found: Uint8Array[] = [];
  #inputs = 0;
  #batch = LEAST_BATCH;
  #nextPressure = PRESSURE_EVERY;

  constructor(target: FuzzTarget, random: Random, coverage: Coverage, notes: InputNotes) {
    this.#target = target;
    this.#random = random;
    this.#coverage = coverage;
    this.#notes = notes;
    this.#mutator = new Mutator(random, target.dictionary);
  }

  get progress(): Progress {
    return { inputs: this.#inputs, corpus: this.#corpus.length, blocks: this.#coverage.blocks };
  }

  /** The fewest and shortest inputs that reach all that the inputs found here reach beyond `kept`. */
  async worthKeeping(kept: readonly Uint8Array[]): Promise<Uint8Array[]> {
    this.#coverage.forget();
    for (const input of kept) await this.#fault(input);
    this.#coverage.take();
    const chosen: Uint8Array[] = [];
    for (const input of this.#found.sort((one, other) => one.length - other.length)) {
      await this.#fault(input);
      const fresh = this.#coverage.take();
      if (fresh.isEmpty) continue;
      const reachesIt = async (smaller: Uint8Array): Promise<boolean> => {
        this.#coverage.take();
        const error = await this.#fault(smaller);
        return error === undefined && this.#coverage.covers(fresh);
      };
      const smallest = await minimise(input, reachesIt, KEEP_TRIES);
      if (smallest.length <= MOST_KEPT) chosen.push(smallest);
    }
    return chosen;
  }

  /** Tries every kept input. */
  async replay(inputs: readonly Uint8Array[]): Promise<Finding | undefined> {
    for (const input of inputs) {
      const finding = await this.#try(input);
      if (finding !== undefined) return finding;
      this.#corpus.push(input);
    }
    this.#coverage.take();
    return undefined;
  }

  /** Tries one batch of new inputs. */
  async step(): Promise<Finding | undefined> {
    const batch: Uint8Array[] = [];
    for (let left = this.#batch; left > 0; left -= 1) {
      const input = this.#next();
      batch.push(input);
      const finding = await this.#try(input);
      if (finding !== undefined) return finding;
    }
    const fresh = this.#coverage.take();
    this.#batch = fresh.isEmpty ? Math.min(MOST_BATCH, 2 * this.#batch) : LEAST_BATCH;
    await this.#keep(batch, fresh);
    if (this.#inputs < this.#nextPressure) return undefined;
    this.#nextPressure = this.#inputs + PRESSURE_EVERY;
    return this.#press();
  }

  #next(): Uint8Array {
    const random = this.#random;
    if (this.#corpus.length === 0 || random.oneIn(4)) return this.#target.generate(random);
    // The latest most often: they lead where nobody has looked yet.
    const latest = random.oneIn(3) ? Math.min(16, this.#corpus.length) : this.#corpus.length;
    const input = this.#corpus[this.#corpus.length - 1 - random.below(latest)] as Uint8Array;
    const other = random.oneIn(2) ? random.pick(this.#corpus) : this.#target.generate(random);
    return this.#mutator.mutate(input, other);
  }

  async #try(input: Uint8Array): Promise<Finding | undefined> {
    this.#inputs += 1;
    const error = await this.#fault(input);
    return error === undefined ? undefined : this.#finding(input, error);
  }

  /** What the target throws for a copy of `input`. */
  async #fault(input: Uint8Array): Promise<{ thrown: unknown } | undefined> {
    this.#notes.begin(input);
    try {
      const pending = this.#target.run(input.slice());
      if (pending !== undefined) await pending;
      return undefined;
    } catch (thrown) {
      return { thrown };
    }
  }

  async #finding(input: Uint8Array, { thrown }: { thrown: unknown }): Promise<Finding> {
    const fault = faultOf(thrown);
    const smallest = await minimise(
      input,
      async (smaller) => {
        const error = await this.#fault(smaller);
        return error !== undefined && faultOf(error.thrown) === fault;
      },
      FINDING_TRIES,
    );
    // Its own message: that of the input which was found tells of octets that are gone. This time with a stack.
    Error.stackTraceLimit = 20;
    const { thrown: last } = (await this.#fault(smallest)) ?? { thrown };
    return { input: smallest, foundLength: input.length, message: messageOf(last) };
  }

  /** Looks for those of `batch` that reached what was new, by halves. */
  async #keep(batch: readonly Uint8Array[], fresh: Fresh): Promise<void> {
    if (fresh.isEmpty || batch.length === 0) return;
    for (const input of batch) await this.#fault(input);
    if (batch.length > 1) {
      if (!this.#coverage.touches(fresh)) return;
      const half = batch.length >> 1;
      await this.#keep(batch.slice(0, half), fresh);
      await this.#keep(batch.slice(half), fresh);
    } else if (this.#coverage.meets(fresh)) {
      const [input] = batch;
      if (input === undefined) return;
      this.#corpus.push(input);
      this.#found.push(input);
    }
  }

  /** Bounds that show on large inputs only: time per octet, and memory that stays. */
  #press(): Finding | undefined {
    const { parse, hold, mostHeldBytes } = this.#target;
    const input = this.#large(this.#random.oneIn(4) ? MEBIBYTE : 65_536);
    this.#notes.begin(input);
    if (parse !== undefined) {
      const most = Math.max(20, (MOST_MS_PER_MEBIBYTE * input.length) / MEBIBYTE);
      // Three times: something else may have needed the processor.
      const times = [0, 1, 2].map(() => elapsed(() => parse(input.slice())));
      const least = Math.min(...times);
      if (least > most) {
        const message = `time per octet is bounded\n${least.toFixed(0)} ms for ${input.length} octets, at most ${most.toFixed(0)}`;
        return { input, foundLength: input.length, message };
      }
    }
    if (hold !== undefined && mostHeldBytes !== undefined) {
      const held = heldBytes(() => hold(input.slice()));
      if (held > mostHeldBytes) {
        const message = `memory is bounded\n${held} octets stay, at most ${mostHeldBytes}`;
        return { input, foundLength: input.length, message };
      }
    }
    return undefined;
  }

  /** An input of about `length` octets: another one, with something in it many times. */
  #large(length: number): Uint8Array {
    const random = this.#random;
    if (this.#target.large !== undefined && random.oneIn(2)) {
      return this.#target.large(random, length);
    }
    const input = random.oneIn(2) ? this.#target.generate(random) : this.#next();
    const at = random.below(input.length + 1);
    const piece = this.#piece(input, at);
    const middle = Buffer.alloc(Math.max(0, length - input.length), piece);
    return Uint8Array.from(Buffer.concat([input.subarray(0, at), middle, input.subarray(at)]));
  }

  /** What is worth having many times: an octet of the input, a word, or a piece of the input. */
  #piece(input: Uint8Array, at: number): Uint8Array {
    const random = this.#random;
    const words = this.#target.dictionary;
    const next = input.subarray(at, at + 1 + (random.oneIn(2) ? 0 : random.below(16)));
    const piece = words.length > 0 && random.oneIn(3) ? random.pick(words) : next;
    return piece.length > 0 ? piece : Uint8Array.of(random.pick([0x20, 0x2c, 0x00]));
  }
}

/** An error as it is reported: the invariant, or where something was thrown that should not have been. */
export function messageOf(error: unknown): string {
  if (error instanceof BrokenInvariant) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function elapsed(action: () => void): number {
  const start = performance.now();
  action();
  return performance.now() - start;
}
