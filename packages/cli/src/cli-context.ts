import process from 'node:process';
import type { Readable, Writable } from 'node:stream';

/** Where input comes from. */
export type InputStream = Readable & { readonly isTTY?: boolean | undefined };

/** Where output goes. */
export type OutputStream = Writable & {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
};

/**
 * What a command has of the process around it, so that tests can give it another one. A command that fails throws a
 * `CliError`; one that returns ended well.
 */
export interface CliContext {
  readonly stdin: InputStream;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly env: Readonly<NodeJS.ProcessEnv>;
  /** Calls `listener` for each SIGINT, SIGTERM and SIGHUP (the terminal is gone) until the returned function is called. */
  onInterrupt(listener: () => void): () => void;
}

/** The signals that ask a program to end. */
const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The process that this program is. */
export function processContext(): CliContext {
  return {
    // Getters: Node makes these streams when they are first asked for.
    get stdin() {
      return process.stdin;
    },
    get stdout() {
      return process.stdout;
    },
    get stderr() {
      return process.stderr;
    },
    env: process.env,
    onInterrupt(listener) {
      const onSignal = (): void => listener();
      for (const signal of ENDING) process.on(signal, onSignal);
      return () => {
        for (const signal of ENDING) process.off(signal, onSignal);
      };
    },
  };
}
