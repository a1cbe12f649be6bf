import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Everything that runs because of us: none of it may outlive this process. */
const running = new Set();

process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
]) {
  process.on(signal, () => process.exit(code));
}

/** A program that was started, and what it printed. */
export class Child {
  stdout = '';
  stderr = '';
  #process;
  #ended;

  constructor([command, ...args], env = {}) {
    this.#process = spawn(command, args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    running.add(this.#process);
    this.#ended = this.#whenEnded();
    this.#process.stdout.setEncoding('utf8').on('data', (text) => {
      this.stdout += text;
    });
    this.#process.stderr.setEncoding('utf8').on('data', (text) => {
      this.stderr = (this.stderr + text).slice(-10_000);
    });
  }

  get pid() {
    return this.#process.pid;
  }

  /** Resolves with a match in what it prints; throws when it ends, or `milliseconds` pass, before. */
  async prints(pattern, milliseconds) {
    const over = AbortSignal.timeout(milliseconds);
    try {
      for (;;) {
        const match = pattern.exec(this.stdout);
        if (match !== null) return match;
        const told = once(this.#process.stdout, 'data', { signal: over });
        await Promise.race([told, this.#ended.then((how) => Promise.reject(this.#failure(how)))]);
      }
    } catch (error) {
      throw over.aborted ? this.#failure(`printed no ${pattern} in ${milliseconds} ms`) : error;
    }
  }

  /** Resolves with what it printed when it ends with 0; throws when it ends otherwise, or takes longer. */
  async result(milliseconds) {
    let over = false;
    const timer = setTimeout(() => {
      over = true;
      this.#process.kill('SIGKILL');
    }, milliseconds);
    const how = await this.#ended;
    clearTimeout(timer);
    if (over) throw this.#failure(`was not done in ${milliseconds} ms`);
    if (how !== 'ended with 0') throw this.#failure(how);
    return this.stdout;
  }

  /** Sends it a signal. */
  signal(name) {
    this.#process.kill(name);
  }

  /** Ends it, and waits until it has. */
  async end() {
    this.#process.kill('SIGKILL');
    await this.#ended;
  }

  async #whenEnded() {
    try {
      const [code, signal] = await once(this.#process, 'close');
      return `ended with ${code ?? signal}`;
    } catch (error) {
      return `could not be started: ${error.message}`;
    } finally {
      running.delete(this.#process);
    }
  }

  #failure(how) {
    const lines = this.stderr.split('\n').filter((line) => line.trim() !== '');
    // Of a stack trace the line that says what happened.
    const told = lines.find((line) => /error|:\s/i.test(line)) ?? lines[0] ?? '';
    return new Error(told === '' ? how : `${how}: ${told.trim()}`);
  }
}
