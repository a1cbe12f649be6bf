import { type Command, Option } from 'commander';
import { UsageError } from 'meerkat';
import type { CliContext } from '../cli-context.ts';
import { CliError } from '../cli-error.ts';
import {
  DEFAULT_ADDRESS,
  type ListenAddress,
  parseListenUrl,
  parsePort,
} from './listen-address.ts';
import type { Serving } from './serve.ts';
import { addServerFlags, serverOptions } from './server-flags.ts';

interface ServeFlags extends Readonly<Record<string, unknown>> {
  readonly host?: string;
  readonly port?: number;
  readonly listen?: readonly ListenAddress[];
  readonly followSymlinks?: boolean;
  readonly logLevel: string;
}

const EXAMPLES = `
What it answers:
  /websocket   echoes every WebSocket message: text as text, binary as binary
  /rest        {"result": 123}
  /test.html   a page to try WebSockets with; also at / when the directory has no index.html
  the rest     files of the directory; dotfiles and symbolic links are not served

Examples:
  meerkat serve                                   this directory, on http://localhost:8000
  meerkat serve ./public --port 9000
  meerkat serve --host 0.0.0.0                    for other machines too
  meerkat serve --listen ws://127.0.0.1:8000 --listen http://[::1]:8000
  meerkat serve --max-message-bytes 65536 --message-types text --origins https://example.com

It ends with Ctrl-C or SIGTERM: clients get close code 1001. A second one ends it at once.`;

/** Adds `meerkat serve`. */
export function addServeCommand(program: Command, context: CliContext): void {
  const command = program
    .command('serve')
    .summary('serve WebSocket echo, REST and files on one port')
    .description('Serves a WebSocket echo, a REST answer and the files of a directory on one port.')
    .argument('[directory]', 'whose files are served', '.')
    .optionsGroup('Where:')
    .addOption(
      new Option(
        '--listen <url>',
        'address to listen on, as ws://host:port (port 80 if missing); may be repeated',
      )
        .conflicts(['host', 'port'])
        .argParser((value: string, before: readonly ListenAddress[] | undefined) => [
          ...(before ?? []),
          parseListenUrl(value),
        ]),
    )
    .option('--host <host>', `host or address to listen on (default: ${DEFAULT_ADDRESS.host})`)
    .addOption(
      new Option(
        '--port <port>',
        `port to listen on, 0 for any that is free (default: ${DEFAULT_ADDRESS.port})`,
      ).argParser(parsePort),
    )
    .option('--follow-symlinks', 'serve what symbolic links point to, out of the directory too')
    .addOption(
      new Option('--log-level <level>', 'what goes to the log, JSON lines on standard error')
        .choices(['silent', 'error', 'warn', 'info', 'debug'])
        .default('warn'),
    );
  addServerFlags(command);
  command.addHelpText('after', EXAMPLES);
  command.action(async (directory: string, flags: ServeFlags) => {
    const serving = await start(directory, flags, context);
    context.stdout.write(banner(serving));
    await untilInterrupted(serving, context);
  });
}

async function start(directory: string, flags: ServeFlags, context: CliContext): Promise<Serving> {
  const { host = DEFAULT_ADDRESS.host, port = DEFAULT_ADDRESS.port } = flags;
  // Only now: the other commands need not wait for an HTTP framework to load.
  const [{ serve }, { pino }] = await Promise.all([import('./serve.ts'), import('pino')]);
  try {
    return await serve({
      directory,
      followSymlinks: flags.followSymlinks === true,
      listen: flags.listen ?? [{ host: host.replace(/^\[|\]$/g, ''), port }],
      webSocket: serverOptions(flags),
      logger: pino({ level: flags.logLevel }, context.stderr),
    });
  } catch (error) {
    if (error instanceof UsageError) throw new CliError(hint(error), 2);
    throw error;
  }
}

/** The library speaks of options, the user of flags. */
function hint({ message }: UsageError): string {
  if (message.includes('origin')) {
    return `--origins: ${message}; an origin looks like https://example.com, without a path`;
  }
  return message.includes('subprotocol') ? `--subprotocols: ${message}` : message;
}

function banner({ directory, authorities }: Serving): string {
  const lines = [`meerkat serves ${directory}`];
  for (const authority of authorities) {
    lines.push(
      `  test page and files  http://${authority}/`,
      `  WebSocket echo       ws://${authority}/websocket`,
      `  REST                 http://${authority}/rest`,
    );
  }
  return `${lines.join('\n')}\nCtrl-C ends it.\n`;
}

/** Serves until the first interrupt, then closes; a second one does not wait for that. */
function untilInterrupted(serving: Serving, context: CliContext): Promise<void> {
  return new Promise((resolve, reject) => {
    let closing = false;
    const stopListening = context.onInterrupt(() => {
      if (closing) {
        stopListening();
        reject(new CliError('ended at once', 1));
        return;
      }
      closing = true;
      serving.close().then(() => {
        stopListening();
        resolve();
      }, reject);
    });
  });
}
