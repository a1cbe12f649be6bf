import {
  type CaseServer,
  CheckError,
  type ServeCasesOptions,
  serveCases,
} from '@meerkat/conformance';
import type { CliContext } from '../cli-context.ts';
import { CliError } from '../cli-error.ts';
import { oneLine } from '../terminal/escape-controls.ts';
import { ClientCommand } from './client-command.ts';
import type { RunProgress } from './progress.ts';
import type { RunOutcome, RunSetup } from './run-servers.ts';

/** What serving the cases is told, beside what a run is. */
export interface ClientsSetup extends RunSetup {
  readonly serve: Pick<ServeCasesOptions, 'allowStop' | 'host' | 'port'>;
  /** The words of COMMAND; none: whoever comes is tested. */
  readonly command: readonly string[];
  /** What COMMAND prints is shown as it comes, not only where it fails. */
  readonly verbose: boolean;
  /** A client has asked for the reports. */
  readonly onUpdateReports: (server: CaseServer) => Promise<void>;
  /** Milliseconds without a case or a word from COMMAND after which it is ended. @default 300_000 */
  readonly silence?: number;
}

/** Milliseconds. A compiler may run first. */
const SILENCE = 300_000;

/**
 * Serves the cases to clients, until COMMAND has ended, or the run is.
 *
 * @throws {@link CliError} where that cannot begin, and after a second interrupt.
 */
export async function runClients(setup: ClientsSetup, context: CliContext): Promise<RunOutcome> {
  const progress = setup.showProgress();
  try {
    return await new ClientRun(setup, progress, context).run();
  } finally {
    progress.close();
  }
}

class ClientRun {
  readonly #setup: ClientsSetup;
  readonly #progress: RunProgress;
  readonly #context: CliContext;
  #lastCase = performance.now();

  constructor(setup: ClientsSetup, progress: RunProgress, context: CliContext) {
    this.#setup = setup;
    this.#progress = progress;
    this.#context = context;
  }

  async run(): Promise<RunOutcome> {
    const { command, interrupts } = this.#setup;
    const server = await this.#serve();
    let problem: string | undefined;
    try {
      if (command.length === 0) await this.#untilStopped(server);
      else problem = await this.#runCommand(server);
    } finally {
      await Promise.race([server.close(), interrupts.second]);
    }
    const agents = server.agents();
    if (agents.length === 0) {
      const problems = [problem ?? 'nobody came'].map((words) => `${words}, and no case was run`);
      return { agents, problems, untested: true };
    }
    return { agents, problems: problem === undefined ? [] : [problem], untested: false };
  }

  async #serve(): Promise<CaseServer> {
    const { options, serve, interrupts, onResult, onUpdateReports } = this.#setup;
    let server: CaseServer | undefined;
    try {
      server = await serveCases({
        ...options,
        ...serve,
        signal: interrupts.signal,
        onResult: (result, place) => {
          this.#lastCase = performance.now();
          onResult(result, place);
          this.#progress.ended(result, place);
        },
        onUpdateReports: async () => {
          if (server !== undefined) await onUpdateReports(server);
        },
        onRefused: (reason) => this.#progress.print(`refused: ${oneLine(reason)}\n`),
      });
      return server;
    } catch (error) {
      throw cannotServe(error);
    }
  }

  async #untilStopped(server: CaseServer): Promise<void> {
    const { serve, interrupts } = this.#setup;
    const ends = serve.allowStop === true ? 'Ctrl-C and /stopServer end it' : 'Ctrl-C ends it';
    this.#progress.print(`meerkat serves the cases to clients at ${server.url}; ${ends}.\n`);
    await Promise.race([server.stopped, aborted(interrupts.signal), interrupts.second]);
  }

  /** What went wrong, as a sentence. */
  async #runCommand(server: CaseServer): Promise<string | undefined> {
    const { command: words, verbose, interrupts, silence = SILENCE } = this.#setup;
    const command = await ClientCommand.start(words, {
      url: server.url,
      env: this.#context.env,
      onPrinted: verbose ? (lines) => this.#progress.print(lines) : undefined,
    });
    let silent = false;
    const watch = setInterval(
      () => {
        if (Math.min(command.silence, performance.now() - this.#lastCase) < silence) return;
        silent = true;
        void command.end(); // never rejects
      },
      Math.min(silence / 2, 1_000),
    );
    try {
      const { ended } = command;
      const over = Promise.race([ended, server.stopped, aborted(interrupts.signal)]);
      await Promise.race([over, interrupts.second]);
      const endedByUs = command.running;
      const { fine, how, printed } = await Promise.race([command.end(), interrupts.second]);
      if (silent) {
        this.#progress.print(printed);
        return `COMMAND was ended: it ran no case and printed nothing for ${silence / 1_000} s`;
      }
      if (endedByUs) return undefined;
      if (fine && server.agents().length > 0) return undefined;
      this.#progress.print(printed);
      return `COMMAND ${how}`;
    } finally {
      clearInterval(watch);
      command.endAtOnce();
    }
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function cannotServe(error: unknown): unknown {
  if (!(error instanceof CheckError)) return error;
  const { code } = (error.cause ?? {}) as NodeJS.ErrnoException;
  const hint = code === 'EADDRINUSE' ? '; name another port with --port' : '';
  return new CliError(`${error.message}${hint}`, 2, { cause: error });
}
