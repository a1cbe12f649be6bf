// npm run test:runtimes [-- NAME …] [ARGUMENTS]: the tests again, where they run another way than with `npm test`: on the
// stream transport, over the own listener, and on the other Nodes of bench/package.json. One run after the other, then a line about each.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, relative } from 'node:path';
import { ready, root } from './ready.mjs';
import { installRivals } from './rivals.mjs';

const USAGE = `npm run test:runtimes [-- NAME …] [ARGUMENTS]: runs the tests again, in these ways; without a NAME in all of them

  stream   on this Node, with MEERKAT_TRANSPORT=stream
  own      on this Node, the tests of the library with MEERKAT_LISTENER=own: their servers listen by themselves
  node22   on that Node of bench/package.json, which is installed when it is not there
  node24
  node26

Tests of words, packages and data are left out: they say the same everywhere. What drives a browser, the programs of the
guides, and the peers that are broken on purpose run on the newest Node only, beside the one that npm test runs on.
ARGUMENTS go to Vitest, and then nothing is left out: npm run test:runtimes -- node24 test/serve.test.ts

A file with a test that fails runs once more, by itself: tens of thousands of tests with real sockets and processes share
few cores here, and what was only late is told from what is wrong. A test that passes then is named, as unsteady.

A Node that cannot be installed is left out, with a line that says so; with CI=true that fails.
`;
/** What says the same wherever it runs: words, packages and data. `npm test` has run it. */
const SAME_EVERYWHERE = [
  'test/bench.test.ts',
  'test/docs/**',
  'test/package/**',
  'packages/*/test/docs/**',
  'packages/conformance/test/cases/**',
  'packages/conformance/test/report/**',
];
/** What takes long and hardly touches Node: pages in a browser, the programs of the guides, what faults are found in. */
const ONCE_MORE = [
  'test/browser/**',
  'test/examples/**',
  'packages/conformance/test/{broken,deflate}/**',
];
/** Tools that bring their own sockets do not know of transports. */
const WITHOUT_TRANSPORTS = [
  'packages/conformance/**',
  'packages/cli/test/{bench,check,diagnose}/**',
  'test/browser/**',
  'test/examples/**',
];
const NODES = ['node22', 'node24', 'node26'];
/** The one that those run on, too. */
const NEWEST = 'node26';
/** Ways on this Node: what they set, and what they leave out. */
const WAYS = {
  stream: {
    env: { MEERKAT_TRANSPORT: 'stream' },
    left: WITHOUT_TRANSPORTS,
    words: 'on the stream transport',
  },
  own: {
    env: { MEERKAT_LISTENER: 'own' },
    only: ['packages/meerkat/test/'],
    words: 'over the own listener',
  },
};
const NAMES = [...Object.keys(WAYS), ...NODES];

/** Where a Node of bench/package.json is, if it is there. */
function pathOf(name) {
  const folder = join(root, 'bench/node_modules', name, 'bin');
  return ['node', 'node.exe'].map((file) => join(folder, file)).find(existsSync);
}

/** Runs the tests one way: whether they pass, or the reason why they cannot run. */
function run(name, args) {
  const way = WAYS[name];
  const node = way === undefined ? pathOf(name) : process.execPath;
  if (node === undefined) return { passed: false, missing: `no ${name} in bench/node_modules` };
  const env = { ...process.env };
  delete env.MEERKAT_TRANSPORT;
  delete env.MEERKAT_LISTENER;
  Object.assign(env, way?.env);
  // What a test runs by name has to be this Node too: npm is a script for the first `node` in the PATH.
  if (way === undefined) env.PATH = dirname(node) + delimiter + env.PATH;
  const usual = way?.left ?? (name === NEWEST ? [] : ONCE_MORE);
  const left = args.length > 0 ? [] : [...SAME_EVERYWHERE, ...usual];
  const chosen = args.length > 0 ? args : (way?.only ?? []);
  const first = vitest(node, env, [...chosen, ...left.map((glob) => `--exclude=${glob}`)]);
  if (first.passed || first.failures.length === 0) return first;
  console.log(`\n--- once more, alone: ${first.failures.map(({ file }) => file).join(', ')}`);
  const files = [...new Set(first.failures.map(({ file }) => file))];
  const second = vitest(node, { ...env, VITEST_MAX_WORKERS: '1' }, files);
  if (!second.passed) return second;
  return { passed: true, failures: [], unsteady: first.failures };
}

/** One run of Vitest: whether all passed, and which tests did not. */
function vitest(node, env, args) {
  const folder = mkdtempSync(join(tmpdir(), 'meerkat-tests-'));
  const report = join(folder, 'report.json');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const { status } = spawnSync(
    node,
    [join(root, 'node_modules/vitest/vitest.mjs'), 'run', ...reporters, ...args],
    { cwd: root, stdio: 'inherit', env },
  );
  const failures = existsSync(report) ? failuresIn(JSON.parse(readFileSync(report, 'utf8'))) : [];
  rmSync(folder, { recursive: true, force: true });
  return { passed: status === 0, failures };
}

function failuresIn({ testResults }) {
  return testResults.flatMap(({ name, status, message, assertionResults }) => {
    const file = relative(root, name);
    const failed = assertionResults.filter((test) => test.status === 'failed');
    if (failed.length === 0 && status === 'failed') {
      return [{ file, title: 'the file itself', words: firstLine(message) }];
    }
    return failed.map(({ fullName, failureMessages }) => ({
      file,
      title: fullName,
      words: firstLine(failureMessages[0]),
    }));
  });
}

function firstLine(words = '') {
  return words.split('\n', 1)[0];
}

const given = process.argv.slice(2);
const named = given.findIndex((word) => !NAMES.includes(word));
const names = named === -1 ? given : given.slice(0, named);
const args = named === -1 ? [] : given.slice(named);

if (args[0] === '--help') {
  process.stdout.write(USAGE);
  process.exit();
}
const unknown = args.find((word) => /^(node\d*|stream|bun|deno)$/.test(word));
if (unknown !== undefined) {
  console.error(`${unknown}: no such way to run the tests\n\n${USAGE}`);
  process.exit(2);
}
ready();
const wanted = names.length === 0 ? NAMES : names;
if (wanted.some((name) => NODES.includes(name))) installRivals();

const lines = [];
for (const name of wanted) {
  console.log(`\n--- the tests, ${WAYS[name]?.words ?? `on ${name}`}`);
  const begun = performance.now();
  const { passed, missing, failures = [], unsteady = [] } = run(name, args);
  const seconds = Math.round((performance.now() - begun) / 1000);
  lines.push(
    `${name}: ${missing ? `not run: ${missing}` : `${passed ? 'passed' : 'FAILED'}, ${seconds} s`}`,
  );
  for (const { file, title, words } of failures) lines.push(`  ${file}: ${title}: ${words}`);
  for (const { file, title, words } of unsteady) {
    lines.push(`  unsteady, passed alone: ${file}: ${title}: ${words}`);
  }
  if (!passed && (missing === undefined || process.env.CI === 'true')) process.exitCode = 1;
}
console.log(`\n${lines.join('\n')}`);
