import { PassThrough, Writable } from 'node:stream';
import type { CliContext, OutputStream } from '../../src/cli-context.ts';
import { main } from '../../src/main.ts';

/** Keeps what is written to it. */
export class Collector extends Writable implements OutputStream {
  readonly isTTY: boolean;
  readonly columns: number = 60;
  readonly #chunks: Buffer[] = [];

  constructor(isTTY: boolean) {
    super();
    this.isTTY = isTTY;
  }

  get octets(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  get text(): string {
    return this.octets.toString();
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#chunks.push(chunk);
    this.emit('written');
    done();
  }
}

/** What of a process is a terminal. */
export interface Terminals {
  readonly stdin?: boolean;
  readonly stdout?: boolean;
}

/** `meerkat`, run inside the test with streams that are made for it. */
export class Command {
  readonly stdin: PassThrough & { isTTY?: boolean } = new PassThrough();
  readonly stdout: OutputStream;
  readonly stderr: Collector;
  readonly #out: Collector;
  readonly #interrupts = new Set<() => void>();

  /** @param stdout - In place of one that keeps everything. */
  constructor(terminals: Terminals = {}, stdout?: OutputStream) {
    this.stdin.isTTY = terminals.stdin === true;
    this.#out = new Collector(terminals.stdout === true);
    this.stdout = stdout ?? this.#out;
    this.stderr = new Collector(false);
  }

  /** Runs it; resolves with the exit code. */
  run(...args: readonly string[]): Promise<number> {
    const { stdin, stdout, stderr } = this;
    const context: CliContext = {
      stdin,
      stdout,
      stderr,
      env: {},
      onInterrupt: (listener) => {
        this.#interrupts.add(listener);
        return () => this.#interrupts.delete(listener);
      },
    };
    return main(args, context);
  }

  /** What was printed. */
  get output(): string {
    return this.#out.text;
  }

  get outputOctets(): Buffer {
    return this.#out.octets;
  }

  /** What went to stderr. */
  get errors(): string {
    return this.stderr.text;
  }

  /** Sends SIGINT. */
  interrupt(): void {
    for (const listener of [...this.#interrupts]) listener();
  }

  /** Resolves when the output holds what is waited for. */
  async until(holds: (output: string) => boolean): Promise<void> {
    while (!holds(this.output)) {
      await new Promise<void>((resolve) => {
        this.#out.once('written', resolve);
      });
    }
  }
}

/** Runs `meerkat` with `input` in a pipe, to its end. */
export async function pipe(
  input: string | Uint8Array,
  ...args: readonly string[]
): Promise<{ code: number; output: string; octets: Buffer; errors: string }> {
  const command = new Command();
  command.stdin.end(input);
  const code = await command.run(...args);
  const { output, outputOctets: octets, errors } = command;
  return { code, output, octets, errors };
}
