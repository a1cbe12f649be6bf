import type { CliContext } from '../cli-context.ts';
import { CliError } from '../cli-error.ts';

/** Ctrl-C and its like: the first ends the run in order, the second at once. */
export class Interrupts {
  /** Aborts with the first. */
  readonly signal: AbortSignal;
  /** Rejects with the second. */
  readonly second: Promise<never>;
  readonly #stopListening: () => void;

  /** @param onFirst - Called with the first. */
  constructor(context: CliContext, onFirst: () => void) {
    const controller = new AbortController();
    this.signal = controller.signal;
    let give: (error: CliError) => void = () => {};
    this.second = new Promise((_resolve, reject) => {
      give = reject;
    });
    this.second.catch(() => {}); // it may come when nobody waits any more
    this.#stopListening = context.onInterrupt(() => {
      if (controller.signal.aborted) {
        give(new CliError('ended at once', 1));
        return;
      }
      onFirst();
      controller.abort();
    });
  }

  close(): void {
    this.#stopListening();
  }
}
