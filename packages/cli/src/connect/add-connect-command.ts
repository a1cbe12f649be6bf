import { type Command, Option } from 'commander';
import { CONNECTION_RANGES, DEFAULT_CONNECTION_NUMBERS } from 'meerkat';
import type { CliContext } from '../cli-context.ts';
import { CliError } from '../cli-error.ts';
import { completeUrl } from './dial-url.ts';
import {
  closeCode,
  closeReason,
  headerField,
  originValue,
  readCertificates,
  subprotocols,
  waitTime,
  wholeNumber,
} from './option-values.ts';
import { messageOf } from './outgoing-message.ts';
import { runSession, type SessionSettings } from './session.ts';

interface ConnectFlags {
  readonly binary?: true;
  readonly hex?: true;
  readonly raw?: true;
  readonly times?: true;
  readonly message?: readonly string[];
  readonly wait?: number;
  readonly subprotocol?: readonly string[];
  readonly header?: readonly (readonly [string, string])[];
  readonly origin?: string;
  readonly ca?: string;
  readonly insecure?: true;
  readonly timeout: number;
  readonly closeTimeout: number;
  readonly maxMessageBytes: number;
  readonly code: number;
  readonly reason: string;
}

const MAX_MILLISECONDS = 86_400_000;

const HELP = `
The URL:
  ws:// or wss://, with port, path and query. "localhost:8000/x" and ":8000" are
  taken for ws://, http:// and https:// for ws:// and wss://. user:password@ is
  sent as Basic authentication.

On a terminal:
  Each line is sent when you press Enter; what the server sends is printed above
  the line that you type, after "<". Arrow keys edit it and bring back earlier
  ones. Control characters from the server are shown, never obeyed; binary is
  shown as hex and ASCII; very long messages are cut.
  Ctrl-D or Ctrl-C closes the connection politely, a second Ctrl-C at once.

In a pipe:
  Each line of the input is a message; its line end (LF or CR LF) is not part of
  it. Each message from the server is a line of the output: text as it is, and
  binary as hex digits; with --raw all as it is. The rest goes to stderr.
  When the input ends, our Close follows the last message, and what the server
  sends before its own Close is still printed: answers given in order arrive. A
  server that answers later, say after asking a database, needs --wait.

At the end the close code is shown on stderr, with its name and meaning. Exit
code 0 after a good end (1000, 1001, no code, or the --code that we chose); 1
when the connection was refused, lost, or closed with another code, or when not
everything could be sent; 2 for wrong usage.

Examples:
  meerkat connect ws://localhost:8000/websocket
  meerkat connect :8000/websocket -m hello          send, print answers, close
  meerkat connect wss://example.com/feed --wait forever < /dev/null
                                                    only listen
  meerkat connect :8000/chat -s chat -H 'Authorization: Bearer …'
  meerkat connect :8000/websocket --hex -m '00 01 fe ff'
                                                    binary, by its octets
  jq -c '.[]' list.json | meerkat connect :8000/in --wait 2 > answers.txt
  meerkat connect wss://dev.example.com --ca ca.pem trust your own authority`;

/** Adds `meerkat connect`. */
export function addConnectCommand(program: Command, context: CliContext): void {
  const command = program
    .command('connect')
    .summary('talk to a WebSocket server')
    .description(
      'Connects to a WebSocket server of any make: type and see what comes back, or use it in a pipe.',
    )
    .argument('<url>', 'where to connect, for example ws://localhost:8000/websocket');
  addMessageOptions(command);
  addHandshakeOptions(command);
  addEndingOptions(command);
  command.addHelpText('after', HELP).action(async (url: string, flags: ConnectFlags) => {
    await runSession(settingsOf(url, flags, context), context);
  });
}

function addMessageOptions(command: Command): void {
  command
    .optionsGroup('Messages:')
    .addOption(
      new Option(
        '-m, --message <text>',
        'send this in place of the input; may be repeated',
      ).argParser((value: string, before: readonly string[] = []) => [...before, value]),
    )
    .addOption(
      new Option(
        '-w, --wait <seconds>',
        'go on listening this long after the last message; "forever" or -1: until the server closes',
      ).argParser(waitTime),
    )
    .addOption(
      new Option(
        '--binary',
        'send each line as a binary message, its octets as they are',
      ).conflicts('hex'),
    )
    .option(
      '--hex',
      'send each line as a binary message, its octets given in hex digits: 48656c6c6f, 48 65, 0x48',
    )
    .addOption(
      new Option(
        '--raw',
        'write what the server sends as it is, without line ends between; not to a terminal',
      ).conflicts('times'),
    )
    .option('--times', 'show when each message came: local time; in a pipe UTC and a tab')
    .addOption(
      new Option('--max-message-bytes <n>', 'largest message accepted; past it close code 1009')
        .default(DEFAULT_CONNECTION_NUMBERS.maxMessageBytes)
        .argParser(wholeNumber(...CONNECTION_RANGES.maxMessageBytes)),
    );
}

