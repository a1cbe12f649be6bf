// A connection that takes no part in any case. Who loses it has lost all of them: a server that died and was started again
// answers as if nothing had happened.

import { text } from '../wire/frame.ts';
import { SeededRandom } from '../wire/random.ts';
import { CaseConnection } from './connection/case-connection.ts';
import { type Opened, openConnection } from './open-connection.ts';
import { fairNow } from './own-delay.ts';
import type { Target } from './target.ts';
import { WireLog } from './wire-log.ts';

/** Milliseconds between two messages that keep it alive. */
const INTERVAL_MS = 1000;

export interface SentinelSettings {
  readonly patienceMs: number;
  readonly seed: number;
  readonly signal?: AbortSignal | undefined;
}

/** How a server that was there is gone. */
export type Loss = 'lost its connections' | 'does not answer any more';

export class Sentinel {
  readonly #connection: CaseConnection;
  readonly #patienceMs: number;
  readonly #timer: NodeJS.Timeout;
  #loss: Loss | undefined;
  #asked: number | undefined;
  #closing = false;

  private constructor(connection: CaseConnection, patienceMs: number) {
    this.#connection = connection;
    this.#patienceMs = patienceMs;
    connection.onMessage = () => {
      this.#asked = undefined;
    };
    this.#timer = setInterval(() => this.#look(), INTERVAL_MS);
    this.#timer.unref();
  }

  /** Opens one; `undefined` when the server does not echo on it, so that its silence would say nothing. */
  static async open(target: Target, settings: SentinelSettings): Promise<Sentinel | undefined> {
    const opened = await openConnection(target, { patienceMs: settings.patienceMs });
    if (!opened.ok) return undefined;
    const connection = connectionOf(opened, settings.seed);
    if (!(await echoes(connection, settings))) {
      connection.destroy();
      return undefined;
    }
    return new Sentinel(connection, settings.patienceMs);
  }

  /** What happened to it, if anything did. */
  get loss(): Loss | undefined {
    if (this.#loss === undefined && !this.#closing && this.#connection.over) {
      this.#loss = 'lost its connections';
    }
    return this.#loss;
  }

  /** Whether TCP ended under it without a Close: a server that only tidies up says so. */
  get wasDropped(): boolean {
    return this.loss !== undefined && this.#connection.over && !this.#connection.closing.received;
  }

  /** Looks closely: whether the server answers on it. Takes a round trip, or the whole patience. */
  async lives(): Promise<boolean> {
    if (this.loss !== undefined) return false;
    this.#ask();
    const { lastMovement } = this.#connection;
    const begun = Math.max(lastMovement, fairNow());
    await this.#connection.wait(
      () => this.#asked === undefined,
      () => begun + this.#patienceMs,
    );
    if (this.#asked !== undefined && this.#loss === undefined && !this.#connection.over) {
      this.#loss = 'does not answer any more';
    }
    return this.loss === undefined;
  }

  close(): void {
    this.#closing = true;
    clearInterval(this.#timer);
    this.#connection.close(1000);
    this.#connection.destroySoon();
  }

  #look(): void {
    if (this.#asked === undefined) this.#ask();
    else if (fairNow() - this.#asked > this.#patienceMs * 2) {
      this.#loss ??= 'does not answer any more';
    }
  }

  #ask(): void {
    if (this.#connection.over) return;
    this.#asked = fairNow();
    void this.#connection.send([text('meerkat: still there?')]);
  }
}

/** Whether a text comes back as any message. */
export async function echoes(
  connection: CaseConnection,
  settings: SentinelSettings,
): Promise<boolean> {
  return (await answerTo('meerkat', connection, settings)) !== undefined;
}

/** The first message that comes when a text has been sent; `undefined` when none does. */
export async function answerTo(
  words: string,
  connection: CaseConnection,
  { patienceMs, signal }: SentinelSettings,
): Promise<Uint8Array | undefined> {
  let came: Uint8Array | undefined;
  connection.onMessage = (_binary, octets) => {
    came ??= octets;
  };
  void connection.send([text(words)]);
  const begun = fairNow();
  const stop = (): void => connection.destroy();
  signal?.addEventListener('abort', stop, { once: true });
  await connection.wait(
    () => came !== undefined,
    () => begun + patienceMs,
  );
  signal?.removeEventListener('abort', stop);
  connection.onMessage = undefined;
  return came;
}

/** A connection outside of any case. */
export function connectionOf(opened: Opened, seed: number): CaseConnection {
  const connection = new CaseConnection(opened.stream, {
    role: 'client',
    random: new SeededRandom(seed, 'beside'),
    log: new WireLog(),
  });
  connection.received(opened.rest);
  return connection;
}
