import { TestRunner } from 'vitest';

/** Where the reporter finds them: `meta` of a test. */
const META = 'observed';
const collecting = process.env['MEERKAT_OBSERVE'] === '1';

/**
 * Notes what the running test saw of the outcome, such as `400 + FIN`, for `npm run catalogue`. What repeats a note, or a
 * part of the one before it, is dropped; what says more takes its place. Does nothing at any other time.
 */
export function observe(text: string): void {
  if (!collecting) return;
  const test = TestRunner.getCurrentTest();
  if (test === undefined) return;
  const noted = (Reflect.get(test.meta, META) as string[] | undefined) ?? [];
  const last = noted.at(-1);
  if (noted.includes(text) || last?.includes(text) === true) return;
  if (last !== undefined && text.includes(last)) noted.pop();
  Reflect.set(test.meta, META, [...noted, text]);
}

/** The same for how a connection ended, such as `1006 (transportEnd)`. Answers what it is given. */
export function observed<Closed extends { readonly code: number; readonly because: string }>(
  closed: Closed,
): Closed {
  observe(`${closed.code} (${closed.because})`);
  return closed;
}
