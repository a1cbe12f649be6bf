import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import {
  type Closed,
  type Connection,
  HandshakeError,
  type Message,
  type ServerHandlers,
  type ServerUpgradeRequest,
  type UpgradeDecision,
} from 'meerkat';
import type { RequestHead } from 'meerkat/protocol';
import type { CliContext } from '../cli-context.ts';
import { CliError } from '../cli-error.ts';
import type { ConnectionIds } from '../serve/connection-ids.ts';
import { isQuitWord } from '../serve/echo.ts';
import { oneLine } from '../terminal/escape-controls.ts';
import { isInteractive, type LineIo } from '../terminal/line-io.ts';
import { paletteFor } from '../terminal/palette.ts';
import { PipeIo } from '../terminal/pipe-io.ts';
import { TerminalIo } from '../terminal/terminal-io.ts';
import { arrivalWords, targetWords } from './arrival-words.ts';
import { type Client, Clients, tally } from './clients.ts';
import { durationWords, leavingWords } from './leaving-words.ts';
import { handshakeLines } from './listing.ts';
import { messageWords } from './message-words.ts';
import { Operator } from './operator.ts';
import { readCommand } from './operator-command.ts';
import { peerLabel } from './peer-label.ts';
import { ReadAhead } from './read-ahead.ts';
import { Transcript } from './transcript.ts';
import { type WaitingRequest, WaitingRoom } from './waiting-room.ts';

/** What an {@link OperatorConsole} is told. */
export interface ConsoleSettings {
  /** Clients wait until the operator lets them in. */
  readonly manualAccept: boolean;
  /** What clients send is sent back to them, too. */
  readonly echo: boolean;
  /** A client that says it is closed with 1000. */
  readonly quitWord: string | undefined;
  /** Of the server, in milliseconds: how long the operator may think. */
  readonly handshakeTimeout: number;
  /** Shows passwords, cookies and tokens in handshakes as they are. @default false */
  readonly showSecrets?: boolean | undefined;
}

/** Characters of a URL or a message of ours in one line. */
const MAX_LENGTH = 200;
/** Milliseconds between two looks at clients whose messages wait to be shown. */
const WATCH_INTERVAL = 250;

/**
 * The person at the keyboard of a server: sees who comes, goes and says what, and takes part. On a terminal with a
 * prompt; in pipes a command a line, the transcript on stdout, a line for each thing that happens.
 */
export class OperatorConsole {
  /** What a WebSocketServer needs of it. They can be called without `this`. */
  readonly handlers: ServerHandlers<unknown>;
  /** Where the log writes whole lines, harmless ones: they go to stderr, on a terminal above the prompt. */
  readonly log: { write(lines: string): void };
  readonly #settings: ConsoleSettings;
  readonly #ids: ConnectionIds;
  readonly #context: CliContext;
  readonly #stop: () => void;
  readonly #io: LineIo;
  readonly #terminal: TerminalIo | undefined;
  readonly #transcript: Transcript;
  readonly #operator: Operator;
  readonly #clients = new Clients();
  readonly #waiting: WaitingRoom;
  /** Requests whose refusal has been told already. */
  readonly #told = new WeakSet<IncomingMessage>();
  #quit = false;
  #problem: CliError | undefined;
  #watch: NodeJS.Timeout | undefined;
  #stopping = false;
  #closed = false;

