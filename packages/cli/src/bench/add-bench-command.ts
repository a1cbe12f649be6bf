import type { Command } from 'commander';
import type { CliContext } from '../cli-context.ts';
import { addBenchFlags, type BenchFlags } from './bench-flags.ts';

const HELP = `
The URL:
  Written as for "meerkat connect". A server of any make will do. Load only
  servers that are yours: a good load looks like an attack.

What is done:
  echo       The server has to send back what it gets. Each connection keeps
             --depth messages on their way: this finds out how much it can do.
             With --rate messages leave at fixed times, as those of users who
             do not know of each other: this finds out how long they wait, and
             stalls show. With --stages that rate changes: where is it too much?
             Every octet that comes back is compared.
  broadcast  One more connection sends, and each of the others has to get it.
  connect    Connections are opened and closed again, --connections at a time:
             what a server goes through after it was restarted.
  idle       Connections are opened and kept: with --pid, what each one costs.
  --scenario FILE
             Users who connect, send, expect and wait as the file says:

               steps:
                 - connect
                 - send: hello, I am user \${user}
                 - expect: { match: "hello" }
                 - wait: [500ms, 2s]

Results:
  How it goes is shown on standard error, the summary goes to standard output.
  Ctrl-C ends the load and tells what was measured; a second one ends it at
  once. Times have a unit: us, ms, s, m, h. Exit code 0 when all went well; 1
  when something that had to hold did not, other octets came back than were
  sent, no connection could be opened, or nothing was measured; 2 for wrong
  usage.
  Where the load itself was at its end before the server, the summary says so
  first: take --processes, or another machine.

Examples:
  meerkat bench ws://localhost:8000/websocket
  meerkat bench :8000/websocket -c 200 -d 16 -s 20,1k --pid 4711
                                           how much can it do, and at what cost
  meerkat bench :8000/websocket -c 1k --rate 20k -t 1m --html report.html
                                           how long do users wait
  meerkat bench :8000/websocket -c 1k --stages 30s:1k,2m:20k,10s:0
                                           and from which rate on
  meerkat bench :8000/orders --payload order.json --depth 4
  meerkat bench :8000/websocket --mode connect -c 500
  meerkat bench :8000/websocket --mode idle -c 10k --ramp 10s --pid 4711
  meerkat bench :8000/sub --mode broadcast --publish-url :8000/pub -c 500
  meerkat bench :8000/chat --scenario chat.yaml -c 100 --ramp 5s
  meerkat bench :8000/websocket --max-p99 20ms --min-rate 50k --json now.json
  meerkat bench :8000/websocket --compare now.json --max-slower 10%`;

/** Adds `meerkat bench`. */
export function addBenchCommand(program: Command, context: CliContext): void {
  const command = program
    .command('bench')
    .summary('load a server, and measure how it bears that')
    .description(
      'Loads a WebSocket server of any make: how many messages, connections and users it bears, and how long they wait.',
    )
    .argument('<url>', 'where to connect, for example ws://localhost:8000/websocket');
  addBenchFlags(command);
  command.addHelpText('after', HELP).action(async (url: string, flags: BenchFlags) => {
    // Only now: the other commands need not wait for histograms and plots to load.
    const { runBenchCommand } = await import('./bench-command.ts');
    await runBenchCommand(url, flags, context);
  });
}
