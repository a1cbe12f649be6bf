// What a child process does: it runs one target for a while, or on given inputs, and tells its parent what came of it.
import { performance } from 'node:perf_hooks';
import { keepInput, keptInputs, readInput } from './corpus.ts';
import { Coverage } from './coverage.ts';
import { type Finding, Fuzzer, messageOf, type Progress } from './fuzzer.ts';
import { Random, seedOf } from './random.ts';
import { SlotWriter } from './slot.ts';
import { loadTarget } from './target.ts';

/** What a child is to do. */
export interface WorkerTask {
  readonly target: string;
  /** The folders of targets and kept inputs. */
  readonly targets: string;
  readonly corpus: string;
  readonly seed: number;
  readonly milliseconds: number;
  /** The file of the slot. */
  readonly slot: string;
  /** Files to try in place of anything else. */
  readonly replay: readonly string[];
  /** Whether inputs that reached new code are kept. */
  readonly keep: boolean;
}

/** What a child tells. */
export interface WorkerReport {
  readonly progress: Progress;
  /** How long it was at it, in milliseconds. */
  readonly milliseconds: number;
  /** In hex. */
  readonly finding?: {
    readonly input: string;
    readonly foundLength: number;
    readonly message: string;
  };
}

const CLOCK = performance.now.bind(performance);

async function work(task: WorkerTask): Promise<WorkerReport> {
  // Before the target is imported: code that was compiled earlier has no counters.
  const coverage = new Coverage(task.targets);
  const { target } = await loadTarget(task.targets, task.target);
  // Most errors are how a parser refuses an input, and half of their time goes into stacks that nobody reads.
  Error.stackTraceLimit = 0;
  const notes = new SlotWriter(task.slot);
  const random = new Random(task.seed ^ seedOf(Buffer.from(target.name)));
  const fuzzer = new Fuzzer(target, random, coverage, notes);
  process.on('uncaughtException', (error) => {
    // It has no input of its own to be made smaller: the parent takes the one of the slot.
    report({ progress: fuzzer.progress, milliseconds: CLOCK() - start, finding: late(error) });
  });
  const start = CLOCK();
  const inputs =
    task.replay.length > 0
      ? task.replay.map(readInput)
      : keptInputs(task.corpus, target).map(({ input }) => input);
  let finding = await fuzzer.replay(inputs);
  if (task.replay.length === 0) {
    while (finding === undefined && CLOCK() - start < task.milliseconds) {
      finding = await fuzzer.step();
      // Lets what was put off happen: timers, ticks, the ends of streams.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  if (task.keep && finding === undefined) {
    for (const input of await fuzzer.worthKeeping(inputs)) {
      keepInput(task.corpus, target, 'reached', input);
    }
  }
  notes.idle();
  const told = finding === undefined ? {} : { finding: inHex(finding) };
  return { progress: fuzzer.progress, milliseconds: CLOCK() - start, ...told };
}

function inHex({ input, foundLength, message }: Finding): NonNullable<WorkerReport['finding']> {
  return { input: Buffer.from(input).toString('hex'), foundLength, message };
}

function late(error: unknown): NonNullable<WorkerReport['finding']> {
  return { input: '', foundLength: -1, message: `nothing is thrown later\n${messageOf(error)}` };
}

function report(message: WorkerReport): void {
  process.send?.(message, () => process.exit());
}

report(await work(JSON.parse(process.argv[2] ?? '') as WorkerTask));
