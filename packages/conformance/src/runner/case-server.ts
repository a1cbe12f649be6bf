// The cases, served to clients that speak the control protocol of the case list's §5.
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { Case } from '../cases/case.ts';
import { selectCases } from '../cases/select-cases.ts';
import { CompressedCache } from '../deflate/compressed-cache.ts';
import { text } from '../wire/frame.ts';
import { type CheckedRequest, checkRequest } from '../wire/handshake-answer.ts';
import { valuesOf, type WholeHead } from '../wire/http-head.ts';
import { SeededRandom } from '../wire/random.ts';
import { answerOffers } from './compression.ts';
import { CaseConnection } from './connection/case-connection.ts';
import { AgentResults } from './control/agent-results.ts';
import { accept, refuse } from './control/control-answer.ts';
import { agentOf, caseOf, single } from './control/control-request.ts';
import { Refusal } from './control/refusal.ts';
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
const MAX_CONNECTIONS = 1000;
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
    await control.results.settled();
  };
  options.signal?.addEventListener('abort', () => void close(), { once: true });
  return {
    url: `ws://${host.includes(':') ? `[${host}]` : host}:${port}`,
    port,
    agents: () => control.results.reports(),
    stopped: control.stopped,
    close,
  };
}

class Control {
  readonly stopped: Promise<void>;
  readonly results: AgentResults;
  readonly #cases: readonly Case[];
  readonly #options: ServeCasesOptions;
  readonly #settings: ServerCaseSettings;
  readonly #unwatch = watchOwnDelay();
  readonly #sockets = new Set<Socket>();
  readonly #reporting = new Map<string, Promise<void>>();
  #lastReport: Promise<void> = Promise.resolve();
  #stop: () => void = () => {};

  constructor(cases: readonly Case[], options: ServeCasesOptions) {
    this.#cases = cases;
    this.#options = options;
    this.results = new AgentResults(cases, options.onResult);
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
    this.results.stop();
  }

  dropAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  refused(reason: string): void {
    this.#options.onRefused?.(reason);
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
        const { id, description } = caseOf(request, this.#cases);
        await this.#say(socket, read, request, JSON.stringify({ id, description }));
        return;
      }
      case '/runCase':
        await this.#runCase(socket, read, request);
        return;
      case '/getCaseStatus': {
        const test = caseOf(request, this.#cases);
        const agent = agentOf(request);
        const result = await this.results.resultOf(agent, test.id, socket);
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
    await this.results.settled(agent);
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
    const test = caseOf(request, this.#cases);
    const agent = agentOf(request);
    while (this.results.full && !socket.destroyed) await this.results.oneEnded();
    if (socket.destroyed) return;
    this.results.admit(agent);
    if (test.kind === 'answer') {
      const client = { socket, head: read.head, headText: read.text, rest: read.rest };
      await this.results.follow(agent, runAnswerCase(test, client, this.#settings));
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
    await this.results.follow(agent, runOpened(test, opened, compression, this.#settings));
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
