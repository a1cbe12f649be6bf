import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { CliError } from '../cli-error.ts';
import { completeUrl } from '../connect/dial-url.ts';
import { requestFields, takeCredentials } from '../dialling/handshake-flags.ts';
import { readTlsFlags } from '../dialling/tls-flags.ts';
import { type BenchFlags, LEAST_DURATION, MOST_DURATION } from './bench-flags.ts';
import type { BenchMode, BenchPlan, Scenario } from './bench-plan.ts';
import type { BenchReport } from './bench-report.ts';
import { BenchReportError } from './report/json-reader.ts';
import type { BenchThresholds } from './report/judge.ts';
import { readReport } from './report/read-report.ts';
import { MAX_SCENARIO_BYTES, readScenario } from './scenario/read-scenario.ts';
import { ScenarioError } from './scenario/source-node.ts';

/** What a run is asked for. */
export interface BenchSetup {
  readonly plan: BenchPlan;
  readonly thresholds: BenchThresholds;
  /** Of `--compare`. */
  readonly earlier: BenchReport | undefined;
}

/** Flags that mean something in some modes only. */
const MODES_OF_FLAGS: readonly (readonly [keyof BenchFlags, flag: string, readonly BenchMode[]])[] =
  [
    ['publishUrl', '--publish-url', ['broadcast']],
    ['depth', '--depth', ['echo']],
    ['rate', '--rate', ['echo', 'broadcast', 'scenario']],
    ['stages', '--stages', ['echo', 'broadcast', 'scenario']],
    ['window', '--window', ['broadcast']],
    ['size', '--size', ['echo', 'broadcast']],
    ['payload', '--payload', ['echo', 'broadcast']],
    ['text', '--text', ['echo', 'broadcast']],
    ['binary', '--binary', ['echo', 'broadcast']],
    ['abrupt', '--abrupt', ['connect', 'scenario']],
    ['warmUp', '--warm-up', ['echo', 'broadcast', 'connect', 'scenario']],
    ['minRate', '--min-rate', ['echo', 'broadcast', 'scenario']],
    ['maxServerCpu', '--max-server-cpu', ['echo', 'broadcast', 'connect', 'scenario']],
    ['maxMemory', '--max-memory', ['echo', 'broadcast', 'idle', 'scenario']],
  ];

/** Flags that need another one. */
const NEEDED: readonly (readonly [
  keyof BenchFlags,
  flag: string,
  keyof BenchFlags,
  needs: string,
])[] = [
  ['maxServerCpu', '--max-server-cpu', 'pid', "--pid, the server's process"],
  ['maxMemory', '--max-memory', 'pid', "--pid, the server's process"],
  ['maxSlower', '--max-slower', 'compare', '--compare, an earlier report'],
];

/** Why a file cannot be read. */
const UNREADABLE: Readonly<Record<string, string>> = {
  EACCES: 'not permitted to read it',
  EISDIR: 'it is a directory, and a file is wanted',
  ENOENT: 'no such file',
};

/**
 * What a run is told by its URL and flags. Everything that can be wrong is noticed here, before anything is sent.
 *
 * @throws {@link CliError} with exit code 2.
 */
export function benchSetup(
  given: string,
  flags: BenchFlags,
  env: Readonly<NodeJS.ProcessEnv>,
): BenchSetup {
  const { scenario: file, compare } = flags;
  const mode: BenchMode = file === undefined ? (flags.mode ?? 'echo') : 'scenario';
  refuseContradictions(mode, flags);
  const url = completeUrl(given);
  const publishUrl = flags.publishUrl === undefined ? undefined : completeUrl(flags.publishUrl);
  const headers = requestFields(flags, takeCredentials(url));
  if (publishUrl !== undefined) takeCredentials(publishUrl);
  const { connections = 50, processes = 1 } = flags;
  if (processes > connections) {
    throw new CliError(
      `--processes ${processes} are more than there are connections, ${connections}: each needs one`,
      2,
    );
  }
  const plan: BenchPlan = {
    url: url.href,
    mode,
    connections,
    ramp: flags.ramp ?? 0,
    connecting: flags.connecting ?? 100,
    connectTimeout: flags.connectTimeout ?? 10_000,
    depth: flags.depth ?? 1,
    window: flags.window ?? 8,
    publishUrl: publishUrl?.href,
    sizes: flags.size ?? [64],
    text: flags.binary !== true,
    closing: flags.abrupt === true ? 'abrupt' : 'handshake',
    compression: flags.compression === true,
    duration: flags.duration ?? 10_000,
    warmUp: flags.warmUp ?? (mode === 'idle' ? 0 : 2_000),
    ...rateOf(flags),
    processes,
    headers,
    subprotocols: flags.subprotocol ?? [],
    ...tlsOf(publishUrl === undefined ? [url] : [url, publishUrl], flags, env),
    pid: flags.pid,
    scenario: file === undefined ? undefined : scenarioOf(file, env),
  };
  return {
    plan,
    thresholds: thresholdsOf(flags),
    earlier: compare === undefined ? undefined : earlierOf(compare),
  };
}

