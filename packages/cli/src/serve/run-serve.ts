import { type Connection, type ServerHandlers, UsageError } from 'meerkat';
import type { Logger } from 'pino';
import type { CliContext } from '../cli-context.ts';
import { CliError } from '../cli-error.ts';
import { OperatorConsole } from '../console/operator-console.ts';
import { leftOutWords, Output } from '../terminal/output.ts';
import { hasColours } from '../terminal/palette.ts';
import { banner } from './banner.ts';
import { COMPRESSION_DETAILS } from './compression-flags.ts';
import { ConnectionIds } from './connection-ids.ts';
import { echo, isQuitWord } from './echo.ts';
import { attributeOf } from './flag.ts';
import { type ListenFlags, planListening } from './listen-plan.ts';
import { createLog } from './log.ts';
import type { LogSettings } from './log-settings.ts';
import { openDump } from './open-dump.ts';
import { RequestLog } from './request-log.ts';
import { type DrainOptions, type Serving, serve } from './serve.ts';
import { serverOptions } from './server-flags.ts';

/** The command line of `meerkat serve`. */
export interface ServeFlags extends ListenFlags, Readonly<Record<string, unknown>> {
  readonly followSymlinks?: true;
  readonly compression?: true;
  readonly console?: true;
  readonly echo?: true;
  readonly manualAccept?: true;
  readonly quitWord?: string;
  readonly hexdump?: true | string;
  readonly showSecrets?: true;
  readonly logLevel: LogSettings['level'];
  readonly logFormat?: LogSettings['format'];
  readonly requestLog?: boolean;
  readonly drainCode: '1001' | '1012';
  readonly drainSpread: number;
  readonly drainTimeout: number;
}

/** Flags that do nothing alone, each with those of which it needs one. */
const COMPANIONS: readonly (readonly [flag: string, ...others: string[]])[] = [
  ['--manual-accept', '--console'],
  ['--echo', '--console'],
  ['--show-secrets', '--console', '--hexdump'],
  ['--message-burst', '--max-messages-per-second'],
  ['--byte-burst', '--max-bytes-per-second'],
  ['--over-rate', '--max-messages-per-second', '--max-bytes-per-second'],
  ['--max-inflate-ratio', '--compression'],
  ...COMPRESSION_DETAILS.map((flag) => [flag, '--compression'] as const),
];

/** How long a client waits to be let in by hand, in milliseconds, unless --handshake-timeout says so. */
const MANUAL_ACCEPT_TIMEOUT = 60_000;

/**
 * Serves until it is told to end: by a signal, or by the operator.
 *
 * @throws {@link CliError} for what cannot be served, and after a second signal.
 */
export async function runServe(
  directory: string,
  flags: ServeFlags,
  context: CliContext,
): Promise<void> {
  refuseIdleFlags(flags);
  const webSocket = serverOptions(flags);
  if (flags.manualAccept === true) webSocket.handshakeTimeout ??= MANUAL_ACCEPT_TIMEOUT;
  const { listen, tls } = await planListening(flags, context.env);
  const ids = new ConnectionIds();
  const end = new EndRequests();
  const operator = flags.console === true ? operatorConsole(flags, context, ids, end) : undefined;
  const logger = openLog(flags, context, operator);
  const requestLog = logsRequests(flags) ? new RequestLog(logger, ids) : undefined;
  const { hexdump } = flags;
  const dump =
    hexdump === undefined
      ? undefined
      : await openDump(
          {
            file: hexdump === true ? undefined : hexdump,
            showSecrets: flags.showSecrets === true,
            ids,
            print: operator === undefined ? undefined : (text) => operator.print(text),
            onFailure: (error) => logger.error({ err: error }, 'the dump ends here'),
          },
          context,
        );
  const handlers = operator?.handlers ?? echoHandlers(flags.quitWord);
  const serving = await serve({
    directory,
    followSymlinks: flags.followSymlinks === true,
    listen,
    tls,
    webSocket: {
      ...webSocket,
      ...(requestLog?.around(handlers) ?? handlers),
      error: (error) => logger.error({ err: error ?? null }, 'WebSocket'), // undefined would be left out
    },
    logger,
    requestLog,
    prepare: dump?.watch,
    hidden: dump?.isItself,
  }).catch(async (error: unknown) => {
    await dump?.close();
    if (error instanceof UsageError) throw new CliError(hint(error), 2);
    throw error;
  });
  const stopListening = context.onInterrupt(() => end.request());
  try {
    context.stdout.write(banner(serving, tls, flags));
    void operator?.run(); // never rejects
    await end.first;
    await drain(serving, flags, end, (line) => {
      if (operator === undefined) context.stderr.write(line);
      else operator.log.write(line);
    });
    if (operator?.problem !== undefined) throw operator.problem;
  } finally {
    operator?.close();
    await Promise.race([dump?.close(), end.second]); // whoever reads the dump may have stopped doing so
    stopListening();
  }
}

