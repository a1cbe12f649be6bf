import type { CliContext } from '../../cli-context.ts';
import { Output } from '../../terminal/output.ts';
import { type Palette, paletteFor } from '../../terminal/palette.ts';
import type { BenchPlan } from '../bench-plan.ts';
import type { BenchPhase, BenchSample } from '../bench-report.ts';
import { LiveBlock } from './live-block.ts';
import { liveLines, plainLine } from './live-lines.ts';
import { ProgressState } from './progress-state.ts';

/** Seconds between two lines where nothing can be drawn again. */
const PLAIN_PERIOD = 5;

/** What is shown of a run while it lasts, on standard error. */
export interface LiveView {
  /** Something was measured. */
  sample(sample: BenchSample): void;
  /** Something else is being done. */
  phase(phase: BenchPhase): void;
  /** Prints whole lines beside it. */
  print(lines: string): void;
  /** Shows nothing any more, and leaves the terminal as it was. Called twice, it does nothing more. */
  close(): void;
}

/** How a run is shown. */
export interface LiveViewOptions {
  /** Shows nothing but what is printed beside it. */
  readonly quiet?: boolean;
}

/** A block that is drawn again with each sample, on a terminal; elsewhere a line each five seconds. */
export function showLive(
  plan: BenchPlan,
  { stderr, env }: Pick<CliContext, 'stderr' | 'env'>,
  { quiet = false }: LiveViewOptions = {},
): LiveView {
  if (quiet) return new QuietView(new Output(stderr));
  const draws = stderr.isTTY === true && env['TERM'] !== 'dumb';
  return draws
    ? new BlockView(plan, new LiveBlock(stderr), paletteFor(stderr, env))
    : new PlainView(plan, new Output(stderr));
}

class BlockView implements LiveView {
  readonly #state: ProgressState;
  readonly #block: LiveBlock;
  readonly #palette: Palette;
  #closed = false;

  constructor(plan: BenchPlan, block: LiveBlock, palette: Palette) {
    this.#state = new ProgressState(plan);
    this.#block = block;
    this.#palette = palette;
    this.#draw();
  }

  sample(sample: BenchSample): void {
    this.#state.add(sample);
    this.#draw();
  }

  phase(phase: BenchPhase): void {
    this.#state.phase = phase;
    this.#draw();
  }

  print(lines: string): void {
    this.#block.above(lines);
    this.#draw();
  }

  close(): void {
    this.#closed = true;
    this.#block.close();
  }

  #draw(): void {
    if (this.#closed) return;
    this.#block.draw(liveLines(this.#state, this.#block.columns, this.#palette));
  }
}

class PlainView implements LiveView {
  readonly #state: ProgressState;
  readonly #errors: Output;
  #next = PLAIN_PERIOD;
  #closed = false;

  constructor(plan: BenchPlan, errors: Output) {
    this.#state = new ProgressState(plan);
    this.#errors = errors;
  }

  sample(sample: BenchSample): void {
    this.#state.add(sample);
    if (sample.at < this.#next) return;
    this.#next = sample.at + PLAIN_PERIOD;
    this.#tell();
  }

  phase(phase: BenchPhase): void {
    if (phase === this.#state.phase) return;
    this.#state.phase = phase;
    this.#tell();
  }

  print(lines: string): void {
    this.#errors.offer(lines);
  }

  close(): void {
    this.#closed = true;
  }

  #tell(): void {
    if (!this.#closed) this.#errors.offer(`${plainLine(this.#state)}\n`);
  }
}

class QuietView implements LiveView {
  readonly #errors: Output;

  constructor(errors: Output) {
    this.#errors = errors;
  }

  sample(): void {}

  phase(): void {}

  print(lines: string): void {
    this.#errors.offer(lines);
  }

  close(): void {}
}
