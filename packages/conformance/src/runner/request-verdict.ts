// From what a server did with a raw request to the verdict, by the rows of the case.
import type { RequestCase, RequestOutcome } from '../cases/case.ts';
import type { Behavior } from '../report/result.ts';
import { type HttpHead, listOf, shown, statusLineOf } from '../wire/http-head.ts';
import type { Judged } from './verdict.ts';

type StatusOutcome = Extract<RequestOutcome, { readonly status: unknown }>;
type Status = StatusOutcome['status'][number];

/** An answer that is no 101. The first row that names its status decides; the fields may need a later one. */
export function judgeAnswer(test: RequestCase, head: HttpHead): Judged<Behavior> {
  const line = statusLineOf(head);
  if (line === undefined) {
    const words = `answers ${shown(head.startLine)}, which is no HTTP status line`;
    return { verdict: 'FAILED', words };
  }
  const words = `answers ${line.status} ${shown(line.reason).slice(1, -1)}`.trimEnd();
  const rows = test.outcomes.filter(
    (outcome): outcome is StatusOutcome =>
      'status' in outcome && outcome.status.some((one) => includes(one, line.status)),
  );
  const row = rows.find((one) => missingField(one, head) === undefined);
  if (row !== undefined) return judged(row, words);
  const missing = rows.map((one) => missingField(one, head)).find((field) => field !== undefined);
  if (missing !== undefined) {
    return { verdict: 'FAILED', words: `${words} without the field ${missing}` };
  }
  const opens = test.outcomes.some((outcome) => 'opens' in outcome && outcome.verdict === 'OK');
  if (opens) return { verdict: 'FAILED', words: `${test.fault}: it ${words}` };
  return { verdict: 'FAILED', words: `${words}, where ${expectationWords(test)} is called for` };
}

/** A connection that was opened, and echoes or does not. */
export function judgeOpened(
  test: RequestCase,
  outcome: RequestOutcome,
  oddities: readonly string[],
  echoFault: string | undefined,
): Judged<Behavior> {
  if (echoFault !== undefined) {
    const words = `opens the connection and ${echoFault}`;
    // Where it need not open, this is what the case looks for.
    const whole = outcome.verdict === 'OK' ? words : `${test.fault}: it ${words}`;
    return { verdict: 'FAILED', words: whole };
  }
  const [oddity] = oddities;
  if (oddity !== undefined && outcome.verdict === 'OK') {
    return { verdict: 'NON-STRICT', words: `opens the connection, but ${oddity}` };
  }
  return judged(outcome, 'opens the connection, which echoes');
}

/** The end of the connection, without an octet. */
export function judgeUnanswered(test: RequestCase, words: string): Judged<Behavior> {
  const row = test.outcomes.find((outcome) => 'drops' in outcome);
  if (row !== undefined) return judged(row, words);
  return { verdict: 'FAILED', words: `${words}, where ${expectationWords(test)} is called for` };
}

/** Octets behind the one answer that there should be. */
export function judgeBehind(head: HttpHead, behind: string): Judged<Behavior> {
  const status = statusLineOf(head)?.status ?? 0;
  if (!behind.startsWith('HTTP/')) {
    const words = `sends octets behind the body of its ${status}: ${shown(behind, 40)}`;
    return { verdict: 'FAILED', words };
  }
  if (listOf(head, 'Connection').some((token) => token.toLowerCase() === 'close')) {
    const words = `answers ${status} with Connection: close, and then what was pipelined behind it`;
    return { verdict: 'FAILED', words };
  }
  const words = `answers what is pipelined behind an upgrade that it refused with ${status}`;
  return { verdict: 'NON-STRICT', words };
}

function judged({ verdict, because }: RequestOutcome, words: string): Judged<Behavior> {
  return { verdict, words: because === undefined ? words : `${words}: ${because}` };
}

function includes(one: Status, status: number): boolean {
  if (typeof one === 'number') return one === status;
  const [from, to] = one;
  return status >= from && status <= to;
}

function missingField(outcome: StatusOutcome, head: HttpHead): string | undefined {
  for (const [name, wanted] of Object.entries(outcome.fields ?? {})) {
    const values = listOf(head, name).map((value) => value.toLowerCase());
    const found = wanted === '*' ? values.length > 0 : values.includes(wanted.toLowerCase());
    if (!found) return wanted === '*' ? name : `${name}: ${wanted}`;
  }
  return undefined;
}

/** `400, 404 to 499 or an end of TCP`. */
function expectationWords(test: RequestCase): string {
  const right = test.outcomes.filter((outcome) => outcome.verdict === 'OK');
  const words = right.flatMap((outcome) => {
    if ('opens' in outcome) return ['an opened connection'];
    if ('drops' in outcome) return ['an end of TCP'];
    return outcome.status.map((one) => (typeof one === 'number' ? `${one}` : one.join(' to ')));
  });
  const last = words.pop() ?? 'something else';
  return words.length === 0 ? last : `${words.join(', ')} or ${last}`;
}
