import { parseArgs } from 'node:util';

/** What the command line asks for. */
export interface SoakOptions {
  /** How long the load lasts, once it is complete. */
  readonly milliseconds: number;
  /** Connections that stay; others come and go. */
  readonly connections: number;
  /** Who accepts connections. */
  readonly listener: 'own' | 'http';
  readonly transport: 'handle' | 'stream';
}

export const USAGE = `npm run soak [-- OPTIONS]: many clients of all kinds on one server, for a while

  --minutes N         how long, once all are connected (3)
  --connections N     connections that stay, 50 to 18000; others come and go beside them (2000)
  --listener KIND     who accepts connections: own, or http (own)
  --transport KIND    how octets travel: handle, or stream (handle)
  --help              this

What stays are idle connections with pings, echoes of many sizes with and without compression, and subscribers of a topic.
Beside them clients connect and leave in every way there is, read slowly or not at all, send what they must not, and ask
for pages. Every message is checked. A row each 15 seconds, in a moment of silence; then what passed and what did not.
Exit code 1 where something did not.
`;

/** The command line makes no sense. */
export class CommandLineError extends Error {
  override readonly name = 'CommandLineError';
}

/** @throws {@link CommandLineError} that says what is wrong. */
export function readOptions(args: readonly string[]): SoakOptions {
  const values = parsed(args);
  return {
    milliseconds: number('minutes', values.minutes, 3, [0.05, 24 * 60]) * 60_000,
    connections: Math.floor(number('connections', values.connections, 2_000, [50, 18_000])),
    listener: oneOf('listener', values.listener, ['own', 'http']),
    transport: oneOf('transport', values.transport, ['handle', 'stream']),
  };
}

interface Values {
  readonly minutes?: string;
  readonly connections?: string;
  readonly listener?: string;
  readonly transport?: string;
}

function parsed(args: readonly string[]): Values {
  try {
    return parseArgs({
      args: [...args],
      options: {
        minutes: { type: 'string' },
        connections: { type: 'string' },
        listener: { type: 'string' },
        transport: { type: 'string' },
      },
    }).values;
  } catch (error) {
    throw new CommandLineError(error instanceof Error ? error.message : String(error));
  }
}

function number(
  name: string,
  given: string | undefined,
  fallback: number,
  [least, most]: readonly [number, number],
): number {
  const value = given === undefined ? fallback : Number(given);
  if (value >= least && value <= most) return value;
  throw new CommandLineError(`--${name} ${given} is not a number from ${least} to ${most}`);
}

function oneOf<Word extends string>(
  name: string,
  given: string | undefined,
  words: readonly [Word, ...Word[]],
): Word {
  const word = given === undefined ? words[0] : words.find((one) => one === given);
  if (word !== undefined) return word;
  throw new CommandLineError(`--${name} ${given}: there are ${words.join(', ')}`);
}
