// What a message costs the server: candidates side by side, in rounds. See driver/command-line.mjs, or --help.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chooseCandidates } from './driver/candidates.mjs';
import { makeCertificate } from './driver/certificate.mjs';
import { readOptions, USAGE } from './driver/command-line.mjs';
import { chooseLoad } from './driver/load.mjs';
import { describeMachine } from './driver/machine.mjs';
import { printReport, writeReport } from './driver/report.mjs';
import { runRounds } from './driver/rounds.mjs';
import { chooseRows } from './driver/rows.mjs';

const given = process.argv.slice(2);
const here = fileURLToPath(new URL('.', import.meta.url));

async function main(options) {
  const { candidates, missing } = chooseCandidates(options);
  for (const sentence of missing) console.error(`skipped: ${sentence}`);
  if (candidates.length === 0) throw new Error('none of the candidates can run here');
  const rows = chooseRows({ names: options.rowNames, short: options.short });
  const load = chooseLoad(options.load);
  const certificate = rows.some(({ tls }) => tls) ? await makeCertificate() : undefined;
  const { rounds, seconds, warm } = options;
  const results = {
    machine: describeMachine(candidates),
    setting: {
      command: ['npm run bench', ...(given.length > 0 ? ['--', ...given] : [])].join(' '),
      rounds,
      seconds,
      warm,
      load: load.path === undefined ? 'own' : 'wsload',
    },
    candidates: candidates.map(({ label, name, kind, node, version }) => {
      return { label, name, kind, node, version };
    }),
    missing,
    rows: rows.map(({ name }) => name),
    figures: await runRounds(candidates, rows, { ...options, load, certificate }),
  };
  finish(results, options);
}

function finish(results, { out, record }) {
  const files = writeReport(results, out ?? (record ? here : `${here}latest`));
  printReport(results);
  console.log(`\nwritten: ${files.join(' ')}`);
  const failed = results.figures.filter(({ failures }) => failures.length > 0);
  process.exitCode = failed.length > 0 ? 1 : 0;
}

function refuse(error) {
  console.error(`bench: ${error.message}\n\nnpm run bench -- --help tells what can be asked for`);
  process.exit(2);
}

let options;
try {
  options = readOptions(given);
} catch (error) {
  refuse(error);
}
try {
  if (options.help) process.stdout.write(USAGE);
  else if (options.report === undefined) await main(options);
  else finish(JSON.parse(readFileSync(options.report, 'utf8')), options);
} catch (error) {
  refuse(error);
}
