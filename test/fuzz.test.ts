import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { CORPUS, keptInputs, readInput } from '../fuzz/corpus.ts';
import { ALLOWED, disagreement, explanation } from '../fuzz/differential/allowed.ts';
import { deflateTermsOf, readToEnd, termsOf } from '../fuzz/differential/readers.ts';
import { readAgain } from '../fuzz/differential/second-reading.ts';
import { CommandLineError, readOptions } from '../fuzz/options.ts';
import { loadTarget, TARGETS, targetNames } from '../fuzz/target.ts';
import { Program, root } from './support/program.ts';

const PLANTED = join(root, 'test/support/fuzz-targets');
const names = targetNames(TARGETS);
const folders: string[] = [];

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'meerkat-fuzz-test-'));
  folders.push(folder);
  return folder;
}

/** Runs the fuzzer to its end. */
async function fuzz(...args: readonly string[]): Promise<{ code: number | null; text: string }> {
  const program = Program.source('fuzz/main.ts', args);
  const code = await program.exited;
  return { code, text: program.stdout + program.stderr };
}

/** Lets it look for what is wrong with planted targets; answers where the inputs are kept too. */
async function find(...planted: readonly string[]) {
  const corpus = temporaryFolder();
  const where = ['--targets', PLANTED, '--corpus', corpus];
  const named = planted.flatMap((name) => ['--target', name]);
  const limits = ['--seed', '1', '--minutes', '2', '--hang', '500', '--jobs', '2'];
  const { code, text } = await fuzz(...where, ...named, ...limits);
  const kept = (name: string): string => {
    const [file = ''] = readdirSync(join(corpus, name));
    return join(corpus, name, file);
  };
  return { code, text, where, kept };
}

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

describe('the corpus', () => {
  it('has a folder for each target, and no other', () => {
    const kept = readdirSync(CORPUS).filter((name) => !name.startsWith('.'));
    expect(kept.sort()).toEqual(names);
  });

  it('stays small', () => {
    const sizes = readdirSync(CORPUS, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name)).length);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(300_000);
  });

  it.each(names)('of %s holds', async (name) => {
    const { target, invariant } = await loadTarget(TARGETS, name);
    expect(invariant).toMatch(/^[A-Z]|^meerkat /);
    const inputs = keptInputs(CORPUS, target);
    expect(inputs.length).toBeGreaterThan(3);
    for (const { name: file, input } of inputs) {
      await expect(Promise.resolve(target.run(input)), file).resolves.toBeUndefined();
    }
  });

  it('has an input for every difference from ws that is allowed', async () => {
    const met = new Set<string>();
    for (const [name, terms] of [
      ['differential', termsOf],
      ['differential-deflate', deflateTermsOf],
    ] as const) {
      const { target } = await loadTarget(TARGETS, name);
      for (const { input } of keptInputs(CORPUS, target)) {
        const differing = await disagreement(input.slice(1), terms(input[0] ?? 0));
        if (differing !== undefined) met.add((await explanation(differing))?.entry ?? 'none');
      }
    }
    expect([...met].sort()).toEqual(ALLOWED.map(({ entry }) => entry).sort());
  });

  it('has only streams that a second reading reads as meerkat does, where messages are compressed', async () => {
    const { target } = await loadTarget(TARGETS, 'differential-deflate');
    for (const { name, input } of keptInputs(CORPUS, target)) {
      const terms = deflateTermsOf(input[0] ?? 0);
      const meerkat = await readToEnd(input.slice(1), terms);
      const again = await readAgain(input.slice(1), terms);
      expect(again.agrees(meerkat), name).toBe(true);
    }
  });
});

