import { type Command, InvalidArgumentError, Option } from 'commander';
import { interval, listOf, wholeNumber } from '../connect/option-values.ts';
import { addHandshakeFlags, type HandshakeFlags } from '../dialling/handshake-flags.ts';
import { addTlsFlags, type TlsFlags } from '../dialling/tls-flags.ts';
import { parsePort } from '../serve/listen-address.ts';

/** What the flags of `meerkat check` say. */
export interface CheckFlags extends Readonly<Record<string, unknown>>, HandshakeFlags, TlsFlags {
  readonly cases?: readonly string[];
  readonly exclude?: readonly string[];
  readonly full?: true;
  readonly serial?: true;
  readonly patience?: number;
  readonly pause?: number;
  readonly seed?: number;
  readonly list?: true;
  readonly json?: string;
  readonly junit?: string;
  readonly html?: string;
  readonly reportDir?: string;
  readonly compare?: readonly string[];
  readonly baseline?: string;
  readonly strict?: true;
  readonly verbose?: true;
  readonly agent?: string;
  readonly client?: true;
  readonly port?: number;
  readonly host?: string;
  readonly allowStop?: true;
}

const MAX_SEED = 2_147_483_647;

/** Adds the flags, in their groups. */
export function addCheckFlags(command: Command): void {
  command.optionsGroup('What is run:');
  addRunFlags(command);
  command.optionsGroup('Reports, and what counts:');
  addReportFlags(command);
  command.optionsGroup('Testing servers:');
  addServerFlags(command);
  command.optionsGroup('Testing clients:');
  addClientFlags(command);
  command.optionsGroup('Help:');
}

function addRunFlags(command: Command): void {
  command
    .addOption(
      new Option(
        '--cases <glob...>',
        'run these cases only: an id, a section as 5 or 5.*, or any pattern with *; several, also by commas',
      ).argParser(casePatterns),
    )
    .addOption(new Option('--exclude <glob...>', 'leave these out').argParser(casePatterns))
    .option('--full', '1,000 messages a case in sections 12 and 13, where it is 100 without')
    .addOption(
      new Option(
        '--patience <seconds>',
        'a case is given up when no octet has moved for so long (default: 10)',
      ).argParser(interval),
    )
    .addOption(
      new Option(
        '--pause <seconds>',
        'how long the pauses within 5.19, 5.20 and 6.4 last (default: 1)',
      ).argParser(interval),
    )
    .addOption(
      new Option(
        '--seed <n>',
        'masking keys and the like are drawn from it: the seed of an earlier report repeats its octets (default: a random one)',
      ).argParser(wholeNumber(1, MAX_SEED)),
    )
    .option('--list', 'print the id and the description of each case that would run, and run none');
}

function addReportFlags(command: Command): void {
  command
    .option(
      '--json <file>',
      'write the index.json that other tools read; for this and the next two, - is standard output',
    )
    .option('--junit <file>', 'write JUnit XML, for CI servers')
    .option('--html <file>', 'write one page that shows everything, several servers side by side')
    .option(
      '--report-dir <dir>',
      'write index.json, a file for each case, and index.html to this directory',
    )
    .addOption(
      new Option(
        '--compare <file>',
        'an earlier index.json, whose agents get columns in the page; may be repeated',
      ).argParser(listOf),
    )
    .option('--baseline <file>', 'an earlier index.json: only what got worse since then fails')
    .option('--strict', 'NON-STRICT and UNIMPLEMENTED fail too')
    .option('-v, --verbose', 'a line for each case that ends, and what COMMAND prints');
}

function addServerFlags(command: Command): void {
  command
    .option(
      '--serial',
      'one connection at a time, for servers that cannot do more: it takes much longer',
    )
    .option('--agent <name>', 'what the server is called in reports (default: its Server field)');
  addHandshakeFlags(command);
  addTlsFlags(command);
}

function addClientFlags(command: Command): void {
  command
    .option('--client', 'serve the cases to a client, and start COMMAND for it where one is given')
    .addOption(
      new Option(
        '--port <port>',
        'port to listen on, 0 for any that is free (default: 9001)',
      ).argParser(parsePort),
    )
    .option('--host <host>', 'host or address to listen on (default: 127.0.0.1)')
    .option('--allow-stop', 'a client may end the run, with /stopServer or shutdownOnComplete');
}

/** Patterns, by commas, added to those before. */
function casePatterns(value: string, before: readonly string[] = []): readonly string[] {
  const patterns = value.split(',').map((pattern) => pattern.trim());
  // The option takes all words that follow, and with them a URL that stands behind it.
  if (!patterns.every((pattern) => /^[A-Za-z0-9.*]+$/.test(pattern))) {
    throw new InvalidArgumentError('It is no pattern of case ids; a URL comes before this flag.');
  }
  return [...before, ...patterns];
}
