// A raw request, and what the server makes of it.
import { Buffer } from 'node:buffer';
import type { Duplex } from 'node:stream';
import { CLOSE, message, type RequestCase } from '../cases/case.ts';
import { CompressedCache } from '../deflate/compressed-cache.ts';
import type { Behavior, CaseResult } from '../report/result.ts';
import { checkAnswer } from '../wire/handshake-answer.ts';
import { type HttpHead, listOf, parseHead, valuesOf, type WholeHead } from '../wire/http-head.ts';
import { SeededRandom } from '../wire/random.ts';
import { caseResult, notOpenedResult } from './case-result.ts';
import { compressionOf } from './compression.ts';
import { CaseConnection } from './connection/case-connection.ts';
import { ECHO, echoAndClose } from './echo-and-close.ts';
import { networkWords } from './open-connection.ts';
import { type NoHead, readHead } from './read-head.ts';
import { requestText } from './request-text.ts';
import { judgeAnswer, judgeBehind, judgeOpened, judgeUnanswered } from './request-verdict.ts';
import { octetsBehind } from './second-answer.ts';
import type { Target } from './target.ts';
import { type Judged, judgeClose } from './verdict.ts';
import { WireLog } from './wire-log.ts';
import { writePieces } from './write-pieces.ts';

/** The server under test, as far as raw requests go. */
export type RequestTarget = Pick<
  Target,
  'connect' | 'host' | 'path' | 'origin' | 'headers' | 'subprotocols'
>;

export interface RequestCaseSettings {
  readonly patienceMs: number;
  readonly seed: number;
}

/** A server that has answered may keep the connection; after so many milliseconds there will not be another answer. */
const QUIET_MS = 1000;

/**
 * Sends the request and compares what comes with the outcomes. A connection that opens echoes a message and is closed; what is
 * refused is over with the answer's head, for HTTP allows to keep the connection.
 */
export async function runRequestCase(
  test: RequestCase,
  target: RequestTarget,
  settings: RequestCaseSettings,
): Promise<CaseResult> {
  const run = new RequestRun(test, target, settings);
  return await run.result();
}

class RequestRun {
  readonly #test: RequestCase;
  readonly #target: RequestTarget;
  readonly #settings: RequestCaseSettings;
  readonly #log = new WireLog();
  readonly #started = new Date().toISOString();
  readonly #random: SeededRandom;
  readonly #httpRequest: string;
  /** Our own request as the server should read it. */
  readonly #asked: HttpHead;
  #httpResponse = '';

  constructor(test: RequestCase, target: RequestTarget, settings: RequestCaseSettings) {
    this.#test = test;
    this.#target = target;
    this.#settings = settings;
    this.#random = new SeededRandom(settings.seed, test.id);
    this.#httpRequest = requestText(test.request, target, this.#random);
    this.#asked = parseHead(this.#httpRequest.replace(/^(?:\r\n)+/, ''));
  }

  async result(): Promise<CaseResult> {
    let stream: Duplex;
    try {
      stream = await this.#target.connect();
    } catch (error) {
      const words = `cannot be reached: ${networkWords(error)}`;
      return this.#notOpened({ verdict: 'FAILED', words });
    }
    try {
      const read = await this.#exchange(stream);
      this.#httpResponse = read.text;
      if (!('head' in read)) return this.#unanswered(read);
      const opens = read.head.startLine.startsWith('HTTP/1.1 101');
      return opens ? await this.#opened(stream, read) : await this.#refused(stream, read);
    } finally {
      stream.destroy();
    }
  }

  async #exchange(stream: Duplex): Promise<WholeHead | NoHead> {
    const octets = Buffer.from(this.#httpRequest, 'latin1');
    this.#log.octets('runner', octets);
    let answered = false;
    let quiet: NodeJS.Timeout | undefined;
    const reading = readHead(stream, 'response', this.#settings.patienceMs, (came) => {
      answered = true;
      this.#log.octets('peer', came);
    });
    void writePieces(stream, octets, this.#test.pieces, () => answered).then(() => {
      if (answered || !this.#mayDrop()) return;
      quiet = setTimeout(() => {
        if (stream.destroyed || stream.writableEnded) return;
        this.#log.note('no answer: the runner ends its direction of TCP');
        stream.end();
      }, this.#settings.patienceMs / 2);
    });
    try {
      return await reading;
    } finally {
      answered = true;
      clearTimeout(quiet);
    }
  }

