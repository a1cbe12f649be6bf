/**
 * How many of something a test takes: `all` with MEERKAT_LONG=true, as CI runs the tests, else as many as say the same of nearly
 * every mistake in a fraction of the time. What it leaves out it prints.
 */
export function manyOrAll(many: number, all: number, what: string): number {
  if (process.env['MEERKAT_LONG'] === 'true') return all;
  console.log(`${many} of ${all} ${what}; all with MEERKAT_LONG=true`);
  return many;
}
