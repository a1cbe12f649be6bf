import { type Command, Option } from 'commander';
import {
  CONNECTION_RANGES,
  type ConnectionNumbers,
  DEFAULT_CONNECTION_NUMBERS,
  defaultServerNumbers,
  SERVER_RANGES,
  type ServerNumbers,
  type WebSocketServerOptions,
} from 'meerkat';
import { addCompressionFlags, compressionOption } from './compression-flags.ts';
import { attributeOf, kebabCase, wholeNumberFlag } from './flag.ts';

type ServerOptionNumbers = ConnectionNumbers & ServerNumbers;

/** The options of a WebSocket server that are values, not functions. */
type ServerValues = Pick<
  WebSocketServerOptions,
  | keyof ServerOptionNumbers
  | 'origins'
  | 'requireOrigin'
  | 'dangerouslyAcceptAnyOrigin'
  | 'subprotocols'
  | 'trustProxy'
  | 'messageTypes'
  | 'overRate'
  | 'compression'
>;

/** What each numeric option means. Exhaustive by type: a new one without its flag does not compile. */
const NUMBERS: Readonly<Record<keyof ServerOptionNumbers, string>> = {
  maxConnections: 'WebSockets at a time; past it 503; 0 for no limit',
  maxConnectionsPerAddress: 'the same for each IP address; past it 429; 0 for no limit',
  maxNewConnectionsPerAddress:
    'new ones a second for each IP address, twice that at once; past it 429; 0 for no limit',
  maxMessageBytes: 'largest message accepted, in octets; past it close code 1009',
  maxFramesPerMessage: 'most frames of one message; past it 1008',
  maxControlFramesPerSecond: 'pings, pongs and closes a second; past it 1008',
  controlFrameBurst: 'control frames at once before that rate counts',
  maxMessagesPerSecond: 'messages a second, on average; past it see --over-rate; 0 for no limit',
  messageBurst: 'messages at once before that rate counts; 0 for twice the rate',
  maxBytesPerSecond:
    'octets of messages a second, inflated; past it see --over-rate; 0 for no limit',
  byteBurst: 'octets at once before that rate counts; 0 for twice the rate',
  maxInflateRatio:
    'how many times its octets a compressed message may inflate to, past 16 KiB; past it 1008; 0 for no limit',
  maxInboxMessages: 'messages not yet handled at which reading pauses',
  maxInboxBytes: 'octets not yet handled at which reading pauses',
  softQueuedBytes: 'octets waiting to leave from which on the echo waits',
  maxQueuedBytes: 'octets waiting to leave from which on messages are dropped',
  pingInterval: 'milliseconds between pings; 0 for none',
  pongTimeout: 'milliseconds of silence after a ping until the peer is given up',
  closeTimeout: 'milliseconds for each step of closing',
  handshakeTimeout: 'milliseconds until an upgrade must be decided',
};

const RANGES = { ...CONNECTION_RANGES, ...SERVER_RANGES };

/** Flags that are not called like their option. */
const FLAGS: Readonly<Partial<Record<keyof ServerOptionNumbers, string>>> = {
  maxConnectionsPerAddress: 'max-per-address',
  maxNewConnectionsPerAddress: 'max-new-per-address',
};

/** Adds a flag for every limit and option of the WebSocket server: `maxMessageBytes` is `--max-message-bytes N`, but see `FLAGS`. */
export function addServerFlags(command: Command): void {
  command.optionsGroup('Who may connect, and with what:');
  command.addOption(
    new Option(
      '--origins <list>',
      'web origins that may connect, by commas, in place of the default: the same host',
    ).argParser((value: string) => value.split(',').map((origin) => origin.trim())),
  );
  command.option('--require-origin', 'refuse whoever sends no Origin: every client but browsers');
  command.addOption(
    new Option(
      '--dangerously-accept-any-origin',
      "let every web page connect, with its visitor's cookies",
    ).conflicts('origins'),
  );
  command.addOption(
    new Option(
      '--subprotocols <list>',
      'subprotocols to speak, by commas, the preferred one first',
    ).argParser((value: string) => value.split(',').map((name) => name.trim())),
  );
  command.addOption(
    new Option(
      '--trust-proxy <address>',
      "believe this proxy's X-Forwarded-For: an address, a network as 10.0.0.0/8, loopback or unix; may be repeated",
    ).argParser((value: string, before: readonly string[] | undefined) => [
      ...(before ?? []),
      value,
    ]),
  );
  command.addOption(
    new Option('--message-types <types>', 'which messages are accepted; others get 1003')
      .choices(['any', 'text', 'binary'])
      .default('any'),
  );
  command.optionsGroup('Limits and times:');
  const defaults = { ...DEFAULT_CONNECTION_NUMBERS, ...defaultServerNumbers() };
  for (const name of Object.keys(NUMBERS) as (keyof ServerOptionNumbers)[]) {
    // The default stands in the text only: what was not given stays undefined. And none that differs by machine.
    const given = name === 'maxConnections' ? '4/5 of its open files' : defaults[name];
    const description = `${NUMBERS[name]} (default: ${given})`;
    command.addOption(wholeNumberFlag(`${flagOf(name)} <n>`, description, RANGES[name]));
  }
  command.addOption(
    new Option(
      '--over-rate <what>',
      'of messages beyond those rates: read them later, discard them, or close with 1008 (default: pause)',
    ).choices(['pause', 'drop', 'close']),
  );
  addCompressionFlags(command);
}

/** Picks the WebSocket server's options out of a parsed command line. */
export function serverOptions(flags: Readonly<Record<string, unknown>>): ServerValues {
  const names = [
    ...Object.keys(NUMBERS),
    'origins',
    'requireOrigin',
    'dangerouslyAcceptAnyOrigin',
    'subprotocols',
    'trustProxy',
    'messageTypes',
    'overRate',
  ];
  const values = names.map((name) => [name, flags[attributeOf(flagOf(name))]]);
  const given = [...values, ['compression', compressionOption(flags)]];
  return Object.fromEntries(given.filter(([, value]) => value !== undefined)) as ServerValues;
}

function flagOf(name: string): string {
  return `--${FLAGS[name as keyof typeof FLAGS] ?? kebabCase(name)}`;
}
