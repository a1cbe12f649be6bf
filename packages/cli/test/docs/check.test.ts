// The pages about `meerkat check`: what they show is what it prints, and their tables are made of what it knows.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sectionOf, sectionTitle, selectCases } from '@meerkat/conformance';
import { describe, expect, it, onTestFinished } from 'vitest';
import { cell, expectGenerated, read, table } from '../../../../test/support/doc-page.ts';
import { FROM_SOURCE, root } from '../../../../test/support/program.ts';
import { runCases } from '../check/ws-client.ts';
import { Command } from '../connect/command.ts';
import { meerkatServer } from '../connect/servers.ts';

/** What stands in for the places that a page names. */
type Places = Readonly<Record<string, string>>;

/** `npx meerkat …` of a snippet, as arguments. */
function argumentsOf(name: string, places: Places): string[] {
  let line = read(`docs/snippets/${name}`).trim();
  for (const [from, to] of Object.entries(places)) line = line.replaceAll(from, to);
  const [npx, meerkat, ...args] = line.split(' ');
  expect([npx, meerkat]).toEqual(['npx', 'meerkat']);
  return args;
}

/** Expects that a snippet is `printed`. With UPDATE_DOCS=1 in the environment it is written instead. */
function expectSnippet(name: string, printed: string, places: Places): void {
  let wanted = printed;
  for (const [from, to] of Object.entries(places)) wanted = wanted.replaceAll(to, from);
  const path = join(root, 'docs/snippets', name);
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(path, wanted);
  else
    expect(readFileSync(path, 'utf8'), `${name}: node scripts/docs.mjs rewrites it`).toBe(wanted);
}

/** What the page takes for the server of `npm start`: an echo with the limits of the library. */
async function server(): Promise<Places> {
  const { port } = new URL(await meerkatServer());
  return { ':8000': `:${port}` };
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'meerkat-docs-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

describe('docs/how-to/check-a-server.md', () => {
  it('check-sections.sh prints check-sections.txt; check-server.sh is the same with all cases', async () => {
    const places = await server();
    const command = new Command();
    expect(await command.run(...argumentsOf('check-sections.sh', places))).toBe(0);
    expectSnippet('check-sections.txt', command.output, places);
    const all = read('docs/snippets/check-server.sh').trim();
    expect(read('docs/snippets/check-sections.sh')).toMatch(all);
  });

  it('check-fault.sh prints check-fault.txt, and the flag that is named cures it', async () => {
    const places = await server();
    const command = new Command();
    expect(await command.run(...argumentsOf('check-fault.sh', places))).toBe(1);
    expectSnippet('check-fault.txt', command.output, places);
    const [, bytes] = /--max-message-bytes (\d+)/.exec(read('docs/how-to/check-a-server.md')) ?? [];
    const { port } = new URL(await meerkatServer({ maxMessageBytes: Number(bytes) }));
    const cured = new Command().run(...argumentsOf('check-fault.sh', { ':8000': `:${port}` }));
    expect(await cured).toBe(0);
  });

  it('check-reports.sh writes what check-baseline.sh reads; check-compare.sh tests two', async () => {
    const path = folder();
    const places: Record<string, string> = { ...(await server()) };
    for (const name of ['junit.xml', 'report.html', 'index.json', 'both.html']) {
      places[name] = join(path, name);
    }
    const { port } = new URL(await meerkatServer());
    places[':9000'] = `:${port}`;
    expect(await new Command().run(...argumentsOf('check-reports.sh', places))).toBe(0);
    const command = new Command();
    expect(await command.run(...argumentsOf('check-baseline.sh', places))).toBe(0);
    expect(command.output).toMatch(/\nAs in the baseline\.\n$/);
    expect(await new Command().run(...argumentsOf('check-compare.sh', places))).toBe(0);
    const page = readFileSync(join(path, 'both.html'), 'utf8');
    expect(page).toContain('ours');
    expect(page).toContain('theirs');
  });
});

describe('docs/how-to/check-a-client.md', () => {
  it('check-client.sh prints check-client.txt', async () => {
    const args = argumentsOf('check-client.sh', {
      '--client': '--client --port 0',
      'node --import tsx client.ts': `${process.execPath} ${FROM_SOURCE.join(' ')} examples/check-client.ts`,
    });
    const command = new Command();
    expect(await command.run(...args)).toBe(0);
    expectSnippet('check-client.txt', command.output, {});
  });

  it('check-serve-cases.sh serves until Ctrl-C, and writes the report when it is asked to', async () => {
    const report = join(folder(), 'index.json');
    const args = argumentsOf('check-serve-cases.sh', { 'index.json': report });
    const command = new Command();
    const code = command.run(...args, '--port', '0', '--cases', '2.1');
    let url: string | undefined;
    while (url === undefined) {
      await new Promise((resolve) => command.stderr.once('written', resolve));
      [url] = /ws:\/\/[\d.]+:\d+/.exec(command.errors) ?? [];
    }
    await runCases(url, 'me/1.0');
    expect(JSON.parse(readFileSync(report, 'utf8'))).toHaveProperty(['me/1.0', '2.1']);
    command.interrupt();
    expect(await code).toBe(0);
  });
});

describe('docs/reference/check.md', () => {
  const page = 'docs/reference/check.md';

  it('has the sections as they are in the code', () => {
    const servers = countSections('server');
    const clients = countSections('client');
    const sections = [...new Set([...servers.keys(), ...clients.keys()])];
    const rows = sections.map((section) => [
      section,
      cell(sectionTitle(section)),
      `${servers.get(section) ?? 0}`,
      `${clients.get(section) ?? 0}`,
    ]);
    const head = ['section', 'about', 'cases for servers', 'for clients'];
    expectGenerated(page, 'sections', table(head, rows));
  });

  it('has the findings as they are in the code', () => {
    const source = read('packages/conformance/src/report/result.ts');
    const [, union = ''] = /export type FindingCode =\n([\s\S]*?);\n/.exec(source) ?? [];
    const rows = [...union.matchAll(/\/\*\* (.+) \*\/\n {2}\| '(\w+)'/g)].map(
      ([, meaning = '', code = '']) => [`\`${code}\``, cell(meaning)],
    );
    expect(rows).toHaveLength(union.split("| '").length - 1);
    expectGenerated(page, 'findings', table(['finding', 'meaning'], rows));
  });
});

function countSections(tested: 'server' | 'client'): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { id } of selectCases(tested).cases) {
    counts.set(sectionOf(id), (counts.get(sectionOf(id)) ?? 0) + 1);
  }
  return counts;
}
