import { parseArgs } from 'node:util';
import { candidateNames, currentNode } from './candidates.mjs';
import { chooseRows, rows } from './rows.mjs';

const FULL_NODES = [...new Set([currentNode, '24', '26'])];

export const USAGE = `npm run bench [-- OPTIONS]: what a message costs the server, side by side

  Without options: this Node, the main candidates, the main rows, in under 3 minutes.

  --full           every candidate and every row, on Node ${FULL_NODES.join(', ')}; about an hour. Writes bench/RESULTS.md
  --only NAME,…    candidates: ${candidateNames.join(' ')}
  --rows NAME,…    rows, or the beginning of their names: ${rows.map(({ name }) => name).join(' ')}
  --nodes N,…      major versions of Node; what is not the current one is taken from bench/node_modules
  --rounds N       how often everything is measured; medians are told
  --seconds S      how long each time
  --warm S         how long it runs before that
  --load NAME      own (meerkat's client), wsload (../shared/tools, needs a C compiler), or auto. Default auto
  --out FOLDER     where RESULTS.md, results.json and charts go. Default bench/latest, with --full alone bench
  --report FILE    measures nothing: makes report and charts of a results.json
  --help           prints this

Exit code 1 when something could not be measured that should have been.
`;

/** On a machine that is busy with other things the short form has fewer rounds. */
const SHORT_MILLISECONDS = 140_000;

const FORMS = {
  short: { rounds: 3, seconds: 0.4, warm: 0.3 },
  full: { rounds: 5, seconds: 1, warm: 0.6 },
};

/**
 * Reads the command line.
 *
 * @throws with a sentence for the user.
 */
export function readOptions(args) {
  const { values } = parseArgs({
    args,
    options: {
      full: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      rows: { type: 'string', multiple: true, default: [] },
      nodes: { type: 'string', multiple: true, default: [] },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      warm: { type: 'string' },
      load: { type: 'string', default: 'auto' },
      out: { type: 'string' },
      report: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const only = list(values.only);
  const names = list(values.rows);
  const nodes = list(values.nodes);
  for (const name of only) oneOf('--only', name, candidateNames);
  for (const name of names) {
    if (chooseRows({ names: [name] }).length === 0) throw new Error(`--rows ${name}: no such row`);
  }
  for (const node of nodes) if (!/^\d+$/.test(node)) throw new Error(`--nodes ${node}: a number`);
  oneOf('--load', values.load, ['own', 'wsload', 'auto']);
  const form = values.full ? FORMS.full : FORMS.short;
  const everyNode = values.full ? FULL_NODES : [currentNode];
  return {
    help: values.help,
    report: values.report,
    // The figures of record are those of everything, side by side.
    record: values.full && only.length + names.length + nodes.length === 0,
    only,
    rowNames: names,
    nodes: nodes.length > 0 ? nodes : everyNode,
    short: !values.full,
    until:
      values.full || values.rounds !== undefined ? Number.POSITIVE_INFINITY : SHORT_MILLISECONDS,
    rounds: positive('--rounds', values.rounds, form.rounds),
    seconds: positive('--seconds', values.seconds, form.seconds),
    warm: positive('--warm', values.warm, form.warm),
    load: values.load,
    out: values.out,
  };
}

function list(values) {
  return values.flatMap((value) => value.split(',')).filter((name) => name !== '');
}

function oneOf(option, value, names) {
  if (!names.includes(value)) throw new Error(`${option} ${value}: one of ${names.join(', ')}`);
}

function positive(option, value, fallback) {
  if (value === undefined) return fallback;
  const number = Number(value);
  if (!(number > 0)) throw new Error(`${option} ${value}: a number above 0`);
  return number;
}
