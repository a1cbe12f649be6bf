// npm run catalogue [-- ROW …] [--json FILE]: runs the tests of docs/reference/catalogue.md and prints, for each row, what is
// expected and what was observed. Ends with 1 when a row does not hold, with 2 for a wrong command line.
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { fail, ready, root } from './ready.mjs';

const USAGE = `npm run catalogue [-- ROW …] [--json FILE]: runs the tests of docs/reference/catalogue.md

  ROW          the id of a row, or the letter of a group: H5 F; all of them without any, which takes up to 3 minutes
  --json FILE  writes the table as JSON too
  --help       prints this

Exit code 1 when a row is BROKEN or has no test.
`;

/** Files of tests that have titles of these rows, or import a list that has. */
function filesWith(ids) {
  const packages = readdirSync(join(root, 'packages')).map((name) => `packages/${name}/test`);
  const files = ['test', ...packages]
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true }).map((name) => `${folder}/${name}`),
    )
    .filter((file) => file.endsWith('.ts'))
    .map((file) => ({ file, text: readFileSync(join(root, file), 'utf8') }));
  // Where one list of titles serves two rows, they begin with a variable.
  const title = new RegExp(`['"\`](?:\\$\\{\\w+\\})?(?:${ids}) `);
  const lists = files
    .filter(({ file, text }) => !file.endsWith('.test.ts') && title.test(text))
    .map(({ file }) => `/${basename(file)}'`);
  return files
    .filter(({ file }) => file.endsWith('.test.ts') && file !== 'test/package/catalogue.test.ts')
    .filter(({ text }) => title.test(text) || lists.some((list) => text.includes(list)))
    .map(({ file }) => file);
}

/** Runs the tests of these rows, if they have any; the tests note what they observe. */
function run(rows) {
  const ids = rows.map(({ id }) => id).join('|');
  const files = rows.length === 0 ? [] : filesWith(ids);
  if (files.length === 0) return { testResults: [] }; // without a file Vitest would run all of them
  const folder = mkdtempSync(join(tmpdir(), 'meerkat-catalogue-'));
  const output = join(folder, 'report.json');
  const args = ['run', '--reporter=json', `--outputFile.json=${output}`];
  const watched = process.stderr.isTTY === true;
  if (watched) args.push(`--reporter=${join(root, 'scripts/catalogue-progress.mjs')}`);
  const pattern = ['-t', `(?:^|\\s)(?:${ids})(?:\\s|$)`];
  const what = `${table.counted(rows.length, 'row')}, in ${table.counted(files.length, 'file')}`;
  console.error(`meerkat: running the tests of ${what}`);
  try {
    const { stderr } = spawnSync(
      process.execPath,
      [join(root, 'node_modules/vitest/vitest.mjs'), ...args, ...pattern, ...files],
      {
        cwd: root,
        stdio: ['ignore', 'ignore', 'pipe', watched ? 2 : 'ignore'],
        env: {
          ...process.env,
          MEERKAT_LONG: 'true', // each row with all that it names
          MEERKAT_OBSERVE: '1',
          MEERKAT_CATALOGUE_FILES: `${files.length}`,
        },
      },
    );
    try {
      return JSON.parse(readFileSync(output, 'utf8'));
    } catch {
      return fail(`the tests could not be run:\n${stderr}`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Ends with the first sentence of what is wrong with the command line. */
function refuse(message) {
  console.error(`meerkat: ${message.split(/\.\s/, 1)[0]}`);
  process.exit(2);
}

function options() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: { json: { type: 'string' }, help: { type: 'boolean' } },
    });
  } catch (error) {
    return refuse(error.message);
  }
}

function selected(page, selectors) {
  try {
    return table.selectRows(table.readCatalogue(page), selectors);
  } catch (error) {
    return refuse(error.message);
  }
}

/** Minutes of tests are not run for a file that cannot be written. */
function checkWritable(file) {
  const existed = existsSync(file);
  try {
    closeSync(openSync(file, 'a'));
  } catch (error) {
    refuse(`--json ${file} cannot be written: ${error.code}`);
  }
  if (!existed) rmSync(file);
}

const { values, positionals } = options();
if (values.help === true) {
  process.stdout.write(USAGE);
  process.exit();
}
ready();
const { tsImport } = await import('tsx/esm/api');
const table = await tsImport('../test/support/catalogue-table.ts', import.meta.url);

const page = readFileSync(join(root, 'docs/reference/catalogue.md'), 'utf8');
const rows = selected(page, positionals);
if (values.json !== undefined) checkWritable(values.json);
const report = run(rows.filter(({ later }) => !later));
const judged = table.judge(rows, report);
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(judged, null, 2)}\n`);
console.log(table.formatTable(judged, process.stdout.columns || 120));

const count = (verdict) => judged.filter((row) => row.verdict === verdict).length;
const broken = table.brokenFiles(report);
for (const file of broken) console.log(`could not be run: ${file}`);
console.log(
  `\n${count('HOLDS')} hold, ${count('BROKEN')} broken, ${count('NO TEST')} without a test, ${count('LATER')} later`,
);
process.exitCode = count('BROKEN') + count('NO TEST') + broken.length > 0 ? 1 : 0;
