// Clients that are broken on purpose: each is caught by the cases that the table names, and by no others of those it runs.
import { EventEmitter, once } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import type { AgentReport } from '../../src/report/result.ts';
import { serveCases } from '../../src/runner/case-server.ts';
import type { ServeCasesOptions } from '../../src/runner/options.ts';
import { runBrokenClient } from './broken-client.ts';
import { CLIENT_FAULTS, type ClientFault, type ClientFaultRow } from './client-faults.ts';
import { chosenRows, isBusy } from './fault-row.ts';
import { outcomesFor, outcomesIn, unmetPatterns, withoutFinding } from './outcomes.ts';

// They wait more than they work.
vi.setConfig({ maxConcurrency: 16, testTimeout: 60_000 });

const PATIENCE_MS = 1000;
const PAUSE_MS = 1000;
/** The largest, the most frames, the smallest pieces, a thousand rounds. */
const LARGE = ['9.1.6', '9.2.6', '9.3.1', '9.4.2', '9.5.3', '9.7.2', '9.8.5'];

const titled = chosenRows<ClientFault, ClientFaultRow>(CLIENT_FAULTS);

async function reportOn(
  fault: ClientFault | undefined,
  atATime: number,
  options: ServeCasesOptions,
): Promise<AgentReport> {
  const results = new EventEmitter();
  let done = 0;
  const server = await serveCases({
    port: 0,
    ...options,
    onResult: (_result, progress) => {
      done = progress.done;
      results.emit('result');
    },
  });
  try {
    const { diedIn = 0 } = await runBrokenClient(server.url, 'broken', fault, { atATime });
    // A client that is dead does not wait for what came of it.
    while (done < diedIn) await once(results, 'result');
    const [report] = server.agents();
    if (report === undefined) throw new Error('no client came');
    return report;
  } finally {
    await server.close();
  }
}

async function expectCaught(fault: ClientFault, row: ClientFaultRow): Promise<void> {
  // What dies must not take cases with it that were run beside.
  const report = await reportOn(fault, row.notRun === undefined ? 8 : 1, {
    cases: row.cases,
    patienceMs: row.patienceMs ?? PATIENCE_MS,
    pauseMs: row.pauseMs ?? PAUSE_MS,
  });
  expect(outcomesIn(report, row)).toEqual(outcomesFor(row, report));
  expect(unmetPatterns(row, report)).toEqual([]);
  expect(withoutFinding(row, report.results)).toEqual([]);
}

describe.concurrent('a client that', () => {
  const light = titled.filter(([, , row]) => !isBusy(row));
  it.each(light)('%s', async (_words, fault, row) => expectCaught(fault, row));
});

describe('a client with much to do that', () => {
  const busy = titled.filter(([, , row]) => isBusy(row));
  it.each(busy)('%s', async (_words, fault, row) => expectCaught(fault, row));
});

describe('a client without a fault', () => {
  it('passes sections 1 to 7, 10, C, F and K, and some of 9, 12 and 13', async () => {
    const report = await reportOn(undefined, 8, {
      cases: ['1', '2', '3', '4', '5', '6', '7', '10', ...LARGE, '12.1.3', '13.7.3', 'C', 'F', 'K'],
    });
    expect(report.results.length).toBeGreaterThan(480);
    expect(outcomesIn(report)).toEqual({
      fail: [],
      'non-strict': [],
      unimplemented: [],
      notRun: [],
    });
  });
});
