import type { CliContext } from '../cli-context.ts';
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
} as const;
export type Passing = keyof typeof PASSING;

/**
 * What happens, a line each, with the time: of the day for a person, in full for a program.
 *
 * Whoever has a message to show waits while the output is behind. Comings and goings cannot be made to wait: they
 * are counted meanwhile, and summed up in one line when the output has caught up.
 */
export class Transcript {
  readonly look: MessageLook;
  readonly #io: LineIo;
  readonly #unseen = new Map<Passing, number>();

  constructor({ stdout, env }: CliContext, io: LineIo) {
    this.#io = io;
    this.look = { palette: paletteFor(stdout, env), forPerson: stdout.isTTY === true };
  }

  get palette(): Palette {
    return this.look.palette;
  }

  /** Shows what happened. A promise means that the output is behind. */
  record(what: string): Promise<void> | undefined {
    const now = new Date();
    const time = this.look.forPerson ? localTime(now) : now.toISOString();
    return this.write(`${this.palette.dim(time)} ${what}\n`);
  }

  /** The same for what nobody waits for; counted where the output is behind. */
  passing(kind: Passing, what: string): void {
    if (this.#io.blocked) this.#unseen.set(kind, (this.#unseen.get(kind) ?? 0) + 1);
    else void this.record(what); // never rejects
  }

  /** Shows an answer to the operator, without a time. A promise means that the output is behind. */
  print(lines: readonly string[]): Promise<void> | undefined {
    return this.write(lines.map((line) => `${line}\n`).join(''));
  }

  /** Shows whole lines as they are. A promise means that the output is behind. */
  write(lines: string): Promise<void> | undefined {
    return this.#io.write(lines)?.then(() => this.#caughtUp());
  }

  #caughtUp(): void {
    if (this.#unseen.size === 0 || this.#io.blocked) return;
    const parts = [...this.#unseen].map(([kind, number]) => `${number} ${PASSING[kind]}`);
    this.#unseen.clear();
    void this.record(`while the output was behind: ${parts.join(', ')}; /list shows who is here`); // never rejects
  }
}
