import { type Command, Option } from 'commander';
import type { CliContext } from '../cli-context.ts';
import { wholeNumber } from '../connect/option-values.ts';
import { addHandshakeFlags } from '../dialling/handshake-flags.ts';
import { addTlsFlags } from '../dialling/tls-flags.ts';
import type { DiagnoseFlags } from './run-diagnose.ts';

/** That of `diagnose()`, written here so that other commands need not load the cases to start. */
const LONGEST_WAIT_MS = 5000;

const HELP = `
It goes the way of a client and says at each step what it found: URL, name,
every address, TLS and its certificate, the HTTP answer, each field of the
handshake, the first frames, echoes, Ping, a second client, Close; then whether
the server refuses what it has to (another version, no Host, POST, no key, a
foreign origin). A server that is no echo server is not blamed for that.

  ok  right          !   works, but look at it
  !!  wrong          ..  could not be looked at

It opens about ten connections, one or two at a time, and sends a few short
messages: "meerkat" with some digits, "diag" and "quit" among them. Where the
certificate is not trusted it stops, and sends nothing.

At the end it says in a few words what is wrong first of all, and what to do.
Exit code 0 when the server works; 1 when it does not, or with faults; 2 for
wrong usage.

Examples:
  meerkat diagnose ws://localhost:8000/websocket
  meerkat diagnose wss://example.com/chat --origin https://example.com
  meerkat diagnose wss://dev.example.com --ca ca.pem
  meerkat diagnose :8000/graphql -s graphql-transport-ws
  meerkat diagnose :8000 --json | jq -r '.steps[].fault // empty'`;

/** Adds `meerkat diagnose`. */
export function addDiagnoseCommand(program: Command, context: CliContext): void {
  const command = program
    .command('diagnose')
    .summary('find out why a WebSocket does not connect')
    .description(
      'Connects to a WebSocket server step by step, and says in plain words what is wrong.',
    )
    .argument('<url>', 'where to connect, for example ws://localhost:8000/websocket');
  addHandshakeFlags(command);
  command.addOption(
    new Option('--timeout <ms>', 'longest wait in each step')
      .default(LONGEST_WAIT_MS)
      .argParser(wholeNumber(1, 600_000)),
  );
  addTlsFlags(command);
  command
    .option('--json', 'print the whole diagnosis as JSON, when it is over')
    .addHelpText('after', HELP)
    .action(async (url: string, flags: DiagnoseFlags) => {
      const { runDiagnose } = await import('./run-diagnose.ts');
      await runDiagnose(url, flags, context);
    });
}
