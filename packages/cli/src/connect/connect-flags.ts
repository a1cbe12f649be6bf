import { type Command, Option } from 'commander';
import { CONNECTION_RANGES, DEFAULT_CONNECTION_NUMBERS } from 'meerkat';
import { addHandshakeFlags, type HandshakeFlags } from '../dialling/handshake-flags.ts';
import { addTlsFlags, type TlsFlags } from '../dialling/tls-flags.ts';
import {
  closeCode,
  closeReason,
  dumpFile,
  interval,
  listOf,
  waitTime,
  wholeNumber,
} from './option-values.ts';

/** What the flags of `meerkat connect` say. */
export interface ConnectFlags extends HandshakeFlags, TlsFlags {
  readonly message?: readonly string[];
  readonly file?: readonly string[];
  readonly wait?: number;
  readonly count?: number;
  readonly text?: true;
  readonly binary?: true;
  readonly hex?: true;
  readonly commands?: true;
  readonly raw?: true;
  readonly times?: true;
  readonly maxMessageBytes: number;
  readonly verbose?: true;
  readonly ping?: number;
  readonly hexdump?: string | true;
  readonly showSecrets?: true;
  readonly compression: boolean;
  readonly unix?: string;
  readonly timeout: number;
  readonly code: number;
  readonly reason: string;
  readonly closeTimeout: number;
}

const MAX_MILLISECONDS = 86_400_000;

/** Adds the flags, in their groups. */
export function addConnectFlags(command: Command): void {
  command.optionsGroup('Messages:');
  addMessageFlags(command);
  command.optionsGroup('Watching:');
  addWatchingFlags(command);
  command.optionsGroup('Handshake:');
  addDialFlags(command);
  command.optionsGroup('The end:');
  addEndingFlags(command);
  command.optionsGroup('Help:');
}

function addMessageFlags(command: Command): void {
  command
    .addOption(
      new Option(
        '-m, --message <text>',
        'send this in place of the input; may be repeated',
      ).argParser(listOf),
    )
    .addOption(
      new Option(
        '-f, --file <path>',
        'send this file in place of the input, as one binary message; may be repeated, and comes after every -m',
      )
        .argParser(listOf)
        .conflicts('hex'),
    )
    .addOption(
      new Option(
        '-w, --wait <seconds>',
        'go on listening this long after the last message; "forever" or -1: until the server closes',
      ).argParser(waitTime),
    )
    .addOption(
      new Option(
        '-c, --count <n>',
        'close after this many messages from the server, and wait for them unless --wait ends first',
      ).argParser(wholeNumber(1, Number.MAX_SAFE_INTEGER)),
    )
    .addOption(
      new Option('--text', 'send text: what a line is without this; a --file has to be UTF-8')
        .conflicts('binary')
        .conflicts('hex'),
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
    .option('--commands', 'in a pipe too, a line that begins with / is a command')
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

function addWatchingFlags(command: Command): void {
  command
    .option(
      '-v, --verbose',
      'show TCP, TLS and the handshake field by field, what is wrong marked with !!',
    )
    .addOption(
      new Option(
        '--ping <seconds>',
        'send a Ping every so often, show each round-trip time, and sum up at the end',
      ).argParser(interval),
    )
    .addOption(
      new Option(
        '--hexdump [file]',
        'dump every octet, its frames named; to stderr without a file. It comes after the URL, or as --hexdump=FILE',
      ).argParser(dumpFile),
    )
    .option('--show-secrets', 'do not hide credentials in what these two show');
}

function addDialFlags(command: Command): void {
  addHandshakeFlags(command);
  command
    .option('--no-compression', 'do not offer to compress messages (permessage-deflate)')
    .option('--unix <path>', "through this unix socket; the URL's host goes into Host only")
    .addOption(
      new Option('--timeout <ms>', 'longest time for name, TCP, TLS and HTTP together')
        .default(10_000)
        .argParser(wholeNumber(1, MAX_MILLISECONDS)),
    );
  addTlsFlags(command);
}

function addEndingFlags(command: Command): void {
  command
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
    );
}