/** How often the end was asked for. */
class EndRequests {
  readonly first: Promise<void>;
  readonly second: Promise<void>;
  readonly #asked: (() => void)[] = [];

  constructor() {
    this.first = new Promise((resolve) => this.#asked.push(resolve));
    this.second = new Promise((resolve) => this.#asked.push(resolve));
  }

  request(): void {
    this.#asked.shift()?.();
  }
}

/** @throws {@link CliError} with exit code 2 for flags that would do nothing. */
function refuseIdleFlags(flags: ServeFlags): void {
  const given = (flag: string): boolean => flags[attributeOf(flag)] !== undefined;
  for (const [flag, ...others] of COMPANIONS) {
    if (given(flag) && !others.some(given)) {
      throw new CliError(`${flag} goes with ${others.join(' or ')}`, 2);
    }
  }
  const { quitWord } = flags;
  if (quitWord !== undefined && (quitWord === '' || quitWord !== quitWord.trim())) {
    throw new CliError('--quit-word: blanks around the word do not count, and it is not empty', 2);
  }
  if (flags.drainSpread > flags.drainTimeout) {
    throw new CliError('--drain-spread: it is more than --drain-timeout', 2);
  }
}

function operatorConsole(
  flags: ServeFlags,
  context: CliContext,
  ids: ConnectionIds,
  end: EndRequests,
): OperatorConsole {
  return new OperatorConsole(
    context,
    {
      manualAccept: flags.manualAccept === true,
      echo: flags.echo === true,
      quitWord: flags.quitWord,
      showSecrets: flags.showSecrets === true,
      handshakeTimeout: Number(flags['handshakeTimeout'] ?? MANUAL_ACCEPT_TIMEOUT),
    },
    ids,
    () => end.request(),
  );
}

function openLog(
  { logLevel, logFormat }: ServeFlags,
  { stderr, env }: CliContext,
  operator: OperatorConsole | undefined,
): Logger {
  const output = new Output(stderr); // its reader may leave: that must not end the server
  const tell = (count: number): void => logger.error(leftOutWords(count));
  const logger = createLog({
    level: logLevel,
    format: logFormat ?? (stderr.isTTY === true ? 'pretty' : 'json'),
    colours: hasColours(stderr, env),
    write: (line) => {
      if (operator === undefined) output.offer(line, tell);
      else operator.log.write(line);
    },
  });
  return logger;
}

/** The console and a dump on the terminal show the same, and more. */
function logsRequests({ requestLog, console: operator, hexdump }: ServeFlags): boolean {
  return requestLog ?? (operator !== true && hexdump !== true);
}

function echoHandlers(quitWord: string | undefined): ServerHandlers<unknown> {
  return {
    message: (connection: Connection, message) => {
      if (!isQuitWord(message, quitWord)) return echo(connection, message);
      connection.close(1000);
      return undefined;
    },
  };
}

/** The library speaks of options, the user of flags. */
function hint({ message }: UsageError): string {
  const [, proxy, fault] = /trustProxy: "(.*)" is (.*)$/.exec(message) ?? [];
  if (proxy !== undefined) return `--trust-proxy ${proxy}: ${fault}`;
  if (message.includes('origin')) {
    return `--origins: ${message}; an origin looks like https://example.com, without a path`;
  }
  return message.includes('subprotocol') ? `--subprotocols: ${message}` : message;
}

/** Ends everything in order; a second request to end does not wait for that. */
async function drain(
  serving: Serving,
  { drainCode, drainSpread, drainTimeout }: ServeFlags,
  end: EndRequests,
  tell: (line: string) => void,
): Promise<void> {
  const how: DrainOptions = {
    code: Number(drainCode),
    spread: drainSpread,
    timeout: drainTimeout,
  };
  const { connections } = serving;
  const closed = serving.close(how).then(() => 'closed');
  if (connections > 0) {
    const clients = connections === 1 ? '1 WebSocket' : `${connections} WebSockets`;
    tell(`meerkat: closing ${clients}; Ctrl-C or SIGTERM again ends at once\n`);
  }
  if ((await Promise.race([closed, end.second])) === undefined) {
    throw new CliError('ended at once', 1);
  }
}
