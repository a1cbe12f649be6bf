import { type Command, InvalidArgumentError, Option } from 'commander';
import {
  CONNECTION_RANGES,
  type ConnectionNumbers,
  DEFAULT_CONNECTION_NUMBERS,
  type WebSocketServerOptions,
} from 'meerkat';

/** The options of a WebSocket server that are values, not functions. */
type ServerValues = Omit<
  WebSocketServerOptions,
  'upgrade' | 'open' | 'message' | 'ping' | 'pong' | 'drain' | 'close' | 'error' | 'clock'
>;

/** What each numeric option means. Exhaustive by type: a new one without its flag does not compile. */
const NUMBERS: Readonly<Record<keyof ConnectionNumbers | 'handshakeTimeout', string>> = {
  maxMessageBytes: 'largest message accepted, in octets; past it close code 1009',
  maxFramesPerMessage: 'most frames of one message; past it 1008',
  maxControlFramesPerSecond: 'pings, pongs and closes a second; past it 1008',
  controlFrameBurst: 'control frames at once before that rate counts',
  maxInboxMessages: 'messages not yet handled at which reading pauses',
  maxInboxBytes: 'octets not yet handled at which reading pauses',
  softQueuedBytes: 'octets waiting to leave from which on the echo waits',
  maxQueuedBytes: 'octets waiting to leave from which on messages are dropped',
  pingInterval: 'milliseconds between pings; 0 for none',
  pongTimeout: 'milliseconds of silence after a ping until the peer is given up',
  closeTimeout: 'milliseconds for each step of closing',
  handshakeTimeout: 'milliseconds until an upgrade must be decided',
};

const RANGES = { ...CONNECTION_RANGES, handshakeTimeout: [1, 86_400_000] as const };
const DEFAULTS = { ...DEFAULT_CONNECTION_NUMBERS, handshakeTimeout: 10_000 };

/** Adds a flag for every limit and option of the WebSocket server: `maxMessageBytes` is `--max-message-bytes N`. */
export function addServerFlags(command: Command): void {
  command.optionsGroup('Who may connect, and with what:');
  command.addOption(
    new Option(
      '--origins <list>',
      'web origins that may connect, by commas, in place of the default: the same host',
    ).argParser((value: string) => value.split(',').map((origin) => origin.trim())),
  );
  command.option('--require-origin', 'refuse whoever sends no Origin: every client but browsers');
  command.option(
    '--dangerously-accept-any-origin',
    "let every web page connect, with its visitor's cookies",
  );
  command.addOption(
    new Option(
      '--subprotocols <list>',
      'subprotocols to speak, by commas, the preferred one first',
    ).argParser((value: string) => value.split(',').map((name) => name.trim())),
  );
  command.addOption(
    new Option('--message-types <types>', 'which messages are accepted; others get 1003')
      .choices(['any', 'text', 'binary'])
      .default('any'),
  );
  command.optionsGroup('Limits and times of each connection:');
  for (const name of Object.keys(NUMBERS) as (keyof typeof NUMBERS)[]) {
    command.addOption(
      new Option(`--${kebabCase(name)} <n>`, NUMBERS[name])
        .default(DEFAULTS[name])
        .argParser((value: string) => wholeNumber(value, RANGES[name])),
    );
  }
}

/** Picks the WebSocket server's options out of a parsed command line. */
export function serverOptions(flags: Readonly<Record<string, unknown>>): ServerValues {
  const names = [
    ...Object.keys(NUMBERS),
    'origins',
    'requireOrigin',
    'dangerouslyAcceptAnyOrigin',
    'subprotocols',
    'messageTypes',
  ];
  return Object.fromEntries(
    names.flatMap((name) => (flags[name] === undefined ? [] : [[name, flags[name]]])),
  ) as ServerValues;
}

function wholeNumber(value: string, [least, greatest]: readonly [number, number]): number {
  const number = Number(value.replaceAll('_', ''));
  if (!/^[0-9_]+$/.test(value) || number < least || number > greatest) {
    throw new InvalidArgumentError(`It is a whole number from ${least} to ${greatest}.`);
  }
  return number;
}

function kebabCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
