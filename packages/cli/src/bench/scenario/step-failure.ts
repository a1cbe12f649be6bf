import { type Closed, HandshakeError } from 'meerkat';
import { oneLine } from '../../terminal/escape-controls.ts';
import type { ScenarioExpectation } from '../bench-plan.ts';
import { failureWords } from '../load/failure-words.ts';
import { expectedWords } from './matching.ts';

/** Characters of what a server says that are shown. */
const MAX_SHOWN = 60;

/** Why a turn failed; a report counts failures by it. */
export type FailureKind = 'connect' | 'handshake' | 'closed' | 'expect' | 'timeout';

/** A step did not come out as it was to. It ends the turn. */
export class StepFailure extends Error {
  override readonly name = 'StepFailure';
  readonly kind: FailureKind;

  constructor(kind: FailureKind, words: string) {
    super(words);
    this.kind = kind;
  }
}

/** What was wrong with a dial. */
export function dialFailure(error: unknown): StepFailure {
  const words = oneLine(error instanceof Error ? error.message : String(error), 2 * MAX_SHOWN);
  if (!(error instanceof HandshakeError)) return new StepFailure('connect', words);
  if (error.code === 'MEERKAT_HANDSHAKE_TIMEOUT') return new StepFailure('timeout', words);
  if (error.code !== 'MEERKAT_CONNECT_FAILED') return new StepFailure('handshake', words);
  const { cause } = error;
  return new StepFailure('connect', cause instanceof Error ? failureWords(cause, '') : words);
}

/** How a connection ended, in words. */
export function endWords({ because, code, reason, rule }: Closed): string {
  const said = reason === '' ? '' : ` "${oneLine(reason, MAX_SHOWN)}"`;
  switch (because) {
    case 'close':
      return `the server closed the connection with ${code}${said}`;
    case 'violation':
      return `the connection was closed with ${code}: the server broke the rule ${rule ?? ''}`.trim();
    case 'transportEnd':
    case 'transportError':
      return 'the connection broke off without a Close frame';
    default:
      return `the connection ended with ${code}${said}`;
  }
}

/** What was waited for in vain. @param passed - Messages that came and were passed over. */
export function nothingWords(
  expected: ScenarioExpectation,
  timeout: number,
  passed: number,
): string {
  const words = expectedWords(expected);
  const time = timeWords(timeout);
  if (passed === 0) return `nothing came within ${time}, expected ${words}`;
  const many = passed === 1 ? 'one message' : `${passed} messages`;
  return `within ${time} came ${many}, and none was ${words}`;
}

/** A time in words. */
export function timeWords(milliseconds: number): string {
  return milliseconds < 1_000 ? `${milliseconds} ms` : `${milliseconds / 1_000} s`;
}
