// `npm run soak`: starts a server and its clients, looks at them each 15 seconds, and says what held. Ends with 1 where
// something did not, 2 for a wrong command line.
import type { CrowdReport } from './crowds.ts';
import type { Faults } from './faults.ts';
import type { Delay } from './loop-delay.ts';
import { CommandLineError, readOptions, type SoakOptions, USAGE } from './options.ts';
import { Part } from './processes.ts';
import type { Look } from './server.ts';
import { tableHead, tableRow } from './table.ts';
import { judge, type Record, type Row, warmAt } from './verdict.ts';
import type { VisitorReport } from './visitors.ts';

/** Milliseconds between two rows, at most. */
const ROW = 15_000;
/** Milliseconds for all to dial, and for all to leave. */
const PATIENCE = 60_000;

const parts: Part[] = [];

function start(name: string, file: string, flags: readonly string[] = []): Part {
  const part = new Part(name, file, flags);
  parts.push(part);
  return part;
}

async function soak(options: SoakOptions): Promise<Record> {
  const server = start('server', './server.ts', ['--expose-gc']);
  const beside = start('beside', './beside.ts');
  const crowds = start('crowds', './crowds.ts');
  const visitors = start('visitors', './visitors.ts');
  const { connections, listener, transport, milliseconds } = options;
  const port = await server.ask<number>('listen', { listener, transport });
  await visitors.ask('begin', port);
  const before = await server.ask<Look>('look', 0);
  await crowds.ask('join', { port, connections }, PATIENCE + connections * 20);
  console.log(
    `soak: ${connections} connections stay, listener ${listener}, transport ${transport}, Node ${process.versions.node}\n${tableHead()}`,
  );

  const rows: Row[] = [];
  const began = performance.now();
  const each = Math.min(ROW, warmAt(milliseconds) / 2);
  // Those that were connecting have left their garbage.
  await Promise.all([server.ask('look', connections), beside.ask('restart')]);
  let last = began;
  while (last - began < milliseconds) {
    await Promise.all([crowds.ask('resume'), visitors.ask('resume')]);
    await new Promise((resolve) => setTimeout(resolve, each));
    const idle = await beside.ask<Delay>('delay');
    const now = performance.now();
    await Promise.all([
      crowds.ask('pause', undefined, PATIENCE),
      visitors.ask('pause', undefined, PATIENCE),
    ]);
    const row: Row = {
      at: now - began,
      lasted: now - last,
      look: await server.ask<Look>('look', connections),
      crowds: await crowds.ask<CrowdReport>('report'),
      visitors: await visitors.ask<VisitorReport>('report'),
      beside: idle,
    };
    rows.push(row);
    console.log(tableRow(row));
    last = performance.now();
    await beside.ask('restart');
  }

  await Promise.all([crowds.ask('leave', undefined, PATIENCE), visitors.ask('leave')]);
  const after = await server.ask<Look>('look', 0);
  const reports = [
    await crowds.ask<CrowdReport>('report'),
    await visitors.ask<VisitorReport>('report'),
    after,
  ];
  const [ended] = await Promise.all([
    server.ask('end').then(() => server.endsWithin(10_000)),
    ...[beside, crowds, visitors].map((part) => part.ask('end')),
  ]);
  return { options, before, rows, after, ended, faults: together(reports) };
}

function together(reports: readonly { readonly faults: Faults }[]): Faults {
  const all: { [text: string]: number } = {};
  for (const { faults } of reports) {
    for (const [text, count] of Object.entries(faults)) all[text] = (all[text] ?? 0) + count;
  }
  return all;
}

async function main(): Promise<number> {
  let options: SoakOptions;
  try {
    options = readOptions(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof CommandLineError)) throw error;
    console.error(`${error.message}\n\n${USAGE}`);
    return 2;
  }
  const findings = judge(await soak(options));
  console.log();
  for (const { passed, text } of findings) console.log(`${passed ? 'ok  ' : 'NOT '} ${text}`);
  const passed = findings.every((finding) => finding.passed);
  console.log(`\nsoak: ${passed ? 'passed' : 'did NOT pass'}`);
  return passed ? 0 : 1;
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    for (const part of parts) part.kill();
    process.exit(130);
  });
}
try {
  process.exitCode = await main();
} catch (error) {
  console.error(`soak: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
} finally {
  for (const part of parts) part.kill();
}
