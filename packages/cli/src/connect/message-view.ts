import type { Message } from 'meerkat';
import type { CliContext } from '../cli-context.ts';
import type { LineIo } from '../terminal/line-io.ts';
import { paletteFor } from '../terminal/palette.ts';
import { forPipe, forTerminal, type TerminalLook } from './message-format.ts';

/** How messages from the server are shown. */
export interface ViewSettings {
  /** Payloads as they come, nothing between them. */
  readonly raw: boolean;
  readonly times: boolean;
}

/** Shows what the server sends, in the form that suits where it goes. */
export class MessageView {
  readonly #io: LineIo;
  readonly #settings: ViewSettings;
  /** Set where the output is a terminal: what comes from the server must not reach it as it is. */
  readonly #look: TerminalLook | undefined;

  constructor({ stdout, env }: CliContext, io: LineIo, settings: ViewSettings) {
    this.#io = io;
    this.#settings = settings;
    const arrow = io.interactive ? '< ' : '';
    this.#look =
      stdout.isTTY === true
        ? { palette: paletteFor(stdout, env), arrow, times: settings.times }
        : undefined;
  }

  /** A promise means that the output is behind. */
  show(message: Message): Promise<void> | undefined {
    const { raw, times } = this.#settings;
    if (this.#look !== undefined) {
      return this.#io.write(forTerminal(message, this.#look, new Date()));
    }
    return this.#io.write(raw ? message : forPipe(message, times ? new Date() : undefined));
  }
}
