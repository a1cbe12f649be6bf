import { type Command, Option } from 'commander';
import { listOf, wholeNumber } from '../connect/option-values.ts';
import { addHandshakeFlags, type HandshakeFlags } from '../dialling/handshake-flags.ts';
import { addTlsFlags, type TlsFlags } from '../dialling/tls-flags.ts';
import type { RateStage } from './bench-plan.ts';
import { count, duration, percent, quantity, rateStages, size, sizes } from './quantities.ts';

/** What the flags of `meerkat bench` say. */
export interface BenchFlags extends HandshakeFlags, TlsFlags {
  readonly mode?: (typeof FLAGGED_MODES)[number];
  readonly scenario?: string;
  readonly publishUrl?: string;
  readonly connections?: number;
  readonly ramp?: number;
  readonly connecting?: number;
  readonly connectTimeout?: number;
  readonly depth?: number;
  readonly rate?: number;
  readonly stages?: readonly RateStage[];
  readonly window?: number;
  readonly size?: readonly number[];
  readonly payload?: readonly string[];
  readonly text?: true;
  readonly binary?: true;
  readonly compression?: true;
  readonly abrupt?: true;
  readonly duration?: number;
  readonly warmUp?: number;
  readonly processes?: number;
  readonly pid?: number;
  readonly json?: string;
  readonly html?: string;
  readonly compare?: string;
  readonly quiet?: true;
  readonly maxP50?: number;
  readonly maxP90?: number;
  readonly maxP95?: number;
  readonly maxP99?: number;
  readonly maxP999?: number;
  readonly maxLatency?: number;
  readonly minRate?: number;
  readonly minHandshakes?: number;
  readonly maxFailures?: number;
  readonly maxServerCpu?: number;
  readonly maxMemory?: number;
  readonly maxSlower?: number;
}

/** What `--mode` can say; a scenario is asked for with its file. */
const FLAGGED_MODES = ['echo', 'broadcast', 'connect', 'idle'] as const;

/** Of what is measured, in milliseconds. */
export const LEAST_DURATION = 50;
export const MOST_DURATION = 86_400_000;

const DAY = MOST_DURATION;
const HOUR = 3_600_000;
const MAX_CONNECTIONS = 1_000_000;
const MAX_PID = 2 ** 22;

/** Adds the flags, in their groups. */
export function addBenchFlags(command: Command): void {
  command.optionsGroup('What is done:');
  addModeFlags(command);
  command.optionsGroup('Connections:');
  addConnectionFlags(command);
  command.optionsGroup('Messages:');
  addMessageFlags(command);
  command.optionsGroup('Time, and who makes the load:');
  addRunFlags(command);
  command.optionsGroup('Handshake:');
  addHandshakeFlags(command, '--subprotocol'); // -s is the size
  addTlsFlags(command);
  command.optionsGroup('Reports:');
  addReportFlags(command);
  command.optionsGroup('What must hold, else the exit code is 1:');
  addThresholdFlags(command);
  command.optionsGroup('Help:');
}

function addModeFlags(command: Command): void {
  command
    .addOption(
      new Option(
        '-m, --mode <mode>',
        'echo: what is sent comes back; broadcast: one sends, all get it; connect: connections come and go; idle: they only stay (default: echo)',
      ).choices(FLAGGED_MODES),
    )
    .addOption(
      new Option(
        '--scenario <file>',
        'each connection is a user who does what this file says, YAML or JSON',
      ).conflicts('mode'),
    )
    .option(
      '--publish-url <url>',
      'broadcast: where the one who sends connects (default: where the others do)',
    );
}

function addConnectionFlags(command: Command): void {
  command
    .addOption(
      new Option(
        '-c, --connections <n>',
        'how many, or how many users; 10k is 10000 (default: 50)',
      ).argParser(count(1, MAX_CONNECTIONS)),
    )
    .addOption(
      new Option(
        '--ramp <time>',
        'open them evenly over this time (default: as fast as the server lets them in)',
      ).argParser(duration(0, HOUR, 'a time up to 1h')),
    )
    .addOption(
      new Option(
        '--connecting <n>',
        'handshakes that may be under way at a time (default: 100)',
      ).argParser(count(1, MAX_CONNECTIONS)),
    )
    .addOption(
      new Option(
        '--connect-timeout <time>',
        'longest time from the dial to the 101 (default: 10s)',
      ).argParser(duration(1, HOUR, 'a time from 1ms to 1h')),
    )
    .option('--abrupt', 'connect: drop connections without a closing handshake');
}

