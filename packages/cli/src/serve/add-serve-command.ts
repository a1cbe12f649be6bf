import { type Command, Option } from 'commander';
import type { CliContext } from '../cli-context.ts';
import { wholeNumberFlag } from './flag.ts';
import {
  DEFAULT_HOST,
  DEFAULT_PORT,
  type ListenAddress,
  parseListenUrl,
  parsePort,
} from './listen-address.ts';
import { LOG_FORMATS, LOG_LEVELS } from './log-settings.ts';
import type { ServeFlags } from './run-serve.ts';
import { addServerFlags } from './server-flags.ts';
import { KEY_PASSPHRASE } from './tls-identity.ts';

const MAX_MILLISECONDS = 86_400_000;

const EXAMPLES = `
What it answers:
  /websocket   echoes every WebSocket message: text as text, binary as binary;
               with --console you answer
  /rest        {"result": 123}
  /test.html   a page to try WebSockets with; also at / without an index.html
  the rest     files of the directory; dotfiles and symbolic links are not served,
               and there are no directory listings

Examples:
  meerkat serve                             this directory, http://localhost:8000
  meerkat serve ./public --port 9000
  meerkat serve --host 0.0.0.0              for other machines too
  meerkat serve --tls                       https:// and wss://
  meerkat serve --cert cert.pem --key key.pem --listen https://0.0.0.0:443
  meerkat serve --listen unix:/run/m.sock   for a proxy on the same machine
  meerkat serve --console                   answer yourself; /help says how
  meerkat serve --console --manual-accept   and let each client in by hand
  meerkat serve ./public --hexdump          every octet, and what it means
  meerkat serve --message-types text --origins https://example.com
  meerkat serve --compression               compress for clients that offer it

It ends with Ctrl-C or SIGTERM: clients get close code 1001, or --drain-code. A
second one ends it at once. With --console, Ctrl-D and /quit end it too; a pipe
that ends does not.`;

/** Adds `meerkat serve`. */
export function addServeCommand(program: Command, context: CliContext): void {
  const command = program
    .command('serve')
    .summary('serve WebSocket echo, REST and files on one port')
    .description('Serves a WebSocket echo, a REST answer and the files of a directory on one port.')
    .argument('[directory]', 'whose files are served', '.');
  addListenFlags(command);
  addOperatorFlags(command);
  addLogFlags(command);
  addServerFlags(command);
  addDrainFlags(command);
  command.optionsGroup('Help:').addHelpText('after', EXAMPLES);
  command.action(async (directory: string, flags: ServeFlags) => {
    // Only now: the other commands need not wait for an HTTP framework to load.
    const { runServe } = await import('./run-serve.ts');
    await runServe(directory, flags, context);
  });
}

function addListenFlags(command: Command): void {
  command
    .optionsGroup('Where:')
    .addOption(
      new Option(
        '--listen <url>',
        'address to listen on: ws:// or http://host:port, wss:// or https:// with TLS, unix:/path; may be repeated',
      )
        .conflicts(['host', 'port'])
        .argParser((value: string, before: readonly ListenAddress[] | undefined) => [
          ...(before ?? []),
          parseListenUrl(value),
        ]),
    )
    .option('--host <host>', `host or address to listen on (default: ${DEFAULT_HOST})`)
    .addOption(
      new Option(
        '--port <port>',
        `port to listen on, 0 for any that is free (default: ${DEFAULT_PORT})`,
      ).argParser(parsePort),
    )
    .addOption(
      new Option(
        '--tls',
        'speak TLS with a certificate made for this run, which nobody trusts; its fingerprint is printed',
      ).conflicts(['cert', 'key']),
    )
    .option('--cert <file>', 'speak TLS with this certificate, in PEM form with its chain')
    .option(
      '--key <file>',
      `its private key, in PEM form; a passphrase is taken from the environment: ${KEY_PASSPHRASE}`,
    )
    .option('--follow-symlinks', 'serve what symbolic links point to, out of the directory too');
}

function addOperatorFlags(command: Command): void {
  command
    .optionsGroup('The operator:')
    .option(
      '--console',
      'see who comes, goes and says what, and answer from the keyboard; nothing is echoed',
    )
    .option('--echo', 'with --console: send messages back all the same')
    .option(
      '--manual-accept',
      'with --console: let each client in by hand; past --handshake-timeout, here a minute, 503; meerkat connect waits so long with --timeout 60000',
    )
    .option('--quit-word <word>', 'close a client that says this word and nothing else')
    .option(
      '--hexdump [file]',
      'print every octet in and out and what it means, or write that to a new file; after the directory, or as --hexdump=FILE',
    )
    .option(
      '--show-secrets',
      'with --console or --hexdump: passwords, cookies and tokens in handshakes as they are',
    );
}

function addLogFlags(command: Command): void {
  command
    .optionsGroup('The log, on standard error:')
    .addOption(
      new Option('--log-level <level>', 'the least that is logged')
        .choices(LOG_LEVELS)
        .default('info'),
    )
    .addOption(
      new Option(
        '--log-format <format>',
        'lines for people, or lines of JSON (default: pretty on a terminal, else json)',
      ).choices(LOG_FORMATS),
    )
    .option('--request-log', 'log requests and WebSockets with --console or --hexdump too')
    .option('--no-request-log', 'do not log requests, nor WebSockets that open and close');
}

function addDrainFlags(command: Command): void {
  command
    .optionsGroup('The end:')
    .addOption(
      new Option('--drain-code <code>', 'of the Close frames: 1001 going away, 1012 restarting')
        .choices(['1001', '1012'])
        .default('1001'),
    )
    .addOption(
      wholeNumberFlag(
        '--drain-spread <n>',
        'milliseconds over which the Close frames are spread, so that clients do not all come back at once',
        [0, MAX_MILLISECONDS],
      ).default(0),
    )
    .addOption(
      wholeNumberFlag('--drain-timeout <n>', 'milliseconds until what is still open is cut off', [
        0,
        MAX_MILLISECONDS,
      ]).default(30_000),
    );
}
