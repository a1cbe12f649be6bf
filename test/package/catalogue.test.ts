// docs/reference/catalogue.md, the tests of its rows, and the command that shows both.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  brokenFiles,
  formatTable,
  type JudgedRow,
  judge,
  readCatalogue,
  rowOf,
  selectRows,
  type TestReport,
} from '../support/catalogue-table.ts';
import { read } from '../support/doc-page.ts';
import { root } from '../support/program.ts';

const rows = readCatalogue(read('docs/reference/catalogue.md'));

/** How many rows each group has. */
const GROUPS = { H: 28, F: 24, C: 13, R: 16, S: 20, K: 14 } as const;

/** The ids that begin a title, by the files that have them. Lists of titles may be in files beside the tests. */
function idsInTitles(): Map<string, string[]> {
  const found = new Map<string, string[]>();
  const folders = [
    'test',
    ...readdirSync(join(root, 'packages')).map((name) => `packages/${name}/test`),
  ];
  for (const folder of folders) {
    for (const name of readdirSync(join(root, folder), { recursive: true })) {
      const file = `${folder}/${String(name)}`;
      if (!file.endsWith('.ts') || file === 'test/package/catalogue.test.ts') continue;
      for (const [, id = ''] of read(file).matchAll(/['"`](?:\$\{\w+\})?([HFCRSK]\d+) (?=\S)/g)) {
        found.set(id, [...(found.get(id) ?? []), file]);
      }
    }
  }
  return found;
}

describe('docs/reference/catalogue.md', () => {
  it('has every row once, in order, with an input and an outcome', () => {
    const expected = Object.entries(GROUPS).flatMap(([group, count]) =>
      Array.from({ length: count }, (_, at) => `${group}${at + 1}`),
    );
    expect(rows.map(({ id }) => id)).toEqual(expected);
    expect(rows.filter(({ input, expected }) => input === '' || expected === '')).toEqual([]);
    const tables = read('docs/reference/catalogue.md').match(/^\| [A-Z]\d/gm) ?? [];
    expect(tables).toHaveLength(rows.length);
  });

  it('has a row for every id in front of a test', () => {
    const known = new Set(rows.map(({ id }) => id));
    expect([...idsInTitles()].filter(([id]) => !known.has(id))).toEqual([]);
  });

  it('has a test for every row in force', () => {
    const titles = idsInTitles();
    const untested = rows.filter(({ id, later }) => !later && !titles.has(id));
    expect(untested.map(({ id }) => id)).toEqual([]);
  });

  it('says of each row that is not in force what it waits for', () => {
    for (const { id, expected, later } of rows) {
      if (later) expect(expected, id).toMatch(/^\*Not built yet\*: [a-z]/);
      else expect(expected, id).not.toContain('*Not built yet*');
    }
  });

  it('shows in catalogue.sh how to run it', () => {
    const commands = read('docs/snippets/catalogue.sh').trimEnd().split('\n');
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    expect(scripts['catalogue']).toBe('node scripts/catalogue.mjs');
    for (const command of commands) {
      const [, selectors = ''] = /^npm run catalogue(?: -- (.+))?$/.exec(command) ?? [];
      expect(command).toMatch(/^npm run catalogue/);
      const selected = selectRows(rows, selectors.split(' ').filter(Boolean));
      expect(selected.length).toBeGreaterThan(0);
    }
  });
});

describe('npm run catalogue', () => {
  function run(...args: string[]): { status: number | null; stdout: string; stderr: string } {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [join(root, 'scripts/catalogue.mjs'), ...args],
      { cwd: root, encoding: 'utf8', env: { ...process.env, VITEST: undefined, NO_COLOR: '1' } },
    );
    return { status, stdout, stderr };
  }

  it('prints what a row expects and what its tests observed, and writes the same as JSON', () => {
    const folder = mkdtempSync(join(tmpdir(), 'meerkat-catalogue-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'rows.json');
    const { status, stdout, stderr } = run('h1', 'K1', '--json', file);
    expect(stderr).toBe('meerkat: running the tests of 1 row, in 1 file\n');
    expect(stdout).toMatch(/^H1 .*101 with.* 101 .* 1 +HOLDS$/m);
    expect(stdout).toMatch(/^K1 .*LATER$/m);
    expect(stdout).toContain('1 hold, 0 broken, 0 without a test, 1 later');
    expect(status).toBe(0);
    const [first] = JSON.parse(readFileSync(file, 'utf8')) as JudgedRow[];
    const got = ['101 with Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo='];
    expect(first).toMatchObject({ id: 'H1', got, tests: 1, failed: [], verdict: 'HOLDS' });
  }, 60_000);

  it('runs nothing for rows that are not built yet', () => {
    const { status, stdout, stderr } = run('R11');
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^R11 .*LATER$/m);
    expect(stdout).toContain('0 hold, 0 broken, 0 without a test, 1 later');
  });

  it('tells how to use it', () => {
    const { status, stdout, stderr } = run('--help');
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^npm run catalogue \[-- ROW …\] \[--json FILE\]: /);
  });

  it.each([
    [['H99'], 'the catalogue has no H99'],
    [['--yaml'], "Unknown option '--yaml'"],
    [['--json'], "Option '--json <value>' argument missing"],
    [
      ['--json', '/no/such/folder/rows.json'],
      '--json /no/such/folder/rows.json cannot be written: ENOENT',
    ],
  ])('ends with 2 and one sentence for %j, before anything is run', (args, message) => {
    expect(run(...args)).toEqual({ status: 2, stdout: '', stderr: `meerkat: ${message}\n` });
  });
});

describe('the verdict on a row', () => {
  const report = (
    tests: readonly [title: string, status: string, observed?: string[]][],
  ): TestReport => ({
    testResults: [
      {
        name: 'a.test.ts',
        message: '',
        status: 'passed',
        assertionResults: tests.map(([title, status, observed]) => ({
          ancestorTitles: [''],
          title,
          status,
          meta: observed === undefined ? {} : { observed },
        })),
      },
    ],
  });
  const judged = judge(
    readCatalogue(
      [
        '| id | input | outcome |',
        '| --- | --- | --- |',
        '| H1 | a | `101` |',
        '| H2 | b | 405 |',
        '| H3 | c | 505 |',
        '| C1 | d | close 1009 |',
        '| K1 | d | *Not built yet*: e |',
      ].join('\n'),
    ),
    report([
      ['H1 is fine', 'passed', ['101']],
      ['H1 is fine again', 'passed', ['101', '400 + FIN']],
      ['H2 holds', 'passed', ['405']],
      ['H2 breaks', 'failed', ['200']],
      ['H3 did not run', 'skipped'],
      ['C1 is behind a handshake', 'passed', ['101', '1 octet', 'close 1009 (too big: 1)']],
      ['H20 is another row', 'failed'],
    ]),
  );

  it('is HOLDS, BROKEN, NO TEST or LATER', () => {
    expect(judged.map(({ id, verdict, tests }) => [id, verdict, tests])).toEqual([
      ['H1', 'HOLDS', 2],
      ['H2', 'BROKEN', 2],
      ['H3', 'NO TEST', 0],
      ['C1', 'HOLDS', 1],
      ['K1', 'LATER', 0],
    ]);
    expect(judged[0]?.got).toEqual(['101', '400 + FIN']);
    expect(judged[1]?.failed).toEqual(['H2 breaks']);
    expect(judged[3]?.got).toEqual(['1 octet', 'close 1009 (too big: 1)']);
  });

  it('is printed in a table that is as wide as the terminal', () => {
    expect(formatTable(judged, 80).split('\n')).toEqual([
      'id  input               expected            got                 tests  verdict',
      '──  ──────────────────  ──────────────────  ──────────────────  ─────  ───────',
      'H1  a                   101                 400 + FIN; 101      2      HOLDS',
      'H2  b                   405                 ✗ H2 breaks         2      BROKEN',
      'H3  c                   505                 nothing             0      NO TEST',
      'C1  d                   close 1009          close 1009 (too     1      HOLDS',
      '                                            big); 1 octet',
      'K1  d                   Not built yet: e                               LATER',
    ]);
    const long = judged
      .slice(0, 1)
      .map((row) => ({ ...row, input: `${'word '.repeat(30)}${'x'.repeat(200)}` }));
    for (const width of [60, 80, 200]) {
      const lines = formatTable(long, width).split('\n');
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width);
      expect(lines.join('').match(/x/g)?.length).toBe(200 + 1); // and that of "expected"
    }
  });

  it('shows an observation without its details, and nothing that moves the cursor', () => {
    const got = [
      'close 1002 (why: 1)',
      'close 1002 (why: 2)',
      'text \u001b[2J',
      'x'.repeat(120),
      'pong 61 61 61 61 61 61',
    ];
    const text = formatTable(
      judged.slice(0, 1).map((row) => ({ ...row, got })),
      600,
    );
    expect(text).toContain(`close 1002 (why); text �[2J; ${'x'.repeat(109)}…; pong 61 … 61`);
  });

  it('shows refusals and close codes first, controls last, of many ten', () => {
    const shown = (...got: string[]): string =>
      formatTable(
        judged.slice(0, 1).map((row) => ({ ...row, got })),
        600,
      );
    expect(shown('(control: 200)', '1 octet', 'close 1000', '414', 'text a, close 1009')).toContain(
      '414; text a, close 1009; 1 octet; close 1000; (control: 200) ',
    );
    const many = Array.from({ length: 12 }, (_, at) => `message ${at}`);
    expect(shown(...many, 'close 1009')).toContain('close 1009; message 0; ');
    expect(shown(...many, 'close 1009')).toContain('message 8; and 3 more ');
    expect(shown()).toContain('not recorded (the tests passed)');
  });

  it('is of the row that begins the title, or that of a group around it', () => {
    expect(rowOf('H1 a', ['F2 b'])).toBe('H1');
    expect(rowOf('a', ['S19', 'F2 b'])).toBe('F2');
    expect(rowOf('a', ['S19'])).toBe('S19');
    expect(rowOf('about H1', ['X1 b'])).toBeUndefined();
  });

  it('knows of files whose tests could not be run', () => {
    const one = { name: 'b.test.ts', message: 'no such module\nat x', status: 'failed' };
    expect(brokenFiles({ testResults: [{ ...one, assertionResults: [] }] })).toEqual([
      'b.test.ts: no such module',
    ]);
    expect(brokenFiles(report([['H1', 'failed']]))).toEqual([]);
  });
});