function addMessageFlags(command: Command): void {
  command
    .addOption(
      new Option(
        '-d, --depth <n>',
        'echo: messages of each connection that are on their way; an answer lets the next go (default: 1)',
      )
        .argParser(count(1, 10_000))
        .conflicts('rate'),
    )
    .addOption(
      new Option(
        '-r, --rate <n>',
        'messages a second, or turns of a scenario, all connections together, sent when their time has come whatever comes back',
      ).argParser(quantity),
    )
    .addOption(
      new Option(
        '--stages <list>',
        'a rate that changes: time:rate, by commas. From 0 on it goes evenly to each rate, 30s:1k,2m:1k,10s:0; they last as long as is measured',
      )
        .argParser(rateStages)
        .conflicts(['rate', 'depth', 'window', 'duration', 'warmUp']),
    )
    .addOption(
      new Option('--window <n>', 'broadcast: messages that are on their way (default: 8)')
        .argParser(count(1, 10_000))
        .conflicts('rate'),
    )
    .addOption(
      new Option(
        '-s, --size <sizes>',
        'octets of a message; several by commas are sent in turn: 20,1k,16KiB (default: 64)',
      ).argParser(sizes),
    )
    .addOption(
      new Option(
        '--payload <file>',
        'send this file as it is; may be repeated, and they are sent in turn',
      )
        .argParser(listOf)
        .conflicts('size'),
    )
    .addOption(
      new Option(
        '--text',
        'messages are text, as without this; a --payload has to be UTF-8',
      ).conflicts('binary'),
    )
    .option('--binary', 'messages are binary')
    .option('--compression', 'offer to compress messages (permessage-deflate)');
}

function addRunFlags(command: Command): void {
  command
    .addOption(
      new Option('-t, --duration <time>', 'how long is measured (default: 10s)').argParser(
        duration(LEAST_DURATION, MOST_DURATION, 'a time from 50ms to 24h'),
      ),
    )
    .addOption(
      new Option(
        '--warm-up <time>',
        'how long the load runs before that, without being counted (default: 2s)',
      ).argParser(duration(0, HOUR, 'a time up to 1h')),
    )
    .addOption(
      new Option(
        '--processes <n>',
        'processes that make the load: more where one has no core left (default: 1)',
      ).argParser(wholeNumber(1, 64)),
    )
    .addOption(
      new Option(
        '--pid <pid>',
        "the server's process, where it runs on this machine: its processor time and memory are measured",
      ).argParser(wholeNumber(1, MAX_PID)),
    );
}

function addReportFlags(command: Command): void {
  command
    .option(
      '--json <file>',
      'write all figures as JSON; - is standard output, for this or the next',
    )
    .option('--html <file>', 'write one page with plots, which needs no other file')
    .option('--compare <file>', 'an earlier --json file: what changed since is told and drawn')
    .option('--quiet', 'show nothing while it runs');
}

function addThresholdFlags(command: Command): void {
  const time = duration(0, DAY, 'a time up to 24h');
  const latency = (flag: string, what: string): Option =>
    new Option(`${flag} <time>`, what).argParser(time);
  command
    .addOption(
      latency(
        '--max-p50',
        'half of all messages are back within this time, 20ms or 500us; with connect and idle: of all handshakes are done',
      ),
    )
    .addOption(latency('--max-p90', '90 of 100'))
    .addOption(latency('--max-p95', '95 of 100'))
    .addOption(latency('--max-p99', '99 of 100'))
    .addOption(latency('--max-p999', '999 of 1000'))
    .addOption(latency('--max-latency', 'all of them'))
    .addOption(
      new Option('--min-rate <n>', 'messages a second that come back, or are delivered').argParser(
        quantity,
      ),
    )
    .addOption(new Option('--min-handshakes <n>', 'handshakes a second').argParser(quantity))
    .addOption(
      new Option(
        '--max-failures <n>',
        'failures of all kinds together, and messages without an answer, that are let pass (default: 0 with any of these)',
      ).argParser(count(0, Number.MAX_SAFE_INTEGER)),
    )
    .addOption(
      new Option(
        '--max-server-cpu <time>',
        "with --pid: the server's processor time for each message: 15us",
      ).argParser(time),
    )
    .addOption(
      new Option(
        '--max-memory <size>',
        "with --pid: the server's memory for each connection: 8k",
      ).argParser(size),
    )
    .addOption(
      new Option(
        '--max-slower <percent>',
        'with --compare: by how much it may be worse than it was: 10%',
      ).argParser(percent),
    );
}
