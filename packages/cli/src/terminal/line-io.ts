import type { CliContext } from '../cli-context.ts';

/** Lines in, text out: a terminal with a prompt, or pipes. */
export interface LineIo {
  /** Whether somebody sits in front of it. */
  readonly interactive: boolean;
  /** The lines that the user gives, as they come; asked for once. Ends with the input, or with `endInput`. */
  lines(): AsyncIterable<readonly Uint8Array[]>;
  /** Takes no more lines. */
  endInput(): void;
  /**
   * Undefined where the output is not behind. Whoever waits asks again afterwards: others wait too.
   *
   * @param signal - Ends the waiting early.
   */
  ready(signal?: AbortSignal): Promise<void> | undefined;
  /** Writes to standard output; on a terminal whole lines, above the prompt. A promise means that the output is behind. */
  write(data: string | Uint8Array): Promise<void> | undefined;
  /** Tells the user something beside the output, on stderr. One line, made harmless; left out where 1 MiB waits there. */
  note(text: string): void;
  /** Writes whole lines to stderr as they are; on a terminal above the prompt. Left out as those of `note`. */
  writeError(lines: string): void;
  /** Whether the output is behind. */
  readonly blocked: boolean;
}

/** What a {@link LineIo} tells of. */
export interface LineIoEvents {
  /** Ctrl-C was typed: in raw mode the terminal sends no signal. */
  onInterrupt(): void;
  /** The output failed: EPIPE when its reader left. */
  onOutputFailed(error: NodeJS.ErrnoException): void;
}

/** Whether somebody sits in front of it. */
export function isInteractive({ stdin, stdout, env }: CliContext): boolean {
  return stdin.isTTY === true && stdout.isTTY === true && env['TERM'] !== 'dumb';
}
