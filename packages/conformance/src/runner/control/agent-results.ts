// What runs for the agents that came, and what came of it.
import type { Socket } from 'node:net';
import type { Case } from '../../cases/case.ts';
import type { AgentReport, CaseResult } from '../../report/result.ts';
import type { RunOptions } from '../options.ts';
import { Refusal } from './refusal.ts';

/** Whoever connects may name agents: so many are remembered. */
const MAX_AGENTS = 100;
/** Cases that run at a time, some of them with tens of megabytes in hand; who comes then has to wait. */
const MAX_RUNNING = 32;

/** The results of each agent's cases, and the cases that are running. */
export class AgentResults {
  readonly #cases: readonly Case[];
  readonly #onResult: RunOptions['onResult'];
  readonly #agents = new Map<string, Map<string, CaseResult>>();
  readonly #waiting = new Set<() => void>();
  readonly #running = new Set<{ readonly agent: string; readonly kept: Promise<void> }>();
  #stopped = false;

  /** @param onResult - Called when a case has ended, in the order they end. */
  constructor(cases: readonly Case[], onResult: RunOptions['onResult']) {
    this.#cases = cases;
    this.#onResult = onResult;
  }

  /** All agents that have a result. */
  reports(): readonly AgentReport[] {
    return [...this.#agents].map(([agent, results]) => ({
      agent,
      tested: 'client',
      url: null,
      results: this.#cases.flatMap((test) => results.get(test.id) ?? []),
      notRun: this.#cases
        .filter((test) => !results.has(test.id))
        .map((test) => ({ id: test.id, reason: 'the client did not run it' })),
    }));
  }

  /** Whether as many cases are running as may: who wants one more waits for {@link oneEnded}, and looks again. */
  get full(): boolean {
    return this.#running.size >= MAX_RUNNING;
  }

  /** Resolves when one of the cases that are running has ended. */
  async oneEnded(): Promise<void> {
    await Promise.race([...this.#running].map(async ({ kept }) => await kept.catch(() => {})));
  }

  /** @throws {@link Refusal} for an agent that is one too many. */
  admit(agent: string): void {
    const known = new Set([...this.#agents.keys(), ...[...this.#running].map((one) => one.agent)]);
    if (!known.has(agent) && known.size >= MAX_AGENTS) {
      throw new Refusal(500, `more than ${MAX_AGENTS} agents`);
    }
  }

  /** To a client a case is over when its connection is, which is a moment before there is a result. */
  async follow(agent: string, running: Promise<CaseResult>): Promise<void> {
    const kept = running.then((result) => this.#keep(agent, result));
    const entry = { agent, kept };
    this.#running.add(entry);
    try {
      await kept;
    } finally {
      this.#running.delete(entry);
    }
  }

  /** Resolves when what runs now, for one agent or for all, has a result. */
  async settled(agent?: string): Promise<void> {
    const mine = [...this.#running].filter((one) => agent === undefined || one.agent === agent);
    await Promise.allSettled(mine.map(({ kept }) => kept));
  }

  /** Waits until there is one, or the asking client is gone, or all is stopped. */
  async resultOf(agent: string, id: string, socket: Socket): Promise<CaseResult | undefined> {
    let wake = (): void => {};
    const onClose = (): void => wake();
    socket.on('close', onClose);
    try {
      while (!socket.destroyed) {
        const result = this.#agents.get(agent)?.get(id);
        if (result !== undefined || this.#stopped) return result;
        await new Promise<void>((resolve) => {
          wake = resolve;
          this.#waiting.add(wake);
        });
      }
      return undefined;
    } finally {
      socket.off('close', onClose);
      this.#waiting.delete(wake);
    }
  }

  /** Nobody waits for a result any more. */
  stop(): void {
    this.#stopped = true;
    this.#wake();
  }

  #keep(agent: string, result: CaseResult): void {
    let results = this.#agents.get(agent);
    if (results === undefined) {
      results = new Map();
      this.#agents.set(agent, results);
    }
    results.set(result.id, result);
    this.#wake();
    const progress = { agent, done: results.size, selected: this.#cases.length };
    this.#onResult?.(result, progress);
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }
}
