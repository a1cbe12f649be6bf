// The cases, served to clients that speak the control protocol of the case list's §5.
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { Case } from '../cases/case.ts';
import { selectCases } from '../cases/select-cases.ts';
import { CompressedCache } from '../deflate/compressed-cache.ts';
import type { AgentReport, CaseResult } from '../report/result.ts';
import { acceptFor } from '../wire/accept-key.ts';
import { text } from '../wire/frame.ts';
import { type CheckedRequest, checkRequest } from '../wire/handshake-answer.ts';
import { valuesOf, type WholeHead } from '../wire/http-head.ts';
import { SeededRandom } from '../wire/random.ts';
import { CaseConnection } from './case-connection.ts';
import { answerOffers } from './compression.ts';
import { end } from './end-connection.ts';
import { networkWords } from './open-connection.ts';
import {
  type CaseServer,
  CheckError,
  DEFAULT_PATIENCE_MS,
  DEFAULT_PAUSE_MS,
  type ServeCasesOptions,
} from './options.ts';
import { watchOwnDelay } from './own-delay.ts';
import { readHead } from './read-head.ts';
import { runAnswerCase } from './run-answer-case.ts';
import { runOpened, type ServerCaseSettings } from './run-server-case.ts';
import { WireLog } from './wire-log.ts';

const DEFAULT_PORT = 9001;
const DEFAULT_HOST = '127.0.0.1';
/** Whoever connects may name agents: so many are remembered, with names so long. */
const MAX_AGENTS = 100;
const MAX_AGENT_NAME = 200;
const MAX_CONNECTIONS = 1000;
/** Cases that run at a time, some of them with tens of megabytes in hand; who comes then has to wait. */
const MAX_RUNNING = 32;
/** Control connections close at once; this is for the timer of `end`. */
const NO_LIMIT = { action: 'close', seconds: 1 } as const;

/**
 * Serves the cases to clients until it is closed.
 *
 * @throws `PatternError` for a pattern that fits no case; {@link CheckError} when the port cannot be had.
 */
export async function serveCases(options: ServeCasesOptions = {}): Promise<CaseServer> {
  const { cases } = selectCases('client', options.cases, options.exclude);
  const control = new Control(cases, options);
  const server = createServer({ noDelay: true, allowHalfOpen: false }, (socket) => {
    control.take(socket).catch((error: unknown) => {
      socket.destroy();
      control.refused(`an internal error: ${String(error)}`);
    });
  });
  server.maxConnections = MAX_CONNECTIONS;
  const host = options.host ?? DEFAULT_HOST;
  server.listen({ port: options.port ?? DEFAULT_PORT, host });
  try {
    await once(server, 'listening');
  } catch (error) {
    throw new CheckError(`cannot listen on ${host}: ${networkWords(error)}`, { cause: error });
  }
  const { port } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    control.stop();
    const closed = once(server, 'close');
    if (server.listening) server.close();
    else return;
    control.dropAll();
    await closed;
    await control.settled();
  };
  options.signal?.addEventListener('abort', () => void close(), { once: true });
  return {
    url: `ws://${host.includes(':') ? `[${host}]` : host}:${port}`,
    port,
    agents: () => control.agents(),
    stopped: control.stopped,
    close,
  };
}

/** A request that makes no sense. */
class Refusal extends Error {
  readonly status: number;

  constructor(status: number, words: string) {
    super(words);
    this.status = status;
  }
}

class Control {
  readonly stopped: Promise<void>;
  readonly #cases: readonly Case[];
  readonly #options: ServeCasesOptions;
  readonly #settings: ServerCaseSettings;
  readonly #unwatch = watchOwnDelay();
  readonly #agents = new Map<string, Map<string, CaseResult>>();
  readonly #sockets = new Set<Socket>();
  readonly #waiting = new Set<() => void>();
  readonly #running = new Set<{ readonly agent: string; readonly kept: Promise<void> }>();
  readonly #reporting = new Map<string, Promise<void>>();
  #lastReport: Promise<void> = Promise.resolve();
  #stop: () => void = () => {};

