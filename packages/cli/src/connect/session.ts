import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import {
  type Closed,
  type CloseFrame,
  type Connection,
  type ConnectOptions,
  connect,
  HandshakeError,
  type Message,
  UsageError,
} from 'meerkat';
import type { CliContext } from '../cli-context.ts';
import { CliError } from '../cli-error.ts';
import { redactTarget } from '../handshake/secrets.ts';
import { isInteractive, type LineIo } from '../terminal/line-io.ts';
import { paletteFor } from '../terminal/palette.ts';
import { PipeIo } from '../terminal/pipe-io.ts';
import { TerminalIo } from '../terminal/terminal-io.ts';
import { describeClosed, type GivenUp } from './closing-report.ts';
import { DialView, type DialViewSettings } from './dial-view.ts';
import { describeHandshakeError } from './handshake-report.ts';
import { MessageView, type ViewSettings } from './message-view.ts';
import { RoundTrips } from './round-trips.ts';
import { Sender, type SenderSettings } from './sender.ts';

/** What a session is told. */
export interface SessionSettings extends ViewSettings, SenderSettings, DialViewSettings {
  readonly url: URL;
  readonly dial: Pick<
    ConnectOptions,
    | 'headers'
    | 'subprotocols'
    | 'tls'
    | 'socketPath'
    | 'handshakeTimeout'
    | 'maxMessageBytes'
    | 'compression'
  >;
  /** Sent in place of the input; undefined where the input is sent. */
  readonly messages: readonly Message[] | undefined;
  /**
   * Milliseconds to go on listening after the last message was sent, Infinity for ever.
   *
   * @default 0; Infinity with a `count`
   */
  readonly wait: number | undefined;
  /** Messages received after which it closes. @default none */
  readonly count: number | undefined;
  /** Milliseconds between Pings. @default none are sent */
  readonly pingInterval: number | undefined;
  /** Of our Close frame. */
  readonly close: CloseFrame;
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
  readonly #dialView: DialView;
  /** Aborted when the user wants it to end, or it has ended. */
  readonly #over = new AbortController();
  /** Aborted when the user wants to wait for nothing any more. */
  readonly #impatient = new AbortController();
  #connection: Connection | undefined;
  /** This side ended it: the user, whoever read the output, or the count. */
  #hungUp = false;
  /** Nothing is left of the connection. */
  #ended = false;
  /** Whoever read the output has left. */
  #unread = false;
  #givenUp: GivenUp;
  /** What went wrong on our side, said after how the connection ended. */
  #problem: CliError | undefined;
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
    this.#dialView = new DialView(settings, context, this.#io, ({ message }) => {
      this.#io.note(`cannot write the dump: ${message}`);
      this.#problem ??= new CliError('the dump is not complete', 1);
    });
  }

  async run(): Promise<void> {
    const ignoreSignals = this.#context.onInterrupt(() => this.#interrupted());
    try {
      await orAborted(this.#dialView.open(), this.#over.signal);
      const connection = await this.#dial();
      this.#connection = connection;
      this.#greet(connection);
      await this.#converse(connection);
    } finally {
      ignoreSignals();
      await this.#closeView();
    }
  }

  /** Whoever should read a dump may never do so. */
  async #closeView(): Promise<void> {
    await orAborted(this.#dialView.close(), this.#impatient.signal);
  }

  async #dial(): Promise<Connection> {
    const { url, dial } = this.#settings;
    if (dial.tls?.rejectUnauthorized === false) {
      this.#io.note('WARNING: the certificate is not verified; anybody may be at the other end');
    }
    try {
      return await connect(url, {
        ...dial,
        createConnection: this.#dialView.createConnection,
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
    const { url, dial, messages } = this.#settings;
    const { protocol, extensions } = connection;
    if (stdin.isTTY === true && messages === undefined) {
      const agreed = protocol === '' ? '' : `, subprotocol ${protocol}`;
      const compressed = extensions === '' ? '' : ', compressed';
      this.#io.note(`connected to ${shown(url)}${agreed}${compressed}; /help, Ctrl-D closes`);
    }
    if (protocol === '' && (dial.subprotocols ?? []).length > 0) {
      this.#io.note('the server chose none of the subprotocols');
    }
  }

  /** From the open connection to its end. */
  async #converse(connection: Connection): Promise<void> {
    const { format, commands, pingInterval } = this.#settings;
    const roundTrips = new RoundTrips(connection, (text) => this.#io.note(text));
    const sender = new Sender({
      format,
      commands,
      connection,
      io: this.#io,
      roundTrips,
      over: this.#over.signal,
      hungUp: () => this.#hungUp,
      close: (frame) => this.#hangUp(frame),
    });
    const unwatch = this.#watchTheEnd(connection);
    if (pingInterval !== undefined) roundTrips.begin(pingInterval);
    const talking = this.#talk(connection, sender);
    const closed = await connection.closed;
    this.#ended = true;
    unwatch();
    clearTimeout(this.#deadline);
    this.#over.abort();
    this.#io.endInput();
    await talking;
    const measured = await roundTrips.end();
    if (measured !== undefined) this.#io.note(measured);
    await this.#closeView(); // its failure is part of the report
    this.#report(closed, sender);
  }

  /** Sends everything there is to send, waits as told, and closes. Never rejects. */
  async #talk(connection: Connection, sender: Sender): Promise<void> {
    const { messages, close } = this.#settings;
    try {
      if (messages === undefined) await sender.sendLines();
      else await sender.sendAll(messages);
      await this.#wait();
    } catch (error) {
      this.#problem ??= error instanceof CliError ? error : new CliError(String(error), 1);
    }
    connection.close(close.code, close.reason);
  }

  async #wait(): Promise<void> {
    const { signal } = this.#over;
    const { count, wait = count === undefined ? 0 : Infinity } = this.#settings;
    if (signal.aborted || wait === 0) return;
    try {
      if (wait === Infinity) await once(signal, 'abort');
      else await delay(wait, undefined, { signal });
    } catch {
      // it is over
    }
  }

  #receive(message: Message): Promise<void> | undefined {
    const { count = Infinity } = this.#settings;
    if (this.#received >= count) return undefined; // on its way when our Close left
    this.#received += 1;
    const behind = this.#view.show(message);
    if (this.#received === count) this.#hangUp();
    return behind;
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
    else if (this.#ended) this.#impatient.abort();
    else this.#giveUp(connection, 'interrupt');
  }

  #hangUp({ code, reason }: CloseFrame = this.#settings.close): void {
    this.#hungUp = true;
    this.#over.abort();
    this.#io.endInput();
    this.#connection?.close(code, reason);
  }

  /** Whoever read our output has left. */
  #outputFailed(error: NodeJS.ErrnoException): void {
    this.#unread = true;
    if (error.code !== 'EPIPE') {
      this.#problem ??= new CliError(`cannot write the output: ${error.message}`, 1);
    }
    this.#hangUp();
    this.#deadline ??= setTimeout(() => {
      if (this.#connection !== undefined) this.#giveUp(this.#connection, 'silence');
    }, this.#settings.closeTimeout).unref();
  }

  #report(closed: Closed, sender: Sender): void {
    const { line, fine } = describeClosed(closed, this.#givenUp);
    const problem = this.#problem ?? sender.problem ?? this.#tooFew();
    if (!fine) {
      if (problem !== undefined) this.#io.note(problem.message);
      throw new CliError(line, 1);
    }
    this.#io.note(line);
    if (problem !== undefined) throw problem;
    if (this.#wasImpatient(closed, sender)) {
      this.#io.note('nothing came before the close; --wait SECONDS goes on listening for answers');
    }
  }

  /** Fewer messages than `--count` came, and somebody would have read them. */
  #tooFew(): CliError | undefined {
    const { count = 0 } = this.#settings;
    if (this.#received >= count || this.#unread) return undefined;
    const what = count === 1 ? 'message' : 'messages';
    return new CliError(`only ${this.#received} of ${count} ${what} came before the end`, 1);
  }

  /** Whether our own Close, which nobody asked for, may have kept the server from answering. */
  #wasImpatient({ by }: Closed, { sent }: Sender): boolean {
    if (by !== 'local' || this.#hungUp || this.#settings.wait !== undefined) return false;
    return !this.#io.interactive && sent > 0 && this.#received === 0;
  }
}

/** Resolves with `work`, or when `signal` fires. */
async function orAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const done = new AbortController();
  const aborted = once(signal, 'abort', { signal: done.signal }).catch(() => {});
  try {
    await Promise.race([work, aborted]);
  } finally {
    done.abort();
  }
}

/** A URL without credentials in it: what is printed ends in logs. */
function shown({ protocol, host, pathname, search }: URL): string {
  return redactTarget(`${protocol}//${host}${pathname}${search}`);
}
