import type { Command } from 'commander';
import type { CliContext } from '../cli-context.ts';
import { addCheckFlags, type CheckFlags } from './check-flags.ts';

const HELP = `
Servers:
  The server has to echo: text as text, binary as binary. A URL is written as for
  "meerkat connect"; NAME=URL says what the server is called in reports. Several
  are tested one after the other, and stand side by side in --html.

Clients, with --client:
  A client asks ws://127.0.0.1:9001/getCaseCount, runs /runCase?case=1&agent=NAME
  and so on, echoing every message, and asks /updateReports?agent=NAME at the
  end, as with the Autobahn|Testsuite: drivers written for that work unchanged.
  COMMAND stands behind "--". In its words {url} is replaced by the URL, which
  is also in its environment as MEERKAT_CHECK_URL. When it ends the run is over,
  and it is ended with the run. Without COMMAND the cases are served until
  Ctrl-C, and /updateReports writes the reports.

Cases:
  1 to 13 have the numbers of the Autobahn|Testsuite: 1 sizes, 2 pings, 3 and 4
  reserved bits and opcodes, 5 fragments, 6 UTF-8, 7 closing, 9 large messages,
  10 fragmentation, 12 and 13 compression. Letters are meerkat's own: H and K
  the handshake of servers and clients, F frames, C compression. Quote patterns:
  a shell may take * for file names.

Results:
  The summary goes to standard output, to standard error where a report goes
  there. Ctrl-C ends the run and keeps what is there; a second one ends it at
  once. Exit code 0 when nothing failed and everything ran; 1 when something
  failed, is judged more strictly by a finding, or did not run; 2 when it could
  not be tested at all, and for wrong usage.

Examples:
  meerkat check ws://localhost:8000/websocket
  meerkat check :8000/websocket --cases '1.*' '5.*' --exclude 5.19
  meerkat check :8000/websocket --json index.json --junit junit.xml
  meerkat check :8000/websocket --html - > report.html
  meerkat check ours=:8000/ theirs=:9000/ --html both.html
  meerkat check :8000/websocket --baseline before/index.json
  meerkat check --client -- node client.js {url}
  meerkat check --list --cases H              what the handshake cases do`;

/** Adds `meerkat check`. */
export function addCheckCommand(program: Command, context: CliContext): void {
  const command = program
    .command('check')
    .summary('test a server, or a client, for conformance')
    .description(
      'Runs the 517 cases of the Autobahn|Testsuite, and more, against WebSocket servers or clients of any make.',
    )
    .usage('[options] [NAME=]URL... | --client [options] [-- COMMAND...]')
    .argument('[url...]', 'servers to test; with --client the COMMAND that is the client');
  addCheckFlags(command);
  command.addHelpText('after', HELP).action(async (words: string[], flags: CheckFlags) => {
    // Only now: the other commands need not wait for the cases to load.
    const { runCheck } = await import('./run-check.ts');
    await runCheck(words, flags, context);
  });
}
