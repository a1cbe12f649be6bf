import { measure } from './measurement.mjs';
import { reasonAgainst } from './rows.mjs';
import { short } from './statistics.mjs';

/** Runs of one candidate in one row that fail before it is given up. */
const MAX_FAILURES = 2;

/**
 * Measures every candidate in every row, round after round: what is compared ran one after the other, each time in a new
 * process, and what disturbs the machine for a while disturbs one round of many.
 *
 * @param setting - `rounds`, `seconds`, `warm`, `load`, `certificate`; `until`, after which no round is begun but the first.
 * @returns For each pair that can be: `values`, what else was `seen` with each, `failures`; or why it cannot be.
 */
export async function runRounds(candidates, rows, setting) {
  const figures = rows.flatMap((row) =>
    candidates.map((candidate) => {
      const reason = reasonAgainst(candidate, row);
      return { row, candidate, reason, values: [], seen: [], failures: [] };
    }),
  );
  const begun = performance.now();
  for (let round = 1; round <= setting.rounds; round += 1) {
    for (const figure of figures) {
      if (figure.reason !== undefined || figure.failures.length >= MAX_FAILURES) continue;
      if (round > 1 && performance.now() - begun > setting.until) break;
      await measureOnce(figure, setting, `${round}/${setting.rounds}`);
    }
  }
  return figures.map(({ row, candidate, ...rest }) => {
    return { row: row.name, candidate: candidate.label, ...rest };
  });
}

async function measureOnce({ row, candidate, values, seen, failures }, setting, round) {
  const what = `${round} ${row.name.padEnd(18)} ${candidate.label.padEnd(18)}`;
  try {
    const { value, ...rest } = await measure(candidate, row, setting);
    values.push(value);
    seen.push(rest);
    console.error(`${what} ${short(value)}`);
  } catch (error) {
    failures.push(error.message);
    console.error(`${what} ${error.message}`);
  }
}