describe('the fuzzer', () => {
  it('finds a bug behind three branches, makes it small, keeps it, and says how to try it again', async () => {
    const { code, text, where, kept } = await find('planted-bug');
    expect(code).toBe(1);
    expect(text).toContain('planted-bug: BROKEN: No input begins with "bad".');
    expect(text).toContain('no input is bad');
    expect(text).toContain('seed 1; 3 octets');
    expect(text).toContain('62 61 64');
    expect(text).toContain('npm run fuzz -- --target planted-bug --replay ');
    const file = kept('planted-bug');
    expect(Buffer.from(readInput(file)).toString()).toBe('bad');

    const good = join(temporaryFolder(), 'good.txt');
    writeFileSync(good, 'good');
    const target = [...where, '--target', 'planted-bug'];
    const again = await fuzz(...target, '--replay', good, '--replay', file);
    expect(again.text).toContain('good.txt holds');
    expect(again.text).toContain('no input is bad');
    expect(again.code).toBe(1);
  });

  it('reports inputs that never end, end the process, throw too late, or leave too much behind', async () => {
    const names = ['planted-hang', 'planted-death', 'planted-late', 'planted-leak'];
    const { code, text, kept } = await find(...names);
    expect(code).toBe(1);
    expect(text).toContain('still at it after 500 ms');
    expect(text).toContain('it ended with SIGABRT');
    expect(text).toContain('nothing is thrown later\n  Error: too late');
    expect(text).toMatch(/memory is bounded\n.* octets stay, at most 4096/);
    expect(text).toMatch(/^fuzz: \d+ inputs in all, 4 broken$/m);
    for (const name of names.slice(0, 3)) expect(readInput(kept(name))[0], name).toBe(7);
  });

  it('ends well, with a line for each target', async () => {
    const args = ['--target', 'utf8', '--target', 'close-payload', '--seconds', '1'];
    const { code, text } = await fuzz(...args, '--seed', '5', '--jobs', '2');
    expect(text).toMatch(/^fuzz: seed 5, 1 s over 2 targets$/m);
    const line = / {2,}\d+ inputs +\d+\/s +corpus \d+ +\d+ blocks$/.source;
    expect(text).toMatch(new RegExp(`^utf8${line}`, 'm'));
    expect(text).toMatch(new RegExp(`^close-payload${line}`, 'm'));
    expect(text).toMatch(/^fuzz: \d+ inputs in all, everything held$/m);
    expect(code).toBe(0);
  });

  it('lists the targets with what each of them holds', async () => {
    const { code, text } = await fuzz('--list');
    expect(code).toBe(0);
    for (const name of names) expect(text).toMatch(new RegExp(`^${name} +\\S.*\\.$`, 'm'));
  });

  it('ends with 2 for a command line that makes no sense', async () => {
    const { code, text } = await fuzz('--target', 'no-such');
    expect(code).toBe(2);
    expect(text).toContain('fuzz: no target no-such: there are ');
    expect(text).toContain('--target NAME');
  });

  it.each([
    [['--seconds', 'ten'], '--seconds ten is not a number'],
    [['--seconds', '1', '--minutes', '1'], '--seconds and --minutes'],
    [['--replay', '/no/such/file'], 'no file /no/such/file'],
    [['--replay', join(root, 'README.md')], 'no target'],
    [
      ['--replay', join(root, 'README.md'), '--target', 'utf8', '--target', 'frame'],
      'one --target',
    ],
    [['--no-such'], '--no-such'],
    [['frame'], "Unexpected argument 'frame'"],
  ])('refuses %j', (args, message) => {
    expect(() => readOptions(args)).toThrow(CommandLineError);
    expect(() => readOptions(args)).toThrow(message);
  });

  it('takes the target from the folder of an input, and spreads 60 seconds over all without one', () => {
    const file = join(CORPUS, 'utf8', 'F19.hex');
    expect(readOptions(['--replay', file])).toMatchObject({ names: ['utf8'], replay: [file] });
    expect(readOptions([])).toMatchObject({ names, milliseconds: 60_000, jobs: 1 });
    expect(readOptions(['--minutes', '0.5'])).toMatchObject({ milliseconds: 30_000 });
  });
});