function addHandshakeOptions(command: Command): void {
  command
    .optionsGroup('Handshake:')
    .addOption(
      new Option(
        '-s, --subprotocol <name>',
        'offer a subprotocol; several by commas or by repeating, the preferred one first',
      ).argParser(subprotocols),
    )
    .addOption(
      new Option(
        '-H, --header <field>',
        "send a header field, 'Name: value'; may be repeated",
      ).argParser(headerField),
    )
    .addOption(
      new Option(
        '-o, --origin <url>',
        'send this Origin, as a web page of https://example.com would',
      ).argParser(originValue),
    )
    .addOption(
      new Option('--timeout <ms>', 'longest time for name, TCP, TLS and HTTP together')
        .default(10_000)
        .argParser(wholeNumber(1, MAX_MILLISECONDS)),
    )
    .option(
      '--ca <file>',
      'for wss: trust the certificates in this file, in place of the usual ones',
    )
    .addOption(
      new Option(
        '--insecure',
        'DANGEROUS, for wss: do not verify the certificate; anybody on the way can read and change everything, passwords included. Use --ca instead',
      ).conflicts('ca'),
    );
}

function addEndingOptions(command: Command): void {
  command
    .optionsGroup('The end:')
    .addOption(
      new Option('--code <code>', 'of our Close: 1000-1003, 1007-1014, 3000-4999; 1005 for none')
        .default(1000)
        .argParser(closeCode),
    )
    .addOption(
      new Option('--reason <text>', 'of our Close, at most 123 octets')
        .default('', 'none')
        .argParser(closeReason),
    )
    .addOption(
      new Option(
        '--close-timeout <ms>',
        'after our Close: longest silence until the connection is dropped',
      )
        .default(DEFAULT_CONNECTION_NUMBERS.closeTimeout)
        .argParser(wholeNumber(1, MAX_MILLISECONDS)),
    )
    .optionsGroup('Help:');
}

/** Everything that can be wrong is noticed here, before anything is sent. */
function settingsOf(given: string, flags: ConnectFlags, { stdout }: CliContext): SessionSettings {
  const url = completeUrl(given);
  const format = flags.hex === true ? 'hex' : flags.binary === true ? 'binary' : 'text';
  const messages = flags.message?.map((text) => {
    const parsed = messageOf(Buffer.from(text), format);
    if ('message' in parsed) return parsed.message;
    throw new CliError(`--message ${JSON.stringify(text)}: ${parsed.problem}`, 2);
  });
  if (flags.raw === true && stdout.isTTY === true) {
    throw new CliError('--raw writes octets as they come: send the output to a file or a pipe', 2);
  }
  if (flags.code === 1005 && flags.reason !== '') {
    throw new CliError('--reason needs a --code: an empty Close frame has neither', 2);
  }
  return {
    url,
    dial: {
      headers: headersOf(flags),
      subprotocols: flags.subprotocol ?? [],
      tls: tlsOf(url, flags),
      handshakeTimeout: flags.timeout,
      maxMessageBytes: flags.maxMessageBytes,
    },
    format,
    messages,
    raw: flags.raw === true,
    times: flags.times === true,
    wait: flags.wait,
    close: { code: flags.code, reason: flags.reason },
    closeTimeout: flags.closeTimeout,
  };
}

function headersOf({ header = [], origin }: ConnectFlags): readonly (readonly [string, string])[] {
  if (origin === undefined) return header;
  if (header.some(([name]) => name.toLowerCase() === 'origin')) {
    throw new CliError('--origin and a --header with an Origin: take one of them', 2);
  }
  return [...header, ['Origin', origin]];
}

function tlsOf(
  url: URL,
  { ca, insecure }: ConnectFlags,
): { ca?: string; rejectUnauthorized?: false } {
  const option = ca === undefined ? '--insecure' : '--ca';
  if ((ca !== undefined || insecure === true) && url.protocol !== 'wss:') {
    throw new CliError(`${option} is for wss://; ${url.protocol}// is not encrypted at all`, 2);
  }
  if (ca !== undefined) return { ca: readCertificates(ca) };
  return insecure === true ? { rejectUnauthorized: false } : {};
}
