import type { CliContext, OutputStream } from '../cli-context.ts';
import { hang } from '../terminal/hang.ts';
import type { LineIo } from '../terminal/line-io.ts';
import { localTime } from '../terminal/local-time.ts';
import { type Palette, paletteFor } from '../terminal/palette.ts';
import type { MessageLook } from './message-words.ts';

/** What happens without anybody waiting for it to be shown, and how many of it are summed up. */
const PASSING = {
  came: 'came',
  left: 'left',
  asked: 'asked to come in',
  refused: 'were refused',
  answered: 'answered a ping',
  quit: 'said the quit word',
  unshown: 'left with a message that is not shown',
} as const;
export type Passing = keyof typeof PASSING;

/** Milliseconds that a slow reader has for answers when the operator wants to quit. */
const LAST_WAIT = 1_000;

/**
 * What happens, a line each, with the time: of the day for a person, in full for a program.
 *
 * Whoever has something to show waits while the output is behind, and makes its text afterwards. Comings and goings
 * cannot be made to wait: they are counted meanwhile, and summed up in one line when the output has caught up.
 */
export class Transcript {
  readonly look: MessageLook;
  readonly #io: LineIo;
  readonly #stdout: OutputStream;
  readonly #unseen = new Map<Passing, number>();
  readonly #hurry = new AbortController();

  constructor({ stdout, env }: CliContext, io: LineIo) {
    this.#io = io;
    this.#stdout = stdout;
    this.look = { palette: paletteFor(stdout, env), forPerson: stdout.isTTY === true };
  }

  get palette(): Palette {
    return this.look.palette;
  }

  /**
   * Shows what a client sent. A promise means that it waits for the output.
   *
   * @param what - Makes the text, when there is room for it.
   * @param signal - Fires when it need not be shown any more: the client left.
   */
  heard(what: () => string, signal: AbortSignal): Promise<void> | undefined {
    return this.#whenReady(signal, () => {
      if (!signal.aborted) this.#happened(what());
    });
  }

  /** Shows what the operator did. A promise means that it waits for the output. */
  record(what: () => string): Promise<void> | undefined {
    return this.#whenReady(this.#hurry.signal, () => this.#happened(what()));
  }

  /** Shows what nobody waits for; counted where the output is behind. */
  passing(kind: Passing, what: () => string): void {
    if (this.#io.ready() === undefined) this.#happened(what());
    else {
      if (this.#unseen.size === 0) void this.#sumUpLater(); // never rejects
      this.#unseen.set(kind, (this.#unseen.get(kind) ?? 0) + 1);
    }
  }

  /** Shows an answer to the operator, without a time. A promise means that it waits for the output. */
  print(lines: () => readonly string[]): Promise<void> | undefined {
    return this.#whenReady(this.#hurry.signal, () =>
      this.#write(
        lines()
          .map((line) => `${line}\n`)
          .join(''),
      ),
    );
  }

  /** In a second the operator's commands wait no more: what the output has no room for then is left out. */
  hurry(): void {
    setTimeout(() => this.#hurry.abort(), LAST_WAIT).unref();
  }

  #happened(what: string): void {
    const now = new Date();
    const time = this.look.forPerson ? localTime(now) : now.toISOString();
    this.#write(`${this.palette.dim(time)} ${what}\n`);
  }

  /** That the output is behind matters to who writes next. */
  #write(lines: string): void {
    const { columns } = this.#stdout;
    void this.#io.write(this.look.forPerson ? hang(lines, columns) : lines);
  }

  #whenReady(signal: AbortSignal, show: () => void): Promise<void> | undefined {
    if (this.#io.ready() !== undefined) return this.#waitAndShow(signal, show);
    show();
    return undefined;
  }

  async #waitAndShow(signal: AbortSignal, show: () => void): Promise<void> {
    // The first one woken fills the output again.
    for (let wait = this.#io.ready(signal); wait !== undefined; wait = this.#io.ready(signal)) {
      await wait;
    }
    if (this.#io.ready() === undefined) show();
  }

  async #sumUpLater(): Promise<void> {
    for (let wait = this.#io.ready(); wait !== undefined; wait = this.#io.ready()) await wait;
    const parts = [...this.#unseen].map(([kind, number]) => `${number} ${PASSING[kind]}`);
    this.#unseen.clear();
    this.#happened(`while the output was behind: ${parts.join(', ')}; /list shows who is here`);
  }
}
