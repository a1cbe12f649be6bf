import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Random } from './random.ts';

/** One parser under test. The first line of its file, a comment, says what must hold for every input. */
export interface FuzzTarget {
  readonly name: string;
  /** How its inputs are kept: octets as hex, text as it is. */
  readonly form: 'octets' | 'text';
  /** What is worth putting into an input: keywords, boundary values. */
  readonly dictionary: readonly Uint8Array[];
  /** Further folders of the corpus that fit. */
  readonly alsoFrom?: readonly string[];
  /** Makes an input that gets past the first checks, most often. */
  generate(random: Random): Uint8Array;
  /** Throws when the invariant is broken. */
  run(input: Uint8Array): void | Promise<void>;
  /** Makes an input of about so many octets that takes as much time or memory as it can. */
  large?(random: Random, length: number): Uint8Array;
  /** Parses the input once: what the bound on time is measured on. */
  parse?(input: Uint8Array): void;
  /** Feeds a parser and answers it, to see how much memory stays with it. */
  hold?(input: Uint8Array): unknown;
  /** The most octets that may stay with what `hold` answers. */
  readonly mostHeldBytes?: number;
}

/** A target with where it comes from. */
export interface LoadedTarget {
  readonly target: FuzzTarget;
  /** Line 1 of its file, without the slashes. */
  readonly invariant: string;
}

/** Where the targets of this project are. */
export const TARGETS: string = fileURLToPath(new URL('targets', import.meta.url));

/** The names of the targets in `folder`: those of its files. */
export function targetNames(folder: string): string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.ts'))
    .map((file) => basename(file, '.ts'))
    .sort();
}

/** Imports the target `name` of `folder`. */
export async function loadTarget(folder: string, name: string): Promise<LoadedTarget> {
  const file = join(folder, `${name}.ts`);
  const { target } = (await import(pathToFileURL(file).href)) as { target: FuzzTarget };
  if (target.name !== name) throw new Error(`${file} has a target named ${target.name}`);
  const [first = ''] = readFileSync(file, 'utf8').split('\n', 1);
  if (!first.startsWith('// ')) throw new Error(`line 1 of ${file} does not state an invariant`);
  return { target, invariant: first.slice('// '.length) };
}
