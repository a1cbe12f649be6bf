import process from 'node:process';
import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { Interrupts } from '../../src/check/interrupts.ts';
import { type ClientsSetup, runClients } from '../../src/check/run-clients.ts';
import type { CliContext } from '../../src/cli-context.ts';
import { Collector } from '../connect/command.ts';

it('a COMMAND that runs no case and prints nothing is ended, and what it printed before is shown', async () => {
  const context: CliContext = {
    stdin: new PassThrough(),
    stdout: new Collector(false),
    stderr: new Collector(false),
    env: process.env,
    onInterrupt: () => () => {},
  };
  const printed: string[] = [];
  const script = "console.log('waiting'); setInterval(() => {}, 1_000)";
  const setup: ClientsSetup = {
    options: { cases: ['2.1'] },
    interrupts: new Interrupts(context, () => {}),
    showProgress: () => ({
      ended: () => {},
      print: (lines) => void printed.push(lines),
      close: () => {},
    }),
    onResult: () => {},
    serve: { port: 0 },
    command: [process.execPath, '-e', script],
    verbose: false,
    onUpdateReports: async () => {},
    silence: 1_500,
  };
  expect(await runClients(setup, context)).toEqual({
    agents: [],
    problems: [
      'COMMAND was ended: it ran no case and printed nothing for 1.5 s, and no case was run',
    ],
    untested: true,
  });
  expect(printed).toEqual(['waiting\n']);
});
