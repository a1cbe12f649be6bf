// The cases of a run against a server: which beside which, whether it still lives, and which of them are asked again.
import type { Case } from '../cases/case.ts';
import { type AgentReport, type CaseResult, type Finding, outcomeOf } from '../report/result.ts';
import { notOpenedResult } from './case-result.ts';
import { type NotOpened, openConnection } from './open-connection.ts';
import type { CheckServerOptions } from './options.ts';
import { runServerCase, type ServerCaseSettings } from './run-server-case.ts';
import { connectionOf, echoes, Sentinel } from './sentinel.ts';
import type { Target } from './target.ts';
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
/** So many repetitions that end as before show that it was not the company. */
const SAME_AGAIN = 3;
/** Repetitions that take longer are not made without end; milliseconds. */
const SLOW_AGAIN_MS = 500;

/** One run. Ask for one of its ways, once. */
export class ServerRun {
  readonly #target: Target;
  readonly #agent: string;
  readonly #cases: readonly Case[];
  readonly #settings: ServerCaseSettings;
  readonly #options: CheckServerOptions;
  readonly #results = new Map<string, CaseResult>();
  readonly #notRun = new Map<string, string>();
  #sentinels: Sentinel[] = [];
  /** It dropped all connections at once, and no case makes it do so alone. */
  #overwhelmed = false;
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
      for (let times = 0; times < SAME_AGAIN && this.#mayBeFull(test); times += 1) {
        await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
        await this.#run(test);
      }
      const result = this.#results.get(test.id);
      // It ended TCP without a word: by its will, or because there is no server any more?
      const silent = result !== undefined && result.remoteCloseCode === null && !result.wasClean;
      if (answers && silent && !(await this.#answersAgain())) this.#died([test]);
    }
    return this.#report();
  }

  /** Whether it was turned away: the server may not have seen yet that the one before has gone. */
  #mayBeFull({ id, kind }: Case): boolean {
    const result = this.#results.get(id);
    if (result === undefined || this.#stopped() || outcomeOf(result) !== 'fail') return false;
    return (
      wasTurnedAway(result) &&
      (kind !== 'request' || /^HTTP\S+ (?:429|5)/.test(result.httpResponse))
    );
  }

  async parallel(answers: boolean): Promise<AgentReport> {
    if (!(await this.#post(answers))) {
      // Connections that only stand by would keep the cases out.
      this.#dismiss();
      this.#options.onNotice?.(
        'It takes one connection at a time: the cases run one after the other.',
      );
      return await this.serial(true);
    }
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
    const allDropped = this.#sentinels.every((sentinel) => sentinel.wasDropped);
    this.#dismiss();
    if (!(await this.#answersAgain())) {
      this.#died(suspects);
      return;
    }
    for (const test of suspects) {
      if (this.#stopped()) return;
      await this.#alone(test);
    }
    const found = suspects.some((test) => this.#isMarked(test));
    if (allDropped && !found) this.#overwhelmed = true;
    await this.#post(true);
  }

  /** Runs a case with nobody beside it but a sentinel; the result replaces the one before. */
  async #alone(test: Case): Promise<void> {
    const before = this.#results.get(test.id);
    const sentinel = await Sentinel.open(this.#target, this.#settings);
    await this.#run(test);
    this.#sayIfUnsteady(test, before);
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

  /** The verdict is that of the case alone; that it was another one in company is worth knowing. */
  #sayIfUnsteady(test: Case, before: CaseResult | undefined): void {
    const now = this.#results.get(test.id);
    if (before === undefined || now === undefined) return;
    if (outcomeOf(before) !== 'fail' || outcomeOf(now) === 'fail') return;
    const note =
      'It failed while other cases ran beside it, and not alone: the server is short of room, or unsteady.';
    this.#results.set(test.id, { ...now, notes: [...now.notes, note] });
  }

  /** Asks again, one at a time, what may have come from the company: lost or refused connections, and time. */
  async #again(): Promise<void> {
    const doubtful = this.#cases.filter((test) => {
      const result = this.#results.get(test.id);
      return result !== undefined && mayBeOfCompany(result);
    });
    const late = doubtful.filter((test) => this.#isOnlyLate(test));
    for (const test of late) {
      if (this.#stopped()) return;
      await this.#alone(test);
    }
    let crowded = false;
    let slow = 0;
    const sameWords = new Map<string, number>();
    for (const test of doubtful) {
      if (this.#stopped()) return;
      const before = this.#results.get(test.id);
      if (before === undefined || late.includes(test)) continue;
      const times = sameWords.get(before.result) ?? 0;
      if (times >= SAME_AGAIN) continue;
      // That some cases fail by themselves says nothing of others that were turned away at the door.
      if (slow >= SAME_AGAIN && !wasTurnedAway(before)) continue;
      const begun = performance.now();
      await this.#alone(test);
      const now = this.#results.get(test.id);
      const same = now !== undefined && outcomeOf(now) === outcomeOf(before);
      if (same && now.result === before.result) sameWords.set(before.result, times + 1);
      crowded ||= !same;
      if (!same) slow = 0;
      else if (performance.now() - begun > SLOW_AGAIN_MS) slow += 1;
    }
    if (crowded) await this.#againWhatWasDropped(doubtful);
  }

  /** A server that drops connections for want of room seems right wherever dropping them is. */
  async #againWhatWasDropped(done: readonly Case[]): Promise<void> {
    for (const test of this.#cases) {
      if (this.#stopped()) return;
      const result = this.#results.get(test.id);
      if (result === undefined || done.includes(test) || !wasDropped(result)) continue;
      await this.#alone(test);
    }
  }

  /** Right, but for the time it took. */
  #isOnlyLate(test: Case): boolean {
    const result = this.#results.get(test.id);
    if (result === undefined || result.findings.length === 0) return false;
    const without = { ...result, findings: result.findings.filter(({ code }) => code !== 'LATE') };
    return outcomeOf(without) !== 'fail';
  }

  async #run(test: Case): Promise<void> {
    this.#keep(await runServerCase(test, this.#target, this.#settings));
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

  #isMarked(test: Case): boolean {
    return this.#results.get(test.id)?.findings.some(({ code }) => code === 'DIED') === true;
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

  /** Answers false where there was room for one, and not for more. A server may take a moment to see that one has gone. */
  async #post(answers: boolean): Promise<boolean> {
    for (let at = 0; at < SENTINELS; at += 1) {
      const sentinel = await Sentinel.open(this.#target, this.#settings);
      // A server that does not echo can do without: then its silence would say nothing.
      if (sentinel === undefined) return at === 0 && !answers;
      this.#sentinels.push(sentinel);
    }
    return true;
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
    // It has to be said somewhere, and in every run at the same place.
    const [first] = this.#cases;
    if (this.#overwhelmed && first !== undefined) this.#mark(first, OVERWHELMED);
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

const OVERWHELMED: Finding = {
  code: 'DIED',
  text: `dropped all of its connections while up to ${LIGHT_AT_ONCE} cases ran side by side, though none of them makes it do so alone`,
};

/** Whether there was no connection, and that was said at once. */
function wasTurnedAway(result: CaseResult): boolean {
  return result.duration === 0 && !result.timeouts.openHandshake;
}

/** Whether the peer ended the connection without a word, or there never was one. */
function wasDropped({ closedByMe, remoteCloseCode, wasClean }: CaseResult): boolean {
  return !closedByMe && remoteCloseCode === null && !wasClean;
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
