import { redactText } from '../../handshake/secrets.ts';
import { oneLine } from '../../terminal/escape-controls.ts';
import type { BenchFailure, BenchReport } from '../bench-report.ts';

/** What kinds of failures are, in words. */
const KINDS: Readonly<Record<string, string>> = {
  connect: 'could not connect',
  handshake: 'handshake refused',
  closed: 'connection lost',
  protocol: 'protocol broken',
  lost: 'message lost',
  overload: 'overloaded',
  load: 'the load itself',
  payload: 'wrong payload',
  expect: 'not as expected',
  timeout: 'timed out',
  scenario: 'scenario failed',
};
const MAX_DETAIL = 300;

/** What happened to so many: `could not connect: connect ECONNREFUSED 127.0.0.1:80`. One line, without secrets. */
export function failureWords({ kind, detail }: BenchFailure): string {
  const known = Object.hasOwn(KINDS, kind) ? KINDS[kind] : undefined;
  const what = known ?? oneLine(kind, MAX_DETAIL);
  return detail === '' ? what : `${what}: ${oneLine(redactText(detail), MAX_DETAIL)}`;
}

/** The failures, the most frequent first. */
export function sortedFailures({ failures }: Pick<BenchReport, 'failures'>): BenchFailure[] {
  return [...failures].sort((one, other) => other.count - one.count);
}

/** How many failures there were, of all kinds: each message that is missing is one too. */
export function failureCount({
  failures,
  messages,
}: Pick<BenchReport, 'failures' | 'messages'>): number {
  return failures.reduce((sum, { count }) => sum + count, messages.missing);
}

/** What is said of messages that are missing, behind their number. */
export function missingWords({ plan, messages }: Pick<BenchReport, 'plan' | 'messages'>): string {
  const [one, several] =
    plan.mode === 'broadcast'
      ? ['delivery never came', 'deliveries never came']
      : ['message was never answered', 'messages were never answered'];
  return messages.missing === 1 ? one : several;
}
