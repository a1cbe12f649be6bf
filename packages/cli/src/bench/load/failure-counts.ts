import type { BenchFailure } from '../bench-report.ts';

/** Different failures that are told apart; a server may put what it likes in a reason. */
const MOST_KINDS = 100;
const LONGEST_DETAIL = 200;
const OTHERS = 'of many other kinds';

/** Counts failures by what they are. */
export class FailureCounts {
  readonly #counts = new Map<string, { kind: string; detail: string; count: number }>();

  add(kind: string, detail: string, count = 1): void {
    const words = detail.length > LONGEST_DETAIL ? `${detail.slice(0, LONGEST_DETAIL)}…` : detail;
    const known = this.#counts.get(`${kind}\n${words}`);
    if (known !== undefined) known.count += count;
    else if (this.#counts.size < MOST_KINDS || words === OTHERS) {
      this.#counts.set(`${kind}\n${words}`, { kind, detail: words, count });
    } else this.add(kind, OTHERS, count);
  }

  /** The most frequent first. */
  list(): BenchFailure[] {
    return [...this.#counts.values()].sort((one, other) => other.count - one.count);
  }

  /** What was counted since it was last taken. */
  take(): BenchFailure[] {
    const list = this.list();
    this.#counts.clear();
    return list;
  }
}