  /**
   * @param ids - Numbers the sockets, the same as in the log.
   * @param stop - Asks the server to end: `/quit`, Ctrl-C, Ctrl-D on a terminal, an output that nobody reads.
   */
  constructor(
    context: CliContext,
    settings: ConsoleSettings,
    ids: ConnectionIds,
    stop: () => void,
  ) {
    this.#context = context;
    this.#settings = settings;
    this.#ids = ids;
    this.#stop = stop;
    const events = {
      onInterrupt: () => this.#askToStop(),
      onOutputFailed: (error: NodeJS.ErrnoException) => this.#outputFailed(error),
    };
    this.#terminal = isInteractive(context)
      ? new TerminalIo(context, this.#prompt('all'), events)
      : undefined;
    this.#io = this.#terminal ?? new PipeIo(context, events);
    this.#transcript = new Transcript(context, this.#io);
    this.#waiting = new WaitingRoom({
      onGone: (waiting, reason) => this.#requestGone(waiting, reason),
    });
    this.#operator = new Operator({
      io: this.#io,
      transcript: this.#transcript,
      clients: this.#clients,
      waiting: this.#waiting,
      settings,
      onTarget: () => this.#showTarget(),
      onQuit: () => this.#quitServer(),
    });
    this.handlers = {
      ...(settings.manualAccept && { upgrade: (request) => this.#asked(request) }),
      open: (connection, request) => this.#came(connection, request),
      message: (connection, message) => this.#said(connection, message),
      close: (connection, closed) => this.#left(connection, closed),
      refused: (refusal, incoming) => this.#refused(refusal, incoming),
    };
    this.log = { write: (lines) => this.#io.writeError(lines) };
  }

  /** What the program fails with when it has ended: the transcript could not be written. */
  get problem(): CliError | undefined {
    return this.#problem;
  }

  /** Prints whole lines, harmless ones, among the transcript. A promise means that the output is behind. */
  print(text: string): Promise<void> | undefined {
    return this.#io.write(text);
  }

  /** Does what is typed until the input ends. At the end of a pipe the server goes on. Never rejects. */
  async run(): Promise<void> {
    try {
      const typed = new ReadAhead((line) => this.#do(line));
      for await (const lines of this.#io.lines()) {
        if (lines.some(isQuit)) this.#transcript.hurry();
        await typed.add(lines);
        // What follows in a pipe is not for this server; on a terminal Ctrl-C is still waited for.
        if (this.#quit && this.#terminal === undefined) return;
      }
      if (this.#terminal !== undefined) this.#transcript.hurry();
      await typed.done();
    } catch (error) {
      // The input failed, and that is its end; or we did, and without an operator nobody would see it.
      this.#io.note(
        error instanceof CliError ? error.message : `this should not have happened: ${error}`,
      );
      if (!(error instanceof CliError)) this.#stopUnlessAsked();
    }
    if (this.#context.stdin.isTTY === true && !this.#closed) this.#stopUnlessAsked();
  }

  /** Gives the terminal back. What happens from now on is still shown. */
  close(): void {
    this.#closed = true;
    this.#io.endInput();
  }

  // --- what clients do

  #asked(
    request: ServerUpgradeRequest,
  ): Promise<UpgradeDecision<unknown>> | UpgradeDecision<unknown> {
    const { incoming, signal } = request;
    if (this.#waiting.full) return { refuse: 503, body: 'too many wait to be let in\n' };
    if (signal.aborted) return { refuse: 503 };
    const { handshakeTimeout } = this.#settings;
    const waiting: WaitingRequest = {
      id: this.#ids.of(incoming.socket),
      label: this.#labelOf(incoming),
      head: headOf(incoming),
      deadline: performance.now() + handshakeTimeout,
    };
    const { palette } = this.#transcript;
    const decision = this.#waiting.decisionOn(waiting, signal);
    this.#transcript.passing('asked', () =>
      [
        `${palette.cyan(waiting.label)} ${palette.yellow('asks to come in')}${arrivalWords(request, '', this.#settings)}`,
        ...handshakeLines(waiting.head, palette, this.#settings),
        `  /accept ${waiting.id} or /refuse ${waiting.id}, within ${durationWords(handshakeTimeout)} (the client may give up sooner)`,
      ].join('\n'),
    );
    return decision.then((decided) => {
      if ('refuse' in decided) this.#told.add(incoming);
      return decided;
    });
  }

  #came(connection: Connection<unknown>, request: ServerUpgradeRequest): void {
    const { incoming } = request;
    const client: Client = {
      id: this.#ids.of(incoming.socket),
      label: this.#labelOf(incoming),
      connection,
      head: headOf(incoming),
      since: new Date(),
      cameAt: performance.now(),
      received: { messages: 0, octets: 0 },
      sent: { messages: 0, octets: 0 },
      pinged: false,
      unshown: undefined,
    };
    this.#clients.add(client);
    const { palette } = this.#transcript;
    this.#transcript.passing('came', () => {
      const words = arrivalWords(request, connection.protocol, this.#settings);
      return `${palette.cyan(client.label)} ${palette.green('is here')}${words}`;
    });
  }

  /** While the output is behind, the client waits, and is not read from: nothing piles up. */
  async #said(connection: Connection<unknown>, message: Message): Promise<void> {
    const client = this.#clients.of(connection);
    if (client === undefined) return;
    const { quitWord, echo } = this.#settings;
    const { palette, look } = this.#transcript;
    tally(client.received, message);
    const left = new AbortController();
    const shown = this.#transcript.heard(
      () => `${palette.cyan(client.label)} says${messageWords(message, look)}`,
      left.signal,
    );
    if (shown !== undefined) {
      client.unshown = left;
      if (connection.state === 'closed') left.abort();
      else this.#watchWaiting();
      await shown;
      if (left.signal.aborted) return;
      client.unshown = undefined;
    }
    if (isQuitWord(message, quitWord)) {
      connection.close(1000);
      this.#transcript.passing(
        'quit',
        () => `${palette.cyan(client.label)} said the quit word: closing`,
      );
    } else if (echo) await sendBack(client, message);
  }

  /** The library tells that a client is gone when its messages are handled. Those that wait to be shown would be kept. */
  #watchWaiting(): void {
    this.#watch ??= setInterval(() => {
      for (const { connection, unshown } of this.#clients.all) {
        if (connection.state === 'closed') unshown?.abort();
      }
      if (this.#io.blocked) return;
      clearInterval(this.#watch);
      this.#watch = undefined;
    }, WATCH_INTERVAL).unref();
  }

  #left(connection: Connection<unknown>, closed: Closed): void {
    const client = this.#clients.of(connection);
    if (client === undefined) return;
    this.#clients.delete(client);
    const { palette } = this.#transcript;
    this.#transcript.passing(client.unshown === undefined ? 'left' : 'unshown', () => {
      const words = leavingWords(closed, performance.now() - client.cameAt);
      return `${palette.cyan(client.label)} ${palette.yellow('left')}${words}`;
    });
    client.unshown?.abort();
    if (client.id === this.#operator.target) this.#showTarget();
  }

  /** Of a request that waited, `#requestGone` or the operator's own command tells. */
  #refused(refusal: HandshakeError, incoming: IncomingMessage): void {
    const id = this.#ids.of(incoming.socket);
    if (this.#told.has(incoming) || this.#waiting.get(id) !== undefined) return;
    const { palette } = this.#transcript;
    this.#transcript.passing('refused', () => {
      const asked = targetWords(incoming.url ?? '', this.#settings);
      const why = `${refusal.status} ${oneLine(refusal.message, MAX_LENGTH)}`;
      return `${palette.cyan(this.#labelOf(incoming))} ${palette.yellow('was refused')}: ${asked}: ${why}`;
    });
  }

  #requestGone({ label }: WaitingRequest, reason: unknown): void {
    const { palette } = this.#transcript;
    const why =
      reason instanceof HandshakeError && reason.status > 0
        ? `was not let in in time, and got ${reason.status}: ${oneLine(reason.message)}`
        : 'left before it was let in';
    this.#transcript.passing('left', () => `${palette.cyan(label)} ${palette.yellow(why)}`);
  }

  #labelOf({ socket }: IncomingMessage): string {
    return peerLabel(this.#ids.of(socket), socket.remoteAddress, socket.remotePort);
  }

  // --- what the operator does

  #do(line: Uint8Array): Promise<void> | undefined {
    if (this.#quit) return undefined; // typed, or pasted, behind /quit
    if (isUtf8(line)) return this.#operator.do(Buffer.from(line).toString());
    this.#io.note(
      'not sent: the line is not UTF-8, as text has to be; /hex and /file send any octets',
    );
    return undefined;
  }

  #quitServer(): void {
    this.#quit = true;
    this.#askToStop();
  }

  #askToStop(): void {
    this.#stopping = true;
    this.#stop();
  }

  /** A second request would mean that the operator is impatient. */
  #stopUnlessAsked(): void {
    if (!this.#stopping) this.#askToStop();
  }

  #showTarget(): void {
    const { target } = this.#operator;
    const gone = target !== 'all' && this.#clients.get(target) === undefined;
    this.#terminal?.setPrompt(this.#prompt(gone ? `${target} (gone)` : `${target}`));
    if (this.#terminal === undefined && !gone) {
      this.#io.note(`lines without a slash go to ${target === 'all' ? 'everyone' : `#${target}`}`);
    }
  }

  #prompt(target: string): string {
    const { stdout, env } = this.#context;
    return paletteFor(stdout, env).green(`${target}> `);
  }

  #outputFailed(error: NodeJS.ErrnoException): void {
    if (error.code !== 'EPIPE') {
      this.#io.note(`cannot write the output: ${error.message}`);
      this.#problem = new CliError('the transcript is not complete', 1);
    }
    this.#stopUnlessAsked();
  }
}

function isQuit(line: Uint8Array): boolean {
  if (line.length > MAX_LENGTH) return false;
  const command = readCommand(Buffer.from(line).toString());
  return 'does' in command && command.does === 'quit';
}

/** Of a client that sends and does not read, no more is read either. */
async function sendBack({ connection, sent }: Client, message: Message): Promise<void> {
  const result = connection.send(message);
  if (result !== 'dropped') tally(sent, message);
  if (result !== 'sent') await connection.drained();
}

function headOf({ method = '', httpVersion, url = '', rawHeaders }: IncomingMessage): RequestHead {
  return { method, httpVersion, target: url, rawHeaders };
}
