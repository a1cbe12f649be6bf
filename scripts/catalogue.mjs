// npm run catalogue [-- ROW …] [--json FILE]: runs the tests of docs/reference/catalogue.md and prints, for each row, what is
// expected and what was observed. Rows are ids or letters of groups: H5 F. Exit code 1 when a row does not hold.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { fail, ready, root } from './ready.mjs';

ready();
const { tsImport } = await import('tsx/esm/api');
const table = await tsImport('../test/support/catalogue-table.ts', import.meta.url);

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

/** Runs the tests of these rows; the tests note what they observe. */
function run(rows) {
  const ids = rows.map(({ id }) => id).join('|');
  const files = filesWith(ids);
  const folder = mkdtempSync(join(tmpdir(), 'meerkat-catalogue-'));
  const output = join(folder, 'report.json');
  const args = ['run', '--reporter=json', `--outputFile=${output}`];
  const pattern = ['-t', `(?:^|\\s)(?:${ids})(?:\\s|$)`];
  console.error(`meerkat: running the tests of ${rows.length} rows, in ${files.length} files`);
  try {
    const { stderr } = spawnSync(
      process.execPath,
      [join(root, 'node_modules/vitest/vitest.mjs'), ...args, ...pattern, ...files],
      {
        cwd: root,
        stdio: ['ignore', 'ignore', 'pipe'],
        env: { ...process.env, MEERKAT_OBSERVE: '1' },
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

function options() {
  try {
    return parseArgs({ allowPositionals: true, options: { json: { type: 'string' } } });
  } catch (error) {
    return fail(error.message);
  }
}

function selected(page, selectors) {
  try {
    return table.selectRows(table.readCatalogue(page), selectors);
  } catch (error) {
    return fail(error.message);
  }
}

const { values, positionals } = options();
const page = readFileSync(join(root, 'docs/reference/catalogue.md'), 'utf8');
const rows = selected(page, positionals);
const report = run(rows);
const judged = table.judge(rows, report);
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(judged, null, 2)}\n`);
console.log(table.formatTable(judged, process.stdout.columns ?? 120));

const count = (verdict) => judged.filter((row) => row.verdict === verdict).length;
const broken = table.brokenFiles(report);
for (const file of broken) console.log(`could not be run: ${file}`);
console.log(
  `\n${count('HOLDS')} hold, ${count('BROKEN')} broken, ${count('NO TEST')} without a test, ${count('LATER')} later`,
);
process.exitCode = count('BROKEN') + count('NO TEST') + broken.length > 0 ? 1 : 0;
