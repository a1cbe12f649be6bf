import { CloseCode, type Closed, describeCloseCode } from 'meerkat';
import { ruleSource } from '../explain/rule-source.ts';
import { oneLine } from '../terminal/escape-controls.ts';

/** What the user is told at the end. */
export interface ClosingReport {
  /** One line. */
  readonly line: string;
  /** Whether it ended as it should. */
  readonly fine: boolean;
}

/** Why we ended the connection ourselves, without the closing handshake. */
export type GivenUp = 'silence' | 'interrupt' | undefined;

/** The codes that say that nothing went wrong. */
const GOOD_ENDS: ReadonlySet<number> = new Set([
  CloseCode.Normal,
  CloseCode.GoingAway,
  CloseCode.NoStatus,
]);

/** Says how a connection ended, with the code, its name and its meaning. */
export function describeClosed(closed: Closed, givenUp: GivenUp): ClosingReport {
  const { code, reason, by, sent, received, rule } = closed;
  // The peer's Close is what counts: that ours was late, since the output was blocked, is nobody's failure.
  if (closed.because !== 'close' || rule !== undefined || received === undefined) {
    return { line: `${abnormal(closed, givenUp)} ${more(closed)}`, fine: false };
  }
  const named = `${code} ${nameOf(code)}${reason === '' ? '' : ` "${oneLine(reason.replaceAll('"', '\\"'))}"`}`;
  if (by === 'peer') {
    return { line: `the server closed: ${named}. ${meaningOf(code)}`, fine: GOOD_ENDS.has(code) };
  }
  // Whatever code the user chose, an answer that repeats it is a good end.
  const fine = GOOD_ENDS.has(code) || code === sent?.code;
  const line = `closed: ${named}. ${meaningOf(code)}`;
  return {
    line: fine
      ? line
      : `closed with ${sent?.code}, the server answered: ${named}. ${meaningOf(code)}`,
    fine,
  };
}

/** The registry's name; of a code without one, whose it is. */
function nameOf(code: number): string {
  const entry = describeCloseCode(code);
  if (entry !== undefined) return entry.name;
  return code >= 4000 ? '(private use)' : '(registered by a library)';
}

function meaningOf(code: number): string {
  const entry = describeCloseCode(code);
  if (entry !== undefined) return entry.meaning;
  return code >= 4000
    ? "Only the service's documentation tells what it means."
    : 'The documentation of the library tells what it means.';
}

function abnormal(closed: Closed, givenUp: GivenUp): string {
  const { code, because, error } = closed;
  const named = `${code} ${nameOf(code)}`;
  if (closed.rule !== undefined) return `${named}: ${broken(closed)}.`;
  if (givenUp === 'interrupt')
    return `${named}: ended at once, the server's Close was not awaited.`;
  if (givenUp === 'silence') return `${named}: the server did not answer our Close in time.`;
  switch (because) {
    case 'transportError':
      return `${named}: the connection broke: ${oneLine(messageOf(error))}.`;
    case 'transportEnd':
      return `${named}: the server ended the connection without a Close frame.`;
    case 'pongTimeout':
      return `${named}: the server gave no sign of life after a ping.`;
    case 'closeTimeout':
      return `${named}: the server did not answer our Close in time.`;
    case 'close':
      return `${named}: the server ended the connection without answering our Close.`;
    case 'violation':
    case 'handler':
    case 'overflow':
    case 'terminated':
      return `${named}: ${messageOf(error)}`;
  }
}

function broken({ reason, rule, section, limit }: Closed): string {
  const what = `${reason} (${rule}, ${ruleSource(section)})`;
  if (limit === undefined) return `the server broke the protocol: ${what}`;
  const flag = limit === 'maxMessageBytes' ? '; --max-message-bytes raises it' : '';
  return `the server exceeded our ${limit}: ${what}${flag}`;
}

function more({ code, rule }: Closed): string {
  return `"meerkat explain ${rule ?? code}" says more.`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error ?? 'ended here');
}
