import { expect, onTestFinished, vi } from 'vitest';

/** Fails the test, when it ends, if the process saw an unhandled rejection or an uncaught exception meanwhile. */
export function expectNothingUnhandled(): void {
  const seen: unknown[] = [];
  const note = (error: unknown): void => void seen.push(error);
  process.on('unhandledRejection', note);
  process.on('uncaughtExceptionMonitor', note);
  onTestFinished(async () => {
    // A rejection counts as unhandled once the microtasks after it are done.
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', note);
    process.off('uncaughtExceptionMonitor', note);
    expect(seen).toEqual([]);
  });
}

/** Records what goes to `console.error` until the test ends, and keeps it off the terminal. */
export function recordConsoleErrors(): unknown[][] {
  const calls: unknown[][] = [];
  const spy = vi.spyOn(console, 'error').mockImplementation((...values: unknown[]) => {
    calls.push(values);
  });
  onTestFinished(() => spy.mockRestore());
  return calls;
}
