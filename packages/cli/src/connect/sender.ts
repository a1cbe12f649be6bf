import type { CloseFrame, Connection, Message } from 'meerkat';
import { CliError } from '../cli-error.ts';
import { readMessageFile } from '../message-file.ts';
import type { LineIo } from '../terminal/line-io.ts';
import { COMMANDS_HELP, type Entry, messageEntry, readEntry } from './line-command.ts';
import type { LineFormat } from './outgoing-message.ts';
import type { RoundTrips } from './round-trips.ts';

/** What a {@link Sender} is told. */
export interface SenderSettings {
  /** What each line of the input stands for. */
  readonly format: LineFormat;
  /** Whether a line that begins with a slash is a command. */
  readonly commands: boolean;
}

/** What a {@link Sender} works with. */
export interface SenderSetup extends SenderSettings {
  readonly connection: Connection;
  readonly io: LineIo;
  readonly roundTrips: RoundTrips;
  /** Aborted when the user wants it to end, or it has ended. */
  readonly over: AbortSignal;
  /** Whether this side ended it, for whatever reason: what cannot be sent then is no failure. */
  hungUp(): boolean;
  /** `/close`. */
  close(frame: CloseFrame | undefined): void;
}

/** Sends messages, and does what the lines of the input say. */
export class Sender {
  readonly #setup: SenderSetup;
  #sent = 0;
  #problem: CliError | undefined;

  constructor(setup: SenderSetup) {
    this.#setup = setup;
  }

  /** Messages sent. */
  get sent(): number {
    return this.#sent;
  }

  /** The first reason why something was not sent. */
  get problem(): CliError | undefined {
    return this.#problem;
  }

  /** Does what each line says, until the input ends or a command ends it. */
  async sendLines(): Promise<void> {
    const { io, format, commands, over } = this.#setup;
    const read = commands ? readEntry : messageEntry;
    let number = 0;
    for await (const lines of io.lines()) {
      for (const line of lines) {
        number += 1;
        const goOn = await this.#obey(read(line, format), number);
        if (!goOn || over.aborted) return;
      }
    }
  }

  /** Sends one message after the other, as fast as they are taken. */
  async sendAll(messages: readonly Message[]): Promise<void> {
    for (const message of messages) {
      if (!(await this.#send(message))) return;
    }
  }

  /** @returns Whether more lines are wanted. */
  async #obey(entry: Entry, number: number): Promise<boolean> {
    const { io, roundTrips, close } = this.#setup;
    switch (entry.kind) {
      case 'message':
        return await this.#send(entry.message);
      case 'file':
        return await this.#sendFile(entry.path, number);
      case 'ping':
        roundTrips.once(entry.payload);
        return true;
      case 'close':
        close(entry.close);
        return false;
      case 'help':
        for (const line of COMMANDS_HELP) io.note(line);
        return true;
      case 'quit':
        io.endInput();
        return false;
      case 'wrong':
        this.#refuse(entry.problem, number);
        return true;
    }
  }

  async #sendFile(path: string, number: number): Promise<boolean> {
    const read = await readMessageFile(path);
    if ('octets' in read) return await this.#send(read.octets);
    this.#refuse(read.problem, number);
    return true;
  }

  /** @returns Whether more can be sent. */
  async #send(message: Message): Promise<boolean> {
    const { connection, hungUp } = this.#setup;
    const result = connection.send(message);
    if (result === 'dropped') {
      // Never for a full queue, which is waited for: the connection is closing.
      if (!hungUp()) {
        this.#problem ??= new CliError('it was closed before everything was sent', 1);
      }
      return false;
    }
    this.#sent += 1;
    if (result === 'queued') await connection.drained();
    return true;
  }

  /** On a terminal the user sees it and types the line again; a script has to be told at the end. */
  #refuse(problem: string, number: number): void {
    const { io } = this.#setup;
    if (io.interactive) {
      io.note(`not sent: ${problem}`);
      return;
    }
    io.note(`line ${number} was not sent: ${problem}`);
    this.#problem ??= new CliError('not every line was sent', 1);
  }
}
