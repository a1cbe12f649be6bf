import { type Message, UsageError } from 'meerkat';
import type { AnnotationOptions } from '../handshake/head-annotations.ts';
import { readMessageFile } from '../message-file.ts';
import type { LineIo } from '../terminal/line-io.ts';
import { type Client, type Clients, tally } from './clients.ts';
import { helpLines } from './help-text.ts';
import { closeWords } from './leaving-words.ts';
import { clientLines, listLines, waitingLines } from './listing.ts';
import { messageWords } from './message-words.ts';
import {
  type Misunderstood,
  type OperatorCommand,
  readCommand,
  type Target,
} from './operator-command.ts';
import { listIds } from './peer-label.ts';
import type { Transcript } from './transcript.ts';
import type { WaitingRequest, WaitingRoom } from './waiting-room.ts';

/** Octets of the largest file that is sent. */
const MAX_FILE_BYTES = 16 * 1_048_576;

/** What an {@link Operator} is told. */
interface OperatorSettings extends AnnotationOptions {
  /** Whether clients wait to be let in at all. */
  readonly manualAccept: boolean;
}

/** What an {@link Operator} works with. */
export interface OperatorSetup {
  readonly io: LineIo;
  readonly transcript: Transcript;
  readonly clients: Clients;
  readonly waiting: WaitingRoom;
  readonly settings: OperatorSettings;
  /** Lines without a slash go to somebody else from now on. */
  onTarget(): void;
  /** The operator ends the server. */
  onQuit(): void;
}

/**
 * Does what the operator types. A line that cannot be done is answered with one line that says why, and does nothing at
 * all.
 */
export class Operator {
  readonly #setup: OperatorSetup;
  #target: Target = 'all';

  constructor(setup: OperatorSetup) {
    this.#setup = setup;
  }

  /** Whom lines without a slash go to. */
  get target(): Target {
    return this.#target;
  }

  /** A promise means that it is not done yet, or that the output is behind. */
  do(line: string): Promise<void> | undefined {
    const command = readCommand(line);
    try {
      return this.#do(command);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      return this.#explain(error.message); // thrown before any effect
    }
  }