  /** Whoever may drop a request may wait for more of it as well: then it is told that no more will come. */
  #mayDrop(): boolean {
    return this.#test.outcomes.some((outcome) => 'drops' in outcome && outcome.verdict === 'OK');
  }

  #unanswered(read: NoHead): CaseResult {
    const timedOut = read.why === 'silence';
    if (read.why !== 'end' || read.text !== '') {
      return this.#notOpened({ verdict: 'FAILED', words: read.words }, { timedOut });
    }
    this.#log.note(`the peer ${read.words}`);
    return this.#notOpened(judgeUnanswered(this.#test, read.words));
  }

  async #refused(stream: Duplex, read: WholeHead): Promise<CaseResult> {
    const judgement = judgeAnswer(this.#test, read.head);
    if (this.#test.oneAnswer !== true || judgement.verdict === 'FAILED') {
      return this.#notOpened(judgement);
    }
    const quietMs = Math.min(QUIET_MS, this.#settings.patienceMs);
    const behind = await octetsBehind(stream, read, quietMs, (octets) =>
      this.#log.octets('peer', octets),
    );
    if (behind === '') return this.#notOpened(judgement);
    return this.#notOpened(judgeBehind(read.head, behind));
  }

  async #opened(stream: Duplex, read: WholeHead): Promise<CaseResult> {
    const outcome = this.#test.outcomes.find((one) => 'opens' in one);
    const offer = valuesOf(this.#asked, 'Sec-WebSocket-Extensions').join(', ');
    const checked = checkAnswer(read.head, {
      key: valuesOf(this.#asked, 'Sec-WebSocket-Key')[0] ?? '',
      offeredExtensions: offer,
      offeredSubprotocols: listOf(this.#asked, 'Sec-WebSocket-Protocol'),
    });
    if (outcome === undefined) {
      const resultClose = 'The connection should not have opened.';
      return this.#notOpened({ verdict: 'FAILED', words: this.#test.fault }, { resultClose });
    }
    if (outcome.extensions === 'none' && checked.extensions !== undefined) {
      return this.#notOpened({ verdict: 'FAILED', words: this.#test.fault });
    }
    const [defect] = checked.defects;
    if (defect !== undefined) return this.#notOpened({ verdict: 'FAILED', words: defect });
    const compression = compressionOf(
      offer === '' ? undefined : offer,
      checked.extensions,
      new CompressedCache(),
    );
    if ('fault' in compression) {
      return this.#notOpened({ verdict: 'FAILED', words: compression.fault });
    }
    const connection = new CaseConnection(stream, {
      role: 'client',
      random: this.#random,
      log: this.#log,
      inflating: compression.inflating,
    });
    connection.received(read.rest);
    connection.setReading(true);
    const echo = await echoAndClose(connection, this.#settings);
    return caseResult(
      this.#test,
      {
        connection,
        started: this.#started,
        httpRequest: this.#httpRequest,
        httpResponse: this.#httpResponse,
        compressed: compression.inflating !== undefined,
        findings: [],
      },
      {
        behavior: judgeOpened(this.#test, outcome, checked.oddities, echo),
        behaviorClose: judgeClose(connection, CLOSE.N, this.#test.fault),
        expected: [[message(ECHO)]],
        findings: connection.findings,
        notes: [],
        close: CLOSE.N,
      },
    );
  }

  /** A result without a connection: what was to be refused has no end that could be wrong. */
  #notOpened(
    { verdict, words }: Judged<Behavior>,
    more: { readonly timedOut?: boolean; readonly resultClose?: string } = {},
  ): CaseResult {
    const base = notOpenedResult(this.#test, {
      words,
      started: this.#started,
      httpRequest: this.#httpRequest,
      httpResponse: this.#httpResponse,
      timedOut: more.timedOut === true,
      log: this.#log,
    });
    const failed = verdict === 'FAILED';
    const refused = 'There was no connection whose end could be judged.';
    return {
      ...base,
      behavior: verdict,
      behaviorClose: failed ? 'FAILED' : 'OK',
      resultClose: more.resultClose ?? (failed ? base.resultClose : refused),
    };
  }
}