/** The rate; where it has stages they are also how long is measured, and the first of them is the warm-up. */
function rateOf({ rate, stages }: BenchFlags): Pick<BenchPlan, 'rate'> & Partial<BenchPlan> {
  if (stages === undefined) return { rate };
  const duration = stages.reduce((sum, stage) => sum + stage.duration, 0);
  const highest = Math.max(...stages.map(({ target }) => target));
  if (highest === 0) throw new CliError('--stages: no stage has a rate above 0', 2);
  if (duration < LEAST_DURATION || duration > MOST_DURATION) {
    throw new CliError('--stages: together they last from 50ms to 24h', 2);
  }
  return { rate: highest, stages, duration, warmUp: 0 };
}

function refuseContradictions(mode: BenchMode, flags: BenchFlags): void {
  for (const [name, flag, modes] of MODES_OF_FLAGS) {
    if (flags[name] === undefined || modes.includes(mode)) continue;
    const words = modes.map((one) => (one === 'scenario' ? '--scenario' : `--mode ${one}`));
    const last = words.pop();
    const list = words.length === 0 ? last : `${words.join(', ')} and ${last}`;
    throw new CliError(`${flag} is for ${list}`, 2);
  }
  for (const [name, flag, other, needs] of NEEDED) {
    if (flags[name] !== undefined && flags[other] === undefined) {
      throw new CliError(`${flag} needs ${needs}`, 2);
    }
  }
  if (flags.json === '-' && flags.html === '-') {
    throw new CliError('--json and --html: standard output takes one of them', 2);
  }
}

function tlsOf(
  urls: readonly URL[],
  flags: BenchFlags,
  env: Readonly<NodeJS.ProcessEnv>,
): Pick<BenchPlan, 'ca' | 'insecure' | 'cert' | 'key'> {
  const { ca, rejectUnauthorized, cert, key } = readTlsFlags(urls, flags, env);
  return { ca, insecure: rejectUnauthorized === false, cert, key };
}

function scenarioOf(file: string, env: Readonly<NodeJS.ProcessEnv>): Scenario {
  const text = readFile('--scenario', file);
  if (text.length > MAX_SCENARIO_BYTES) {
    throw new CliError(`--scenario ${file}: it is longer than ${MAX_SCENARIO_BYTES} octets`, 2);
  }
  try {
    const scenario = readScenario(text, env);
    const [name = ''] = basename(file).split(/\.(?:ya?ml|json)$/);
    return scenario.name === '' ? { ...scenario, name } : scenario;
  } catch (error) {
    if (!(error instanceof ScenarioError)) throw error;
    throw new CliError(`--scenario ${file}: ${error.message}`, 2, { cause: error });
  }
}

function earlierOf(file: string): BenchReport {
  const text = readFile('--compare', file);
  try {
    return readReport(text);
  } catch (error) {
    if (!(error instanceof BenchReportError)) throw error;
    throw new CliError(`--compare ${file}: ${error.message}`, 2, { cause: error });
  }
}

function readFile(flag: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const words = code === undefined ? undefined : UNREADABLE[code];
    throw new CliError(`${flag} ${file}: ${words ?? message}`, 2);
  }
}

function thresholdsOf(flags: BenchFlags): BenchThresholds {
  const { maxServerCpu } = flags;
  return {
    maxP50: flags.maxP50,
    maxP90: flags.maxP90,
    maxP95: flags.maxP95,
    maxP99: flags.maxP99,
    maxP999: flags.maxP999,
    maxLatency: flags.maxLatency,
    minRate: flags.minRate,
    minHandshakeRate: flags.minHandshakes,
    maxFailures: flags.maxFailures,
    maxServerCpuMicros: maxServerCpu === undefined ? undefined : maxServerCpu * 1_000,
    maxRssPerConnection: flags.maxMemory,
    maxLoss: flags.maxSlower,
  };
}
