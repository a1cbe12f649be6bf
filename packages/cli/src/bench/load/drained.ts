/** How often is looked. */
const STEP = 5;

/** Resolves when `holds()`, or after so many milliseconds. */
export async function drained(holds: () => boolean, patience: number): Promise<void> {
  const until = performance.now() + patience;
  while (!holds() && performance.now() < until) {
    await new Promise((resolve) => {
      setTimeout(resolve, STEP);
    });
  }
}
