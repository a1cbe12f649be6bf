import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import {
  type Closed,
  type Connection,
  type ConnectOptions,
  connect,
  HandshakeError,
  type Message,
  UsageError,
} from 'meerkat';
import type { CliContext } from '../cli-context.ts';
import { CliError } from '../cli-error.ts';
import { isInteractive, type LineIo } from '../terminal/line-io.ts';
import { paletteFor } from '../terminal/palette.ts';
import { PipeIo } from '../terminal/pipe-io.ts';
import { TerminalIo } from '../terminal/terminal-io.ts';
import { describeClosed, type GivenUp } from './closing-report.ts';
import { describeHandshakeError } from './handshake-report.ts';
import { MessageView, type ViewSettings } from './message-view.ts';
import { type LineFormat, messageOf } from './outgoing-message.ts';

/** What a session is told. */
export interface SessionSettings extends ViewSettings {
  readonly url: URL;
  readonly dial: Pick<
    ConnectOptions,
    'headers' | 'subprotocols' | 'tls' | 'handshakeTimeout' | 'maxMessageBytes'
  >;
  /** What each line of the input stands for. */
  readonly format: LineFormat;
  /** Sent in place of the input; undefined where the input is sent. */
  readonly messages: readonly Message[] | undefined;
  /** Milliseconds to go on listening after the last message was sent, Infinity for ever. @default 0 */
  readonly wait: number | undefined;
  /** Of our Close frame. */
  readonly close: { readonly code: number; readonly reason: string };
  /** Milliseconds of silence after which a closing handshake is given up. */
  readonly closeTimeout: number;
}

/** The longest that the library waits; the session itself notices sooner when nothing moves any more. */
const A_DAY = 86_400_000;

/**
 * Dials, sends what the user gives, shows what the server sends, closes, and says how it ended.
 *
 * @throws {@link CliError} when it did not end well.
 */
export async function runSession(settings: SessionSettings, context: CliContext): Promise<void> {
  await new Session(settings, context).run();
}

class Session {
  readonly #settings: SessionSettings;
  readonly #context: CliContext;
  readonly #io: LineIo;
  readonly #view: MessageView;
  /** Aborted when the user wants it to end, or it has ended. */
  readonly #over = new AbortController();
  #connection: Connection | undefined;
  /** The user ended it, or whoever read the output. */
  #hungUp = false;
  #givenUp: GivenUp;
  /** What went wrong on our side, said after how the connection ended. */
  #problem: CliError | undefined;
  #sent = 0;
  #received = 0;
  #deadline: NodeJS.Timeout | undefined;

  constructor(settings: SessionSettings, context: CliContext) {
    this.#settings = settings;
    this.#context = context;
    const events = {
      onInterrupt: () => this.#interrupted(),
      onOutputFailed: (error: NodeJS.ErrnoException) => this.#outputFailed(error),
    };
    this.#io =
      isInteractive(context) && settings.messages === undefined
        ? new TerminalIo(context, paletteFor(context.stdout, context.env).green('> '), events)
        : new PipeIo(context, events);
    this.#view = new MessageView(context, this.#io, settings);
  }

  async run(): Promise<void> {
    const ignoreSignals = this.#context.onInterrupt(() => this.#interrupted());
    try {
      const connection = await this.#dial();
      this.#connection = connection;
      this.#greet(connection);
      const unwatch = this.#watchTheEnd(connection);
      const talking = this.#talk(connection);
      const closed = await connection.closed;
      unwatch();
      clearTimeout(this.#deadline);
      this.#over.abort();
      this.#io.endInput();
      await talking;
      this.#report(closed);
    } finally {
      ignoreSignals();
    }
  }

  async #dial(): Promise<Connection> {
    const { url, dial } = this.#settings;
    if (dial.tls?.rejectUnauthorized === false) {
      this.#io.note('WARNING: the certificate is not verified; anybody may be at the other end');
    }
    try {
      return await connect(url, {
        ...dial,
        closeTimeout: A_DAY,
        signal: this.#over.signal,
        message: (_connection, message) => this.#receive(message),
      });
    } catch (error) {
      if (error instanceof UsageError) throw new CliError(error.message, 2, { cause: error });
      if (!(error instanceof HandshakeError)) throw error;
      throw new CliError(describeHandshakeError(error, shown(url)), 1, { cause: error });
    }
  }

