import { existsSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { CORPUS } from './corpus.ts';
import { TARGETS, targetNames } from './target.ts';

/** What the command line asks for. */
export interface FuzzOptions {
  readonly list: boolean;
  readonly names: readonly string[];
  readonly milliseconds: number;
  readonly seed: number;
  readonly jobs: number;
  readonly replay: readonly string[];
  readonly keep: boolean;
  readonly hangMs: number;
  readonly targets: string;
  readonly corpus: string;
}

export const USAGE = `npm run fuzz [-- OPTIONS]: looks for inputs that break what always holds

  --seconds N, --minutes N  how long in all, spread over the targets (60 seconds)
  --target NAME             only this target; may be given several times
  --jobs N                  targets that run at the same time (1)
  --seed N                  for the same choices again
  --replay FILE             tries this input alone; may be given several times. Its folder names the target, or --target
  --keep                    keeps inputs that reach new code in the corpus
  --hang MS                 how long one input may take (10000)
  --targets FOLDER, --corpus FOLDER  others than those of fuzz/
  --list                    the targets, and what each of them holds
  --help                    this

For each target it prints how many inputs were tried and how fast, how many are in the corpus, and how many blocks of our
code they ran: stretches without a branch, of the coverage that V8 counts. Exit code 1 after a finding.
`;

/** The command line makes no sense. */
export class CommandLineError extends Error {
  override readonly name = 'CommandLineError';
}

/** @throws {@link CommandLineError} that says what is wrong. */
export function readOptions(args: readonly string[]): FuzzOptions {
  const values = parsed(args);
  const replay = (values.replay ?? []).map((file) => resolve(file));
  for (const file of replay) if (!existsSync(file)) throw new CommandLineError(`no file ${file}`);
  const targets = resolve(values.targets ?? TARGETS);
  if (!existsSync(targets)) throw new CommandLineError(`no folder ${targets}`);
  const known = targetNames(targets);
  // A kept input is in the folder of its target.
  const named = values.target ?? [...new Set(replay.map((file) => basename(dirname(file))))];
  for (const name of named) {
    if (known.includes(name)) continue;
    const source =
      values.target === undefined ? '--replay takes it from the folder, or --target; ' : '';
    throw new CommandLineError(`no target ${name}: ${source}there are ${known.join(', ')}`);
  }
  if (replay.length > 0 && named.length !== 1) {
    throw new CommandLineError('--replay needs one --target');
  }
  if (values.seconds !== undefined && values.minutes !== undefined) {
    throw new CommandLineError('--seconds and --minutes: one of them');
  }
  const seconds = number('seconds', values.seconds, 60);
  const minutes = number('minutes', values.minutes, seconds / 60);
  return {
    list: values.list === true,
    names: named.length > 0 ? named : known,
    milliseconds: minutes * 60_000,
    seed: number('seed', values.seed, Math.floor(Math.random() * 2 ** 32)),
    jobs: Math.max(1, Math.floor(number('jobs', values.jobs, 1))),
    replay,
    keep: values.keep === true,
    hangMs: number('hang', values.hang, 10_000),
    targets,
    corpus: resolve(values.corpus ?? CORPUS),
  };
}

interface Values {
  readonly seconds?: string;
  readonly minutes?: string;
  readonly target?: string[];
  readonly jobs?: string;
  readonly seed?: string;
  readonly replay?: string[];
  readonly keep?: boolean;
  readonly hang?: string;
  readonly targets?: string;
  readonly corpus?: string;
  readonly list?: boolean;
}

function parsed(args: readonly string[]): Values {
  try {
    return parseArgs({
      args: [...args],
      options: {
        seconds: { type: 'string' },
        minutes: { type: 'string' },
        target: { type: 'string', multiple: true },
        jobs: { type: 'string' },
        seed: { type: 'string' },
        replay: { type: 'string', multiple: true },
        keep: { type: 'boolean' },
        hang: { type: 'string' },
        targets: { type: 'string' },
        corpus: { type: 'string' },
        list: { type: 'boolean' },
      },
    }).values;
  } catch (error) {
    throw new CommandLineError(error instanceof Error ? error.message : String(error));
  }
}

function number(name: string, given: string | undefined, fallback: number): number {
  if (given === undefined) return fallback;
  const value = Number(given);
  if (/^\d+(?:\.\d+)?$/.test(given) && value <= 2 ** 32) return value;
  throw new CommandLineError(`--${name} ${given} is not a number`);
}
