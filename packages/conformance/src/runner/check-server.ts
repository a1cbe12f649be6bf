// Tests a server: is it there, does it open and echo? Then the cases.
import { Buffer } from 'node:buffer';
import type { Case } from '../cases/case.ts';
import { selectCases } from '../cases/select-cases.ts';
import { CompressedCache } from '../deflate/compressed-cache.ts';
import type { AgentReport } from '../report/result.ts';
import { shown } from '../wire/http-head.ts';
import { openConnection } from './open-connection.ts';
import {
  CheckError,
  type CheckServerOptions,
  DEFAULT_PATIENCE_MS,
  DEFAULT_PAUSE_MS,
} from './options.ts';
import { watchOwnDelay } from './own-delay.ts';
import type { ServerCaseSettings } from './run-server-case.ts';
import { answerTo, connectionOf } from './sentinel.ts';
import { ServerRun } from './server-run.ts';
import { type Target, targetOf } from './target.ts';

const PROBE = 'meerkat';
const NO_ECHO = `the text "${PROBE}" did not come back`;
const NEEDS_ECHO =
  'The cases need a server that sends each message back as it came; --cases names some that do not, such as 3.1 or H6';
/**
 * Tests a server.
 *
 * @throws {@link CheckError} when no case could begin: it cannot be reached, or answers with something else than a
 * WebSocket. `PatternError` for a pattern that fits no case.
 */
export async function checkServer(options: CheckServerOptions): Promise<AgentReport> {
  const { cases } = selectCases('server', options.cases, options.exclude);
  const target = targetOf(options);
  const settings = settingsOf(options);
  const unwatch = watchOwnDelay();
  try {
    return await checkTarget(target, cases, settings, options);
  } finally {
    unwatch();
  }
}

async function checkTarget(
  target: Target,
  cases: readonly Case[],
  settings: ServerCaseSettings,
  options: CheckServerOptions,
): Promise<AgentReport> {
  const first = await openConnection(target, settings);
  const agent = options.agent ?? agentOf(first.server);
  if (!first.ok) {
    const nothing = first.kind === 'silence' && first.httpResponse === '';
    if (first.kind === 'network' || first.kind === 'status' || nothing) {
      throw new CheckError(`${target.url} ${first.words}`);
    }
    return await new ServerRun(target, agent, cases, settings, options).withoutOpening(first);
  }
  const connection = connectionOf(first, settings.seed);
  const greeting = connection.events.find((event) => event.event === 'message')?.payload;
  const answer = greeting ?? (await answerTo(PROBE, connection, settings));
  const echo = answer !== undefined;
  connection.close(1000);
  connection.destroySoon();
  // Who names cases may want those that need no echo.
  if (!mayBeEcho(answer) && options.cases === undefined && options.signal?.aborted !== true) {
    const what = echo ? `to the text "${PROBE}" it sends ${shown(latin1(answer), 40)}` : NO_ECHO;
    throw new CheckError(`${target.url} opens, and does not echo: ${what}. ${NEEDS_ECHO}`);
  }
  const run = new ServerRun(target, agent, cases, settings, options);
  return options.serial === true ? await run.serial(echo) : await run.parallel(echo);
}

/** An echo, if a broken one: as long as what was sent, a part of it, or with more behind. Greetings are none of these. */
function mayBeEcho(answer: Uint8Array | undefined): boolean {
  if (answer === undefined) return false;
  const words = latin1(answer);
  return words.length === PROBE.length || PROBE.includes(words) || words.startsWith(PROBE);
}

function latin1(octets: Uint8Array): string {
  return Buffer.from(octets).toString('latin1');
}

function settingsOf(options: CheckServerOptions): ServerCaseSettings {
  return {
    pauseMs: options.pauseMs ?? DEFAULT_PAUSE_MS,
    patienceMs: options.patienceMs ?? DEFAULT_PATIENCE_MS,
    seed: options.seed ?? 1,
    full: options.full === true,
    cache: new CompressedCache(),
    signal: options.signal,
  };
}

function agentOf(server: string | undefined): string {
  const name = server
    ?.replace(/[^\x20-\x7e]/g, ' ')
    .trim()
    .slice(0, 80);
  return name === undefined || name === '' ? 'UnknownServer' : name;
}
