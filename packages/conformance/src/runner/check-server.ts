// A run against a server: which cases beside which, whether it still lives, and which of them are asked again.

import type { Case } from '../cases/case.ts';
import { selectCases } from '../cases/select-cases.ts';
import { CompressedCache } from '../deflate/compressed-cache.ts';
import { type AgentReport, type CaseResult, type Finding, outcomeOf } from '../report/result.ts';
import { notOpenedResult } from './case-result.ts';
import { type NotOpened, openConnection } from './open-connection.ts';
import {
  CheckError,
  type CheckServerOptions,
  DEFAULT_PATIENCE_MS,
  DEFAULT_PAUSE_MS,
} from './options.ts';
import { runServerCase, type ServerCaseSettings } from './run-server-case.ts';
import { connectionOf, echoes, Sentinel } from './sentinel.ts';
import { type Target, targetOf } from './target.ts';
import { WireLog } from './wire-log.ts';

/** Cases side by side: most wait for a round trip or a pause; those with much to send or inflate keep both cores busy. */
const LIGHT_AT_ONCE = 24;
const HEAVY_AT_ONCE = 4;
/** Sections whose cases move megabytes. */
const HEAVY = /^(9|12|13)\./;
/** Several, since a server may be several processes. */
const SENTINELS = 3;
/** A server that was ended is waited for so long: milliseconds, and between two looks. */
const RESTART_MS = 5000;
const LOOK_AGAIN_MS = 50;
/** So many repetitions in a row that end as before show that it was not the company. */
const SAME_AGAIN = 3;

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
  const first = await openConnection(target, settings);
  const agent = options.agent ?? agentOf(first.server);
  if (!first.ok) {
    if (first.kind === 'network' || first.kind === 'status') {
      throw new CheckError(`${target.url} ${first.words}`);
    }
    return await new ServerRun(target, agent, cases, settings, options).withoutOpening(first);
  }
  const connection = connectionOf(first, settings.seed);
  const echo = await echoes(connection, settings);
  connection.close(1000);
  connection.destroySoon();
  const run = new ServerRun(target, agent, cases, settings, options);
  return options.serial === true ? await run.serial(echo) : await run.parallel();
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

class ServerRun {
  readonly #target: Target;
  readonly #agent: string;
  readonly #cases: readonly Case[];
  readonly #settings: ServerCaseSettings;
  readonly #options: CheckServerOptions;
  readonly #results = new Map<string, CaseResult>();
  readonly #notRun = new Map<string, string>();
  readonly #inFlight = new Set<Case>();
  #sentinels: Sentinel[] = [];
  /** Why nothing more is begun. */
  #over: string | undefined;

  constructor(
    target: Target,
    agent: string,
    cases: readonly Case[],
    settings: ServerCaseSettings,
    options: CheckServerOptions,
  ) {
    this.#target = target;
    this.#agent = agent;
    this.#cases = cases;
    this.#settings = settings;
    this.#options = options;
  }

  /** Of a server that opens no connection every case is FAILED; asking hundreds of times would not change that. */
  async withoutOpening(first: NotOpened): Promise<AgentReport> {
    const opening = {
      words: first.words,
      started: new Date().toISOString(),
      httpRequest: first.httpRequest,
      httpResponse: first.httpResponse,
      timedOut: first.kind === 'silence',
    };
    for (const test of this.#cases) {
      if (this.#stopped()) break;
      if (test.kind === 'request') await this.#run(test);
      else this.#keep(notOpenedResult(test, { ...opening, log: new WireLog() }));
    }
    return this.#report();
  }

  /** One connection at a time. What the server loses besides cannot be seen then. */
  async serial(answers: boolean): Promise<AgentReport> {
    for (const test of this.#cases) {
      if (this.#stopped()) break;
      await this.#run(test);
      const result = this.#results.get(test.id);
      // It ended TCP without a word: by its will, or because there is no server any more?
      const silent = result !== undefined && result.remoteCloseCode === null && !result.wasClean;
      if (answers && silent && !(await this.#answersAgain())) this.#died([test]);
    }
    return this.#report();
  }

  async parallel(): Promise<AgentReport> {
    await this.#post();
    const light = this.#cases.filter((test) => !HEAVY.test(test.id));
    const heavy = this.#cases.filter((test) => HEAVY.test(test.id));
    await this.#all(light, LIGHT_AT_ONCE);
    await this.#all(heavy, HEAVY_AT_ONCE);
    await this.#again();
    this.#dismiss();
    return this.#report();
  }

  async #all(cases: readonly Case[], atOnce: number): Promise<void> {
    const waiting = [...cases];
    while (waiting.length > 0 && !this.#stopped()) {
      const worked: Case[] = [];
      const work = async (): Promise<void> => {
        for (;;) {
          // With a sentinel lost nothing new begins: who was there when it happened has to be told from who was not.
          if (this.#stopped() || this.#lost()) return;
          const test = waiting.shift();
          if (test === undefined) return;
          worked.push(test);
          await this.#run(test);
        }
      };
      await Promise.all(Array.from({ length: Math.min(atOnce, waiting.length) }, work));
      if (this.#stopped() || !(await this.#someSentinelFell())) continue;
      await this.#findWhoDidIt(worked.slice(-2 * atOnce));
    }
  }

  /** The server lost its connections while these ran: each again, alone, with a sentinel of its own. */
  async #findWhoDidIt(suspects: readonly Case[]): Promise<void> {
    this.#dismiss();
    if (!(await this.#answersAgain())) {
      this.#died(suspects);
      return;
    }
    for (const test of suspects) {
      if (this.#stopped()) return;
      await this.#alone(test);
    }
    await this.#post();
  }

  /** Runs a case with nobody beside it but a sentinel; the result replaces the one before. */
  async #alone(test: Case): Promise<void> {
    const sentinel = await Sentinel.open(this.#target, this.#settings);
    await this.#run(test);
    if (sentinel === undefined) return;
    const lives = await sentinel.lives();
    const { loss } = sentinel;
    sentinel.close();
    if (lives) return;
    const back = await this.#answersAgain();
    this.#mark(test, {
      code: 'DIED',
      text: `${loss ?? 'lost its connections'} in this case${back ? ', and came back' : ''}`,
    });
    if (!back) this.#died([]);
  }

  /** Asks again, one at a time, what may have come from the company: lost or refused connections, and time. */
  async #again(): Promise<void> {
    let same = 0;
    for (const test of this.#cases) {
      if (this.#stopped()) return;
      const before = this.#results.get(test.id);
      if (before === undefined || !mayBeOfCompany(before)) continue;
      await this.#alone(test);
      const now = this.#results.get(test.id);
      same = now !== undefined && outcomeOf(now) === outcomeOf(before) ? same + 1 : 0;
      if (same >= SAME_AGAIN) return;
    }
  }

  async #run(test: Case): Promise<void> {
    this.#inFlight.add(test);
    try {
      this.#keep(await runServerCase(test, this.#target, this.#settings));
    } finally {
      this.#inFlight.delete(test);
    }
  }

  #keep(result: CaseResult): void {
    const before = this.#results.get(result.id);
    this.#results.set(result.id, result);
    // Who was told of a case is told again only where asking again came to something else.
    if (before !== undefined && sameVerdicts(before, result)) return;
    this.#options.onResult?.(result, {
      agent: this.#agent,
      done: this.#results.size,
      selected: this.#cases.length,
    });
  }

