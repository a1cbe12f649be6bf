// A raw answer to the upgrade request of a client, and what the client makes of it.
import { Buffer } from 'node:buffer';
import type { Duplex } from 'node:stream';
import { type AnswerCase, CLOSE, type CloseRule, message } from '../cases/case.ts';
import type { Behavior, BehaviorClose, CaseResult } from '../report/result.ts';
import { acceptFor } from '../wire/accept-key.ts';
import { text } from '../wire/frame.ts';
import { fillIn } from '../wire/head-template.ts';
import { HeadReader, type HttpHead, listOf, statusLineOf, valuesOf } from '../wire/http-head.ts';
import { SeededRandom } from '../wire/random.ts';
import { caseResult } from './case-result.ts';
import { CaseConnection } from './connection/case-connection.ts';
import { ECHO, echoAndClose, firstSign } from './echo-and-close.ts';
import { type Judged, judgeClose } from './verdict.ts';
import { WireLog } from './wire-log.ts';

/** A client whose request has been read. */
export interface AnswerClient {
  /** What comes on it are frames, if the client takes the answer. */
  readonly socket: Duplex;
  readonly head: HttpHead;
  /** The head as it was on the wire. */
  readonly headText: string;
  /** What came behind it. */
  readonly rest?: Uint8Array;
}

export interface AnswerCaseSettings {
  readonly patienceMs: number;
  readonly seed: number;
}

/** HTTP lets a client keep the connection after another answer than 101; after so many milliseconds it is ended. */
const QUIET_MS = 1000;
const WHOLE = 65_536;

/** Nothing is asked of the end of a handshake that failed. */
const ANY_END: CloseRule = { first: 'any', codes: [], clean: false };

/** Sends the answer, and a message behind it: whoever echoes that has taken the answer. */
export async function runAnswerCase(
  test: AnswerCase,
  client: AnswerClient,
  settings: AnswerCaseSettings,
): Promise<CaseResult> {
  const { socket, head } = client;
  const started = new Date().toISOString();
  const httpResponse = answerText(test.answer, head);
  const sent = contentOf(httpResponse);
  const log = new WireLog();
  const random = new SeededRandom(settings.seed, test.id);
  const connection = new CaseConnection(socket, { role: 'server', random, log });
  log.octets('peer', Buffer.from(client.headText, 'latin1'));
  connection.received(client.rest ?? EMPTY);
  connection.setReading(true);
  try {
    void sendAnswer(connection, httpResponse, test.pieces, sent);
    const used = await waitForUse(connection, sent, settings);
    const echo =
      used === 'opened' ? await echoAndClose(connection, { ...settings, sent: true }) : '';
    const rule = used === 'opened' ? CLOSE.N : ANY_END;
    return caseResult(
      test,
      {
        connection,
        started,
        httpRequest: client.headText,
        httpResponse,
        compressed: false,
        findings: [],
      },
      {
        behavior: judge(test, used, echo),
        behaviorClose: judgeEnd(test, used, connection),
        expected: [test.expect === 'opens' ? [message(ECHO)] : []],
        findings: used === 'opened' ? connection.findings : [],
        notes: used === 'dropped late' ? [KEPT] : [],
        close: rule,
      },
    );
  } finally {
    connection.destroy();
  }
}

const EMPTY = new Uint8Array(0);
const KEPT =
  'The client kept TCP until the runner ended it, which HTTP allows after such an answer.';

/** What the client did with the answer. `dropped late`: when the runner ended its direction of TCP. */
type Use = 'opened' | 'closed' | 'dropped' | 'dropped late' | 'nothing';

/** What an answer is, as the runner itself wrote it. */
interface Content {
  /** Undefined where the head is not HTTP, or does not end. */
  readonly status: number | undefined;
  /** Whether frames follow. */
  readonly withFrames: boolean;
}

function contentOf(answer: string): Content {
  let rest: Uint8Array = Buffer.from(answer, 'latin1');
  for (;;) {
    const progress = new HeadReader('response', answer.length + 1).push(rest);
    if (typeof progress === 'string') return { status: undefined, withFrames: false };
    const status = statusLineOf(progress.head)?.status;
    rest = progress.rest;
    const final = status === undefined || status === 101 || status >= 200;
    if (final || rest.length === 0)
      return { status, withFrames: status === 101 && rest.length > 0 };
  }
}

