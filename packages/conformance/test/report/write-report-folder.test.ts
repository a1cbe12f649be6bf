import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { CaseFileWriter, writeReportFolder } from '../../src/report/write-report-folder.ts';
import { agentReport, caseResult, failedResult, runReport } from './support/sample-run.ts';

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'meerkat-report-'));
  onTestFinished(() => rm(made, { recursive: true }));
  return made;
}

async function json(...path: string[]): Promise<unknown> {
  return JSON.parse(await readFile(join(...path), 'utf8')) as unknown;
}

it('writes index.json, index.html and the files that the index names', async () => {
  const directory = join(await folder(), 'reports', 'servers');
  const results = [caseResult('5.9'), caseResult('5.10')];
  const notRun = [{ id: '5.6', reason: 'the server died' }];
  await writeReportFolder(directory, runReport(agentReport('acme/2', results, { notRun })));
  expect((await readdir(directory)).sort()).toEqual([
    'acme_2_case_5_10.json',
    'acme_2_case_5_9.json',
    'index.html',
    'index.json',
  ]);
  expect(await json(directory, 'index.json')).toMatchObject({
    'acme/2': { '5.9': { reportfile: 'acme_2_case_5_9.json' } },
  });
  expect(await json(directory, 'acme_2_case_5_9.json')).toMatchObject({ id: '5.9', case: 2 });
  expect(await json(directory, 'acme_2_case_5_10.json')).toMatchObject({ id: '5.10', case: 3 });
  expect(await readFile(join(directory, 'index.html'), 'utf8')).toMatch(/^<!doctype html>/);
});

it('writes a case when it ends, under the name it keeps', async () => {
  const directory = join(await folder(), 'new');
  const writer = new CaseFileWriter(directory, 'client');
  const [first, second] = [caseResult('5.6'), failedResult('5.6')];
  writer.add('a b', first);
  writer.add('a-b', second);
  writer.add('a b', caseResult('5.7'));
  const files = ['a_b_case_5_6.json', 'a_b_2_case_5_6.json', 'a_b_case_5_7.json'];
  await expect
    .poll(() => readdir(directory).catch(() => []))
    .toEqual(expect.arrayContaining(files));
  const run = runReport(
    agentReport('a b', [first, caseResult('5.7')], { tested: 'client' }),
    agentReport('a-b', [second], { tested: 'client' }),
  );
  await writer.finish(run);
  expect((await readdir(directory)).sort()).toEqual([...files, 'index.html', 'index.json'].sort());
  expect(await json(directory, 'a_b_2_case_5_6.json')).toMatchObject({
    agent: 'a-b',
    case: 1,
    behavior: 'FAILED',
  });
});

it('says in the end that a file could not be written', async () => {
  const directory = join(await folder(), 'taken');
  await writeFile(directory, 'a file');
  const writer = new CaseFileWriter(directory, 'server');
  writer.add('a', caseResult('5.6'));
  await expect(writer.finish(runReport(agentReport('a', [caseResult('5.6')])))).rejects.toThrow(
    /EEXIST|ENOTDIR/,
  );
});