  #do(command: OperatorCommand | Misunderstood): Promise<void> | undefined {
    if ('problem' in command) return this.#explain(command.problem);
    switch (command.does) {
      case 'nothing':
        return undefined;
      case 'list':
        return this.#list();
      case 'target':
        return this.#aim(command.to);
      case 'say':
        return this.#send(command.to ?? this.#target, command.text);
      case 'sendOctets':
        return this.#send(command.to, command.octets);
      case 'sendFile':
        return this.#sendFile(command.to, command.path);
      case 'ping':
        return this.#ping(command.to, command.text);
      case 'close':
        return this.#close(command.to, command.code, command.reason);
      case 'kick':
        return this.#kick(command.to);
      case 'accept':
        return this.#accept(command.who);
      case 'refuse':
        return this.#refuse(command.who, command.status, command.text);
      case 'show':
        return this.#show(command.id);
      case 'help':
        return this.#setup.transcript.print(() => helpLines(command.topic));
      case 'quit':
        return this.#quit();
    }
  }

  #quit(): undefined {
    this.#setup.onQuit();
  }

  #explain(problem: string): undefined {
    this.#setup.io.note(problem);
  }

  // --- whom it is for

  /** Those that can be sent to; what keeps them from it is explained. */
  #receivers(to: Target): readonly Client[] {
    const open = this.#everyone(to).filter(({ connection }) => connection.state === 'open');
    if (to !== 'all' && open.length === 0 && this.#setup.clients.get(to) !== undefined) {
      this.#explain(`#${to} is closing already; /kick ${to} ends it at once`);
    } else if (to === 'all' && open.length === 0) this.#explain('nobody is here');
    return open;
  }

  /** Those that are here, closing ones too; that one of them is not is explained. */
  #everyone(to: Target): readonly Client[] {
    const { clients, waiting } = this.#setup;
    if (to === 'all') return clients.all;
    const client = clients.get(to);
    if (client !== undefined) return [client];
    if (waiting.get(to) !== undefined) this.#explain(`#${to} waits to be let in: /accept ${to}`);
    else if (to === this.#target) this.#explain(`#${to} is not here any more; /to all, or another`);
    else this.#explain(`there is no client #${to}; /list shows who is here`);
    return [];
  }

  // --- to clients

  #aim(to: Target): undefined {
    if (to !== 'all' && this.#everyone(to).length === 0) return;
    this.#target = to;
    this.#setup.onTarget();
  }

  #send(to: Target, message: Message): Promise<void> | undefined {
    const receivers = this.#receivers(to);
    const reached: number[] = [];
    const slow: number[] = [];
    const full: number[] = [];
    for (const { id, connection, sent } of receivers) {
      const result = connection.send(message);
      if (result === 'dropped') {
        full.push(id);
        continue;
      }
      tally(sent, message);
      reached.push(id);
      if (result === 'queued') slow.push(id);
    }
    const behind =
      reached.length > 0 ? this.#recordSaid(to, reached, receivers.length, message) : undefined;
    if (slow.length > 0) this.#explain(`still queued, reading slowly: ${listIds(slow)}`);
    if (full.length > 0) {
      this.#explain(`NOT sent to ${listIds(full)}: too much is queued there already`);
    }
    return behind;
  }

  #recordSaid(
    to: Target,
    reached: readonly number[],
    all: number,
    message: Message,
  ): Promise<void> | undefined {
    const { transcript } = this.#setup;
    const { palette, look } = transcript;
    const whom = reached.length === all ? `all (${all})` : `${reached.length} of ${all}`;
    const said = palette.bold(`you said to ${to === 'all' ? whom : `#${to}`}`);
    return transcript.record(() => said + messageWords(message, look));
  }

  async #sendFile(to: Target, path: string): Promise<void> {
    if (this.#receivers(to).length === 0) return;
    const file = await readMessageFile(path, MAX_FILE_BYTES);
    if ('problem' in file) this.#explain(`not sent: ${file.problem}`);
    else await this.#send(to, file.octets); // whoever is here now: reading takes its time
  }

  #ping(to: Target, text: string | undefined): undefined {
    const { transcript } = this.#setup;
    const payload = text === undefined ? undefined : Buffer.from(text);
    const receivers = this.#receivers(to);
    const busy = receivers.filter(({ pinged }) => pinged).map(({ id }) => id);
    for (const client of receivers) {
      if (client.pinged) continue;
      const answered = (words: string): void => {
        client.pinged = false;
        transcript.passing('answered', () => `${transcript.palette.cyan(client.label)} ${words}`);
      };
      const pong = client.connection.ping(payload);
      client.pinged = true;
      // Neither can fail.
      void pong.then(
        (milliseconds) => answered(`answered the ping after ${milliseconds.toFixed(1)} ms`),
        () => answered('went without answering the ping'),
      );
    }
    if (busy.length > 0) this.#explain(`${listIds(busy)} still owes a Pong: not pinged again`);
  }

  #close(to: Target, code: number, reason: string): Promise<void> | undefined {
    const receivers = this.#receivers(to);
    for (const { connection } of receivers) connection.close(code, reason);
    return this.#recordDone('you close', receivers, ` with ${closeWords(code, reason)}`);
  }

  #kick(to: Target): Promise<void> | undefined {
    const receivers = this.#everyone(to);
    if (to === 'all' && receivers.length === 0) return this.#explain('nobody is here');
    const behind = this.#recordDone('you kick', receivers, '');
    for (const { connection } of receivers) connection.terminate();
    return behind;
  }

  #recordDone(
    what: string,
    whom: readonly { readonly id: number }[],
    how: string,
  ): Promise<void> | undefined {
    if (whom.length === 0) return undefined;
    const { transcript } = this.#setup;
    const ids = listIds(whom.map(({ id }) => id));
    return transcript.record(() => `${transcript.palette.bold(`${what} ${ids}`)}${how}`);
  }

  // --- who waits

  #chosen(who: Target | 'oldest'): readonly WaitingRequest[] {
    const { waiting, clients, settings } = this.#setup;
    if (!settings.manualAccept) {
      this.#explain('clients come in by themselves; with --manual-accept they wait to be let in');
      return [];
    }
    if (typeof who === 'number') {
      const one = waiting.get(who);
      if (one !== undefined) return [one];
      const here = clients.get(who) !== undefined;
      this.#explain(here ? `#${who} is here already` : `no #${who} waits; /list shows who does`);
      return [];
    }
    const all = waiting.all;
    if (all.length === 0) this.#explain('nobody waits to be let in');
    return who === 'all' ? all : all.slice(0, 1);
  }

  #accept(who: Target | 'oldest'): Promise<void> | undefined {
    const { waiting } = this.#setup;
    const chosen = this.#chosen(who);
    const behind = this.#recordDone('you let', chosen, ' in');
    for (const one of chosen) waiting.accept(one);
    this.#tellMore(who);
    return behind;
  }

  #refuse(
    who: Target | 'oldest',
    status: number,
    text: string | undefined,
  ): Promise<void> | undefined {
    const { waiting } = this.#setup;
    const chosen = this.#chosen(who);
    const behind = this.#recordDone('you refuse', chosen, ` with ${status}`);
    for (const one of chosen) waiting.refuse(one, status, text);
    this.#tellMore(who);
    return behind;
  }

  #tellMore(who: Target | 'oldest'): void {
    const more = this.#setup.waiting.all.map(({ id }) => id);
    if (who !== 'oldest' || more.length === 0) return;
    this.#explain(
      `that was the first; ${listIds(more)} still ${more.length === 1 ? 'waits' : 'wait'}`,
    );
  }

  // --- to the operator

  #list(): Promise<void> | undefined {
    const { clients, waiting, transcript, settings } = this.#setup;
    return transcript.print(() => listLines(clients.all, waiting.all, this.#target, settings));
  }

  #show(id: number): Promise<void> | undefined {
    const { clients, waiting, transcript, settings } = this.#setup;
    const asking = waiting.get(id);
    if (asking !== undefined)
      return transcript.print(() => waitingLines(asking, transcript.palette, settings));
    const client = clients.get(id);
    if (client !== undefined)
      return transcript.print(() => clientLines(client, transcript.look, settings));
    this.#everyone(id);
    return undefined;
  }
}
