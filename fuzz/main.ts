// `npm run fuzz`: runs targets in child processes, prints what came of it. Ends with 1 after a finding, 2 for a wrong command line.
import { relative } from 'node:path';
import { hexLines, keepInput } from './corpus.ts';
import { CommandLineError, type FuzzOptions, readOptions, USAGE } from './options.ts';
import { runSession, type SessionResult } from './session.ts';
import { loadTarget } from './target.ts';

async function main(args: readonly string[]): Promise<number> {
  let options: FuzzOptions;
  try {
    options = readOptions(args);
  } catch (error) {
    if (!(error instanceof CommandLineError)) throw error;
    console.error(`fuzz: ${error.message}\n\n${USAGE}`);
    return 2;
  }
  if (options.list) {
    await list(options);
    return 0;
  }
  if (options.replay.length > 0) return replay(options);
  return fuzz(options);
}

async function list({ names, targets }: FuzzOptions): Promise<void> {
  for (const name of names) {
    const { invariant } = await loadTarget(targets, name);
    console.log(`${name.padEnd(22)}${invariant}`);
  }
}

async function replay(options: FuzzOptions): Promise<number> {
  const [name = ''] = options.names;
  for (const file of options.replay) {
    const result = await runSession({ ...task(options, name, 0), replay: [file] }, options.hangMs);
    if (result.finding !== undefined) {
      await tell(options, name, result, file);
      return 1;
    }
    console.log(`${name}: ${relative(process.cwd(), file)} holds`);
  }
  return 0;
}

async function fuzz(options: FuzzOptions): Promise<number> {
  const { names, jobs, milliseconds, seed } = options;
  const inAll = `${names.length} ${names.length === 1 ? 'target' : 'targets'}`;
  console.log(`fuzz: seed ${seed}, ${Math.round(milliseconds / 1000)} s over ${inAll}`);
  const each = (milliseconds * Math.min(jobs, names.length)) / names.length;
  const waiting = [...names];
  let inputs = 0;
  let findings = 0;
  const worker = async (): Promise<void> => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      const result = await runSession(task(options, name, each), options.hangMs);
      inputs += result.progress.inputs;
      console.log(line(name, result));
      if (result.finding === undefined) continue;
      findings += 1;
      await tell(options, name, result);
    }
  };
  await Promise.all(Array.from({ length: Math.min(jobs, names.length) }, worker));
  const outcome = findings === 0 ? 'everything held' : `${findings} broken`;
  console.log(`fuzz: ${inputs} inputs in all, ${outcome}`);
  return findings === 0 ? 0 : 1;
}

function task(options: FuzzOptions, target: string, milliseconds: number) {
  const { targets, corpus, seed, keep } = options;
  return { target, targets, corpus, seed, milliseconds, keep, replay: [] };
}

function line(name: string, { progress, milliseconds }: SessionResult): string {
  const { inputs, corpus, blocks } = progress;
  const rate = Math.round((inputs * 1000) / Math.max(1, milliseconds));
  const columns = [`${inputs} inputs`, `${rate}/s`, `corpus ${corpus}`, `${blocks} blocks`];
  return `${name.padEnd(22)}${columns.map((column) => column.padEnd(16)).join('')}`.trimEnd();
}

/** Prints a finding and how to get it again, and keeps it unless it is kept already. */
async function tell(
  options: FuzzOptions,
  name: string,
  { finding }: SessionResult,
  kept?: string,
): Promise<void> {
  if (finding === undefined) return;
  const { input, foundLength, message } = finding;
  const { target, invariant } = await loadTarget(options.targets, name);
  const file = kept ?? keepInput(options.corpus, target, 'broken', input);
  const path = relative(process.cwd(), file);
  console.log(`
${name}: BROKEN: ${invariant}
${message.replace(/^/gm, '  ')}
  seed ${options.seed}; ${input.length} octets, found with ${foundLength}:
${shown(input).replace(/^/gm, '    ')}
  kept as ${path}; to try it again:
    npm run fuzz -- --target ${name} --replay ${path}
`);
}

/** Of a long input its beginning; the file has all of it. */
function shown(input: Uint8Array): string {
  const most = 1024;
  if (input.length <= most) return hexLines(input);
  return `${hexLines(input.subarray(0, most))}\n… (${input.length - most} more)`;
}

process.exitCode = await main(process.argv.slice(2));
