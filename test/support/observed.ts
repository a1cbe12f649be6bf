import { TestRunner } from 'vitest';

/** Where the reporter finds them: `meta` of a test. */
const META = 'observed';
/** What the note of a control begins with. */
const CONTROL = '(control: ';
const collecting = process.env['MEERKAT_OBSERVE'] === '1';
let inControl = false;

/**
 * Notes what the running test saw of the outcome, such as `400 + FIN`, for `npm run catalogue`. What repeats a note, or a
 * part of the one before it, is dropped; what says more takes its place. Does nothing at any other time.
 */
export function observe(text: string): void {
  if (!collecting) return;
  const test = TestRunner.getCurrentTest();
  if (test === undefined) return;
  const noted = (Reflect.get(test.meta, META) as string[] | undefined) ?? [];
  const note = inControl ? `${CONTROL}${text})` : text;
  const before = noted.at(-1);
  const last = before?.startsWith(CONTROL) === inControl ? before : undefined;
  if (noted.includes(note) || last?.includes(note) === true) return;
  if (last !== undefined && note.includes(last)) noted.pop();
  Reflect.set(test.meta, META, [...noted, note]);
}

/**
 * What is observed while `work` runs is noted as a control: it is no outcome of the row, but shows that the defect decides,
 * as a request without it, or that the server goes on afterwards.
 */
export async function control<Result>(work: () => Promise<Result>): Promise<Result> {
  inControl = true;
  try {
    return await work();
  } finally {
    inControl = false;
  }
}

/** Notes how a connection ended, such as `1006 (transportEnd)`. Answers what it is given. */
export function observed<Closed extends { readonly code: number; readonly because: string }>(
  closed: Closed,
): Closed {
  observe(`${closed.code} (${closed.because})`);
  return closed;
}