function answerText(template: string, head: HttpHead): string {
  const key = valuesOf(head, 'Sec-WebSocket-Key')[0] ?? '';
  const subprotocols = listOf(head, 'Sec-WebSocket-Protocol');
  const [first] = subprotocols;
  return fillIn(template, {
    key,
    accept: acceptFor(key),
    'accept-lower': acceptFor(key).toLowerCase(),
    protocol: subprotocols.join(', '),
    extensions: valuesOf(head, 'Sec-WebSocket-Extensions').join(', '),
    agreed: first === undefined ? '' : `Sec-WebSocket-Protocol: ${first}\r\n`,
  });
}

/** The answer, a turn later the message; the end of TCP behind a head that has none. */
async function sendAnswer(
  connection: CaseConnection,
  answer: string,
  pieces: number | undefined,
  { status, withFrames }: Content,
): Promise<void> {
  const octets = Buffer.from(answer, 'latin1');
  connection.log.octets('runner', octets);
  const step = pieces ?? WHOLE;
  for (let at = 0; at < octets.length && !connection.gone; at += step) {
    await connection.write(octets.subarray(at, at + step));
    await new Promise((resolve) => setImmediate(resolve));
  }
  if (connection.gone) return;
  if (status === undefined) connection.fin();
  else if (!withFrames) await connection.send([text(ECHO)]);
}

async function waitForUse(
  connection: CaseConnection,
  { status }: Content,
  { patienceMs }: AnswerCaseSettings,
): Promise<Use> {
  const mayKeep = status !== undefined && status !== 101;
  await firstSign(connection, mayKeep ? Math.min(QUIET_MS, patienceMs) : patienceMs);
  const first = useOf(connection);
  if (first !== 'nothing' || !mayKeep) return first;
  connection.fin();
  await firstSign(connection, patienceMs);
  const second = useOf(connection);
  return second === 'dropped' ? 'dropped late' : second;
}

function useOf(connection: CaseConnection): Use {
  const closes = connection.closing.received ? 1 : 0;
  if (connection.incoming.frames > closes) return 'opened';
  if (connection.closing.received) return 'closed';
  return connection.gone ? 'dropped' : 'nothing';
}

function judge(test: AnswerCase, use: Use, echo: string | undefined): Judged<Behavior> {
  const otherwise = test.otherwise ?? 'FAILED';
  if (test.expect === 'fails') {
    if (use === 'opened') return { verdict: otherwise, words: test.fault };
    if (use !== 'nothing') return { verdict: 'OK', words: FAILS[use] };
    return { verdict: 'FAILED', words: 'neither uses the connection nor drops it' };
  }
  if (use === 'opened' && echo === undefined) {
    return { verdict: 'OK', words: 'opens the connection, and echoes' };
  }
  if (use === 'opened') {
    return { verdict: 'FAILED', words: `opens the connection and ${echo ?? 'does not echo'}` };
  }
  if (use === 'nothing') return { verdict: 'FAILED', words: 'does not echo on the connection' };
  return { verdict: otherwise, words: test.fault };
}

const FAILS: Readonly<Record<Exclude<Use, 'opened' | 'nothing'>, string>> = {
  closed: 'fails the handshake, with a Close frame',
  dropped: 'fails the handshake and drops TCP',
  'dropped late': 'fails the handshake, and drops TCP when the runner does',
};

function judgeEnd(test: AnswerCase, use: Use, connection: CaseConnection): Judged<BehaviorClose> {
  if (use === 'opened') return judgeClose(connection, CLOSE.N, test.fault);
  if (use === 'nothing') {
    return { verdict: 'FAILED', words: 'The peer kept the connection, and did nothing with it.' };
  }
  if (test.expect === 'opens' && test.otherwise === undefined) {
    return { verdict: 'FAILED', words: 'The opening handshake did not complete.' };
  }
  return { verdict: 'OK', words: 'There was no connection whose end could be judged.' };
}