  constructor(cases: readonly Case[], options: ServeCasesOptions) {
    this.#cases = cases;
    this.#options = options;
    this.#settings = {
      pauseMs: options.pauseMs ?? DEFAULT_PAUSE_MS,
      patienceMs: options.patienceMs ?? DEFAULT_PATIENCE_MS,
      seed: options.seed ?? 1,
      full: options.full === true,
      cache: new CompressedCache(),
      signal: options.signal,
    };
    this.stopped = new Promise((resolve) => {
      this.#stop = resolve;
    });
  }

  stop(): void {
    this.#unwatch();
    this.#stop();
    this.#wake();
  }

  dropAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  refused(reason: string): void {
    this.#options.onRefused?.(reason);
  }

  agents(): readonly AgentReport[] {
    return [...this.#agents].map(([agent, results]) => ({
      agent,
      tested: 'client',
      url: null,
      results: this.#cases.flatMap((test) => results.get(test.id) ?? []),
      notRun: this.#cases
        .filter((test) => !results.has(test.id))
        .map((test) => ({ id: test.id, reason: 'the client did not run it' })),
    }));
  }

  async take(socket: Socket): Promise<void> {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => {});
    const read = await readHead(socket, 'request', this.#settings.patienceMs);
    if (!('head' in read)) {
      // Nobody to answer: it sent nothing, or nothing whole.
      if (read.text !== '') this.refused(`a connection ${read.words}`);
      socket.destroy();
      return;
    }
    try {
      await this.#answer(socket, read);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.refused(error.message);
      refuse(socket, error);
    }
  }

  async #answer(socket: Socket, read: WholeHead): Promise<void> {
    const request = checkRequest(read.head);
    const [defect] = request.defects;
    if (defect !== undefined) throw new Refusal(400, `a client ${defect}`);
    switch (request.path) {
      case '/getCaseCount':
        await this.#say(socket, read, request, String(this.#cases.length));
        return;
      case '/getCaseInfo': {
        const { id, description } = this.#caseOf(request);
        await this.#say(socket, read, request, JSON.stringify({ id, description }));
        return;
      }
      case '/runCase':
        await this.#runCase(socket, read, request);
        return;
      case '/getCaseStatus': {
        const test = this.#caseOf(request);
        const agent = agentOf(request);
        const result = await this.#resultOf(agent, test.id, socket);
        const status =
          result === undefined ? undefined : JSON.stringify({ behavior: result.behavior });
        await this.#say(socket, read, request, status);
        return;
      }
      case '/updateReports':
        await this.#updateReports(socket, read, request);
        return;
      case '/stopServer':
        if (!this.#mayStop(read)) {
          throw new Refusal(403, 'a client asked to stop, which is not allowed');
        }
        await this.#say(socket, read, request, undefined);
        this.stop();
        return;
      default:
        throw new Refusal(404, 'a client asked for a path that is none of the control protocol');
    }
  }

  /** Never on the word of a web page: any page may dial a port of the machine that its browser runs on. */
  #mayStop(read: WholeHead): boolean {
    return this.#options.allowStop === true && valuesOf(read.head, 'Origin').length === 0;
  }

  async #updateReports(socket: Socket, read: WholeHead, request: CheckedRequest): Promise<void> {
    const agent = agentOf(request);
    const shutdown = ['true', 'yes'].includes(single(request, 'shutdownOnComplete') ?? '');
    await this.settled(agent);
    await this.#reported(agent);
    await this.#say(socket, read, request, undefined);
    if (shutdown && this.#mayStop(read)) this.stop();
  }

  /** One after the other; who asks while others wait already shares what they get. */
  #reported(agent: string): Promise<void> {
    const waiting = this.#reporting.get(agent);
    if (waiting !== undefined) return waiting;
    const mine = this.#lastReport.then(async () => {
      this.#reporting.delete(agent);
      await this.#options.onUpdateReports?.(agent);
    });
    this.#reporting.set(agent, mine);
    this.#lastReport = mine.catch(() => {}); // whoever asked is told
    return mine;
  }

  async #runCase(socket: Socket, read: WholeHead, request: CheckedRequest): Promise<void> {
    const test = this.#caseOf(request);
    const agent = agentOf(request);
    while (this.#running.size >= MAX_RUNNING && !socket.destroyed) {
      await Promise.race([...this.#running].map(async ({ kept }) => await kept.catch(() => {})));
    }
    if (socket.destroyed) return;
    const known = new Set([...this.#agents.keys(), ...[...this.#running].map((one) => one.agent)]);
    if (!known.has(agent) && known.size >= MAX_AGENTS) {
      throw new Refusal(500, `more than ${MAX_AGENTS} agents`);
    }
    if (test.kind === 'answer') {
      const client = { socket, head: read.head, headText: read.text, rest: read.rest };
      await this.#follow(agent, runAnswerCase(test, client, this.#settings));
      return;
    }
    if (test.kind === 'request') throw new TypeError(`${test.id} tests servers`);
    const started = new Date().toISOString();
    const compression = answerOffers(
      test.deflate?.answers,
      request.extensions,
      this.#settings.cache,
    );
    if ('fault' in compression) throw new Refusal(400, `a client ${compression.fault}`);
    const random = new SeededRandom(this.#settings.seed, test.id);
    // The first frames leave in the segment of the 101.
    socket.cork();
    const httpResponse = accept(socket, request, compression.header);
    const log = new WireLog();
    const { inflating } = compression;
    const stuckMs = this.#settings.patienceMs + this.#settings.pauseMs;
    const setup = { role: 'server', random, log, inflating, stuckMs } as const;
    const connection = new CaseConnection(socket, setup);
    const opened = {
      connection,
      started,
      httpRequest: read.text,
      httpResponse,
      compressed: inflating !== undefined,
      agreed: compression.agreed,
      findings: compression.findings,
    };
    process.nextTick(() => socket.uncork());
    connection.received(read.rest);
    await this.#follow(agent, runOpened(test, opened, compression, this.#settings));
  }

  /** To a client a case is over when its connection is, which is a moment before there is a result. */
  async #follow(agent: string, running: Promise<CaseResult>): Promise<void> {
    const kept = running.then((result) => this.#keep(agent, result));
    const entry = { agent, kept };
    this.#running.add(entry);
    try {
      await kept;
    } finally {
      this.#running.delete(entry);
    }
  }

  /** Resolves when what runs now has a result. */
  async settled(agent?: string): Promise<void> {
    const mine = [...this.#running].filter((one) => agent === undefined || one.agent === agent);
    await Promise.allSettled(mine.map(({ kept }) => kept));
  }

  #keep(agent: string, result: CaseResult): void {
    let results = this.#agents.get(agent);
    if (results === undefined) {
      results = new Map();
      this.#agents.set(agent, results);
    }
    results.set(result.id, result);
    this.#wake();
    const progress = { agent, done: results.size, selected: this.#cases.length };
    this.#options.onResult?.(result, progress);
  }

  /** Waits until there is one, or the asking client is gone. */
  async #resultOf(agent: string, id: string, socket: Socket): Promise<CaseResult | undefined> {
    let waiting = true;
    void this.stopped.then(() => {
      waiting = false;
    });
    let wake = (): void => {};
    const onClose = (): void => wake();
    socket.on('close', onClose);
    try {
      while (waiting && !socket.destroyed) {
        const result = this.#agents.get(agent)?.get(id);
        if (result !== undefined) return result;
        await new Promise<void>((resolve) => {
          wake = resolve;
          this.#waiting.add(wake);
        });
      }
      return undefined;
    } finally {
      socket.off('close', onClose);
      this.#waiting.delete(wake);
    }
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  #caseOf(request: CheckedRequest): Case {
    const position = single(request, 'case');
    const id = single(request, 'casetuple');
    if ((position === undefined) === (id === undefined)) {
      throw new Refusal(500, `a client asked ${request.path} without saying which case, or twice`);
    }
    const found =
      id === undefined
        ? /^\d{1,5}$/.test(position ?? '') && this.#cases[Number(position) - 1]
        : this.#cases.find((test) => test.id === id);
    if (!found) {
      const which = JSON.stringify(id ?? position).slice(0, 40);
      throw new Refusal(
        500,
        `a client asked ${request.path} for case ${which}, which is not selected`,
      );
    }
    return found;
  }

  /** Opens the connection, says one thing, and closes without a code. */
  async #say(
    socket: Socket,
    read: WholeHead,
    request: CheckedRequest,
    words: string | undefined,
  ): Promise<void> {
    accept(socket, request, undefined);
    const random = new SeededRandom(this.#settings.seed);
    const connection = new CaseConnection(socket, { role: 'server', random, log: new WireLog() });
    connection.received(read.rest);
    if (words !== undefined) void connection.send([text(words)]);
    connection.close();
    await end(connection, NO_LIMIT, this.#settings);
  }
}

function single(request: CheckedRequest, name: string): string | undefined {
  const values = request.query.getAll(name);
  if (values.length > 1) throw new Refusal(500, `a client gave ${name} twice`);
  return values[0];
}

function agentOf(request: CheckedRequest): string {
  const agent = single(request, 'agent')?.trim().slice(0, MAX_AGENT_NAME);
  if (agent === undefined || agent === '') {
    throw new Refusal(500, `a client asked ${request.path} without agent`);
  }
  return agent;
}

function accept(socket: Socket, request: CheckedRequest, extensions: string | undefined): string {
  const lines = [
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${acceptFor(request.key)}`,
  ];
  if (extensions !== undefined) lines.push(`Sec-WebSocket-Extensions: ${extensions}`);
  const head = `${lines.join('\r\n')}\r\n\r\n`;
  socket.write(head, 'latin1');
  return head;
}

function refuse(socket: Socket, refusal: Refusal): void {
  const body = `${refusal.message}\n`;
  const reason = refusal.status === 500 ? 'Internal Server Error' : 'Refused';
  const lines = [
    `HTTP/1.1 ${refusal.status} ${reason}`,
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`);
  socket.resume();
}
