// A WebSocket client that drives a run of cases and echoes, correct or broken in one respect.
import { type IncomingMessage, request } from 'node:http';
import type { Duplex } from 'node:stream';
import {
  answerDefect,
  type ClientHabits,
  CORRECT_CLIENT,
  OFFERED_PROTOCOL,
} from './answer-check.ts';
import { CLIENT_FAULTS, type ClientFault, type ClientFaultRow } from './client-faults.ts';
import { EchoPeer } from './echo-peer.ts';
import { agreementOf, deflateParams, parseExtensions } from './field-list.ts';
import { CORRECT, type Habits } from './habits.ts';
import type { Agreement } from './permessage-deflate.ts';
import { valuesOf } from './upgrade-check.ts';

export interface BrokenClientOptions {
  /** Cases that run side by side. Default 1, as the usual clients do. */
  readonly atATime?: number;
}

/** What a run came to, from the client's side. */
export interface ClientRun {
  readonly cases: number;
  /** It died in this one (1-based), and ran no more. */
  readonly diedIn: number | undefined;
}

/** Runs all cases that are served at `url`; without a fault it is correct. */
export async function runBrokenClient(
  url: string,
  agent: string,
  fault?: ClientFault,
  options: BrokenClientOptions = {},
): Promise<ClientRun> {
  const row: ClientFaultRow | undefined = fault && CLIENT_FAULTS[fault];
  const client = new EchoClient(
    new URL(url),
    { ...CORRECT, ...row?.habits },
    { ...CORRECT_CLIENT, ...row?.client },
  );
  const name = encodeURIComponent(agent);
  const cases = Number(await client.messageOf('/getCaseCount'));
  let next = 1;
  let diedIn: number | undefined;
  const lane = async (): Promise<void> => {
    while (next <= cases && diedIn === undefined) {
      const number = next;
      next += 1;
      const end = await client.run(`/runCase?case=${number}&agent=${name}`);
      if (end === 'died') diedIn = number;
    }
  };
  await Promise.all(Array.from({ length: options.atATime ?? 1 }, lane));
  if (diedIn === undefined) await client.run(`/updateReports?agent=${name}`);
  return { cases, diedIn };
}

/** How long the server may take to answer the upgrade. */
const OPEN_WAIT_MS = 10_000;
const MAX_INFORMATIONAL = 16;

class EchoClient {
  readonly #url: URL;
  readonly #habits: Habits;
  readonly #client: ClientHabits;

  constructor(url: URL, habits: Habits, client: ClientHabits) {
    this.#url = url;
    this.#habits = habits;
    this.#client = client;
  }

  /** Echoes until the connection is over; a server that does not open is such an end too. */
  async run(path: string): Promise<'over' | 'died'> {
    const opened = await this.#open(path, this.#client);
    return opened === undefined ? 'over' : this.#echo(opened, this.#habits);
  }

  /** The one message that the server sends at `path`. It is read without the fault. */
  async messageOf(path: string): Promise<string> {
    const opened = await this.#open(path, CORRECT_CLIENT);
    if (opened === undefined) throw new Error(`${path} does not open`);
    let text = '';
    await this.#echo(opened, {
      ...CORRECT,
      echo: ({ octets }) => {
        text = octets.toString();
        return undefined;
      },
    });
    return text;
  }

  #echo({ socket, early, agreement }: Opened, habits: Habits): Promise<'over' | 'died'> {
    return new Promise((resolve) => {
      let end: 'over' | 'died' = 'over';
      socket.once('close', () => resolve(end));
      const peer = new EchoPeer(socket, {
        role: 'client',
        habits,
        agreement,
        onDeath: () => {
          end = 'died';
          socket.destroy();
        },
      });
      if (early.length > 0) peer.receive(early);
    });
  }

  #open(path: string, habits: ClientHabits): Promise<Opened | undefined> {
    const key = habits.key();
    return new Promise((resolve) => {
      let informational = 0;
      const upgrade = request({
        host: this.#url.hostname,
        port: this.#url.port,
        path,
        agent: false,
        setHost: true,
        headers: {
          Connection: 'Upgrade',
          Upgrade: 'websocket',
          'Sec-WebSocket-Version': '13',
          'Sec-WebSocket-Key': key,
          'Sec-WebSocket-Protocol': OFFERED_PROTOCOL,
          ...(habits.offer === undefined ? {} : { 'Sec-WebSocket-Extensions': habits.offer }),
        },
      });
      const giveUp = () => {
        upgrade.destroy();
        resolve(undefined);
      };
      // Without it Node leaves out what is behind 2,000 lines.
      upgrade.maxHeadersCount = 0;
      upgrade.setTimeout(OPEN_WAIT_MS, giveUp);
      upgrade.on('socket', (socket) => socket.setNoDelay());
      upgrade.on('error', giveUp);
      upgrade.on('close', () => resolve(undefined));
      upgrade.on('response', giveUp);
      upgrade.on('information', () => {
        informational += 1;
        if (informational > MAX_INFORMATIONAL) giveUp();
      });
      upgrade.on('upgrade', (answer: IncomingMessage, socket: Duplex, early: Buffer) => {
        if (answerDefect(answer, key, habits) !== undefined) {
          // After an upgrade the socket is no longer the request's to destroy.
          socket.destroy();
          giveUp();
        } else resolve({ socket, early, agreement: agreementIn(answer) });
      });
      upgrade.end();
    });
  }
}

interface Opened {
  readonly socket: Duplex;
  readonly early: Buffer;
  readonly agreement: Agreement | undefined;
}

function agreementIn(answer: IncomingMessage): Agreement | undefined {
  const [extension] = parseExtensions(valuesOf(answer, 'sec-websocket-extensions').join(',')) ?? [];
  const params = extension?.name === 'permessage-deflate' ? deflateParams(extension) : undefined;
  return params === undefined ? undefined : agreementOf(params);
}
