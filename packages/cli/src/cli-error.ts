import { oneLine } from './terminal/escape-controls.ts';

/** How the program ends: 0 fine, 1 refused or failed, 2 wrong usage. */
export type ExitCode = 0 | 1 | 2;

/**
 * A failure meant for the user. Whoever catches it prints its message, and no stack.
 *
 * The message is one line without control characters, whatever it was made of: it may quote what a peer sent.
 */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: Exclude<ExitCode, 0>;

  constructor(message: string, exitCode: Exclude<ExitCode, 0>, options?: ErrorOptions) {
    super(oneLine(message), options);
    this.exitCode = exitCode;
  }
}
