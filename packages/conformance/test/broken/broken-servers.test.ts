// Servers that are broken on purpose: each is caught by the cases that the table names, and by no others of those it runs.
import { describe, expect, it, vi } from 'vitest';
import { checkServer } from '../../src/runner/check-server.ts';
import { CheckError } from '../../src/runner/options.ts';
import { startBrokenServer } from './broken-server.ts';
import { chosenRows, isBusy } from './fault-row.ts';
import { outcomesFor, outcomesIn, unmetPatterns, withoutFinding } from './outcomes.ts';
import { SERVER_FAULTS, type ServerFault, type ServerFaultRow } from './server-faults.ts';

// They wait more than they work.
vi.setConfig({ maxConcurrency: 16, testTimeout: 60_000 });

const PATIENCE_MS = 1000;
const PAUSE_MS = 1000;
/** The largest, the most frames, the smallest pieces, a thousand rounds. */
const LARGE = ['9.1.6', '9.2.6', '9.3.1', '9.4.2', '9.5.3', '9.7.2', '9.8.5'];

const titled = chosenRows<ServerFault, ServerFaultRow>(SERVER_FAULTS);

async function expectCaught(fault: ServerFault, row: ServerFaultRow): Promise<void> {
  const server = await startBrokenServer(fault);
  try {
    const run = checkServer({
      url: server.url,
      cases: row.cases,
      serial: row.serial ?? false,
      patienceMs: row.patienceMs ?? PATIENCE_MS,
      pauseMs: row.pauseMs ?? PAUSE_MS,
    });
    if (row.refusedAtOnce === true) {
      await expect(run).rejects.toThrow(CheckError);
      return;
    }
    const report = await run;
    expect(outcomesIn(report, row)).toEqual(outcomesFor(row, report));
    expect(unmetPatterns(row, report)).toEqual([]);
    expect(withoutFinding(row, report.results)).toEqual([]);
  } finally {
    await server.close();
  }
}

describe.concurrent('a server that', () => {
  const light = titled.filter(([, , row]) => !isBusy(row));
  it.each(light)('%s', async (_words, fault, row) => expectCaught(fault, row));
});

describe('a server with much to do that', () => {
  const busy = titled.filter(([, , row]) => isBusy(row));
  it.each(busy)('%s', async (_words, fault, row) => expectCaught(fault, row));
});

describe('a server without a fault', () => {
  it('passes sections 1 to 7, 10, C, F and H, and some of 9, 12 and 13', async () => {
    const server = await startBrokenServer();
    try {
      const report = await checkServer({
        url: server.url,
        cases: [
          '1',
          '2',
          '3',
          '4',
          '5',
          '6',
          '7',
          '10',
          ...LARGE,
          '12.1.3',
          '13.7.3',
          'C',
          'F',
          'H',
        ],
      });
      expect(report.results.length).toBeGreaterThan(590);
      expect(outcomesIn(report)).toEqual({
        fail: [],
        'non-strict': [],
        unimplemented: [],
        notRun: [],
      });
    } finally {
      await server.close();
    }
  });
});