  #greet(connection: Connection): void {
    const { stdin } = this.#context;
    const { dial, messages } = this.#settings;
    const { url, protocol } = connection;
    if (stdin.isTTY === true && messages === undefined) {
      const agreed = protocol === '' ? '' : `, subprotocol ${protocol}`;
      this.#io.note(`connected to ${url}${agreed}; Ctrl-D or Ctrl-C closes`);
    }
    if (protocol === '' && (dial.subprotocols ?? []).length > 0) {
      this.#io.note('the server chose none of the subprotocols');
    }
  }

  /** Sends everything there is to send, waits as told, and closes. Never rejects. */
  async #talk(connection: Connection): Promise<void> {
    const { messages, close } = this.#settings;
    try {
      if (messages === undefined) await this.#sendLines(connection);
      else await this.#sendAll(connection, messages);
      await this.#wait();
    } catch (error) {
      this.#problem ??= error instanceof CliError ? error : new CliError(String(error), 1);
    }
    connection.close(close.code, close.reason);
  }

  async #sendLines(connection: Connection): Promise<void> {
    let number = 0;
    for await (const lines of this.#io.lines()) {
      const messages: Message[] = [];
      for (const line of lines) {
        number += 1;
        const parsed = messageOf(line, this.#settings.format);
        if ('message' in parsed) messages.push(parsed.message);
        else this.#refuseLine(number, parsed.problem);
      }
      await this.#sendAll(connection, messages);
      if (this.#over.signal.aborted) return;
    }
  }

  /** On a terminal the user sees it and types the line again; a script has to be told at the end. */
  #refuseLine(number: number, problem: string): void {
    if (this.#io.interactive) {
      this.#io.note(`not sent: ${problem}`);
      return;
    }
    this.#io.note(`line ${number} was not sent: ${problem}`);
    this.#problem ??= new CliError('not every line was sent', 1);
  }

  async #sendAll(connection: Connection, messages: readonly Message[]): Promise<void> {
    for (const message of messages) {
      const result = connection.send(message);
      if (result === 'dropped') {
        // Never for a full queue, which is waited for: the connection is closing.
        if (!this.#hungUp) {
          this.#problem ??= new CliError('it was closed before everything was sent', 1);
        }
        return;
      }
      this.#sent += 1;
      if (result === 'queued') await connection.drained();
    }
  }

  async #wait(): Promise<void> {
    const { signal } = this.#over;
    const { wait = 0 } = this.#settings;
    if (signal.aborted || wait === 0) return;
    try {
      if (wait === Infinity) await once(signal, 'abort');
      else await delay(wait, undefined, { signal });
    } catch {
      // it is over
    }
  }

  #receive(message: Message): Promise<void> | undefined {
    this.#received += 1;
    return this.#view.show(message);
  }

  /**
   * Gives up a closing handshake in which nothing moves: no message, no octet out, no output that is behind. The
   * library's own limit would count the time in which a slow reader keeps us from reading on, and lose answers.
   */
  #watchTheEnd(connection: Connection): () => void {
    let before = '';
    const timer = setInterval(() => {
      const now = `${connection.state} ${this.#received} ${connection.queuedBytes}`;
      const still = connection.state !== 'open' && !this.#io.blocked && now === before;
      before = now;
      if (still) this.#giveUp(connection, 'silence');
    }, this.#settings.closeTimeout);
    return () => clearInterval(timer);
  }

  #giveUp(connection: Connection, why: GivenUp): void {
    this.#givenUp ??= why;
    connection.terminate();
  }

  /** Ctrl-C, or a signal: closes politely; when it is closing already, at once. */
  #interrupted(): void {
    const connection = this.#connection;
    if (connection === undefined || connection.state === 'open') this.#hangUp();
    else this.#giveUp(connection, 'interrupt');
  }

  #hangUp(): void {
    const { code, reason } = this.#settings.close;
    this.#hungUp = true;
    this.#over.abort();
    this.#io.endInput();
    this.#connection?.close(code, reason);
  }

  /** Whoever read our output has left. */
  #outputFailed(error: NodeJS.ErrnoException): void {
    if (error.code !== 'EPIPE') {
      this.#problem ??= new CliError(`cannot write the output: ${error.message}`, 1);
    }
    this.#hangUp();
    this.#deadline ??= setTimeout(() => {
      if (this.#connection !== undefined) this.#giveUp(this.#connection, 'silence');
    }, this.#settings.closeTimeout).unref();
  }

  #report(closed: Closed): void {
    const { line, fine } = describeClosed(closed, this.#givenUp);
    if (!fine) {
      if (this.#problem !== undefined) this.#io.note(this.#problem.message);
      throw new CliError(line, 1);
    }
    this.#io.note(line);
    if (this.#problem !== undefined) throw this.#problem;
    if (this.#wasImpatient(closed)) {
      this.#io.note('nothing came before the close; --wait SECONDS goes on listening for answers');
    }
  }

  /** Whether our own Close, which nobody asked for, may have kept the server from answering. */
  #wasImpatient({ by }: Closed): boolean {
    if (by !== 'local' || this.#hungUp || this.#settings.wait !== undefined) return false;
    return !this.#io.interactive && this.#sent > 0 && this.#received === 0;
  }
}

/** A URL without the password in it. */
function shown({ protocol, host, pathname, search }: URL): string {
  return `${protocol}//${host}${pathname}${search}`;
}