  #mark(test: Case, finding: Finding): void {
    const result = this.#results.get(test.id);
    if (result === undefined) return;
    this.#keep({ ...result, findings: [...result.findings, finding] });
  }

  #died(suspects: readonly Case[]): void {
    const ids = suspects.map((test) => test.id);
    const [only] = ids;
    const during = ids.length === 1 ? `in case ${only}` : `during ${ids.slice(-30).join(', ')}`;
    for (const test of suspects) {
      const others =
        ids.length === 1 ? '' : `, as ${ids.length - 1} others did: --serial shows which it was`;
      this.#mark(test, {
        code: 'DIED',
        text: `did not answer any more after this case had run${others}`,
      });
    }
    this.#over ??= ids.length === 0 ? 'the server died' : `the server died ${during}`;
  }

  #stopped(): boolean {
    if (this.#options.signal?.aborted === true) this.#over ??= 'the run was ended';
    return this.#over !== undefined;
  }

  /** Whether a new connection opens and echoes; a server that is being started again gets time for that. */
  async #answersAgain(): Promise<boolean> {
    const until = performance.now() + RESTART_MS;
    for (;;) {
      const opened = await openConnection(this.#target, this.#settings);
      if (opened.ok) {
        const connection = connectionOf(opened, this.#settings.seed);
        const answered = await echoes(connection, this.#settings);
        connection.close(1000);
        connection.destroySoon();
        return answered;
      }
      if (performance.now() > until || this.#options.signal?.aborted === true) return false;
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
    }
  }

  async #post(): Promise<void> {
    for (let at = 0; at < SENTINELS; at += 1) {
      const sentinel = await Sentinel.open(this.#target, this.#settings);
      // It does not echo, or has room for nobody else: then its silence would say nothing.
      if (sentinel === undefined) return;
      this.#sentinels.push(sentinel);
    }
  }

  #dismiss(): void {
    for (const sentinel of this.#sentinels) sentinel.close();
    this.#sentinels = [];
  }

  #lost(): boolean {
    return this.#sentinels.some((sentinel) => sentinel.loss !== undefined);
  }

  async #someSentinelFell(): Promise<boolean> {
    const lives = await Promise.all(this.#sentinels.map((sentinel) => sentinel.lives()));
    return lives.includes(false);
  }

  #report(): AgentReport {
    for (const test of this.#cases) {
      if (!this.#results.has(test.id))
        this.#notRun.set(test.id, this.#over ?? 'it was not reached');
    }
    return {
      agent: this.#agent,
      tested: 'server',
      url: this.#target.url,
      results: this.#cases.flatMap((test) => this.#results.get(test.id) ?? []),
      notRun: [...this.#notRun].map(([id, reason]) => ({ id, reason })),
    };
  }
}

function sameVerdicts(one: CaseResult, other: CaseResult): boolean {
  return (
    one.behavior === other.behavior &&
    one.behaviorClose === other.behaviorClose &&
    one.findings.length === other.findings.length
  );
}

/** Whether a result may be due to what ran beside it, rather than to the case. */
function mayBeOfCompany(result: CaseResult): boolean {
  if (outcomeOf(result) !== 'fail')
    return result.findings.some((finding) => finding.code === 'LATE');
  const neverOpened = result.duration === 0;
  const lost = !result.closedByMe && result.remoteCloseCode === null && !result.wasClean;
  const late = result.findings.some((finding) => finding.code === 'LATE');
  return neverOpened || lost || late || result.droppedByMe || result.failedByMe;
}
