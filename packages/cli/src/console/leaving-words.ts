import { type Closed, describeCloseCode } from 'meerkat';
import { oneLine } from '../terminal/escape-controls.ts';
import { count } from './message-words.ts';

/** Characters of a reason or an error that are shown; a reason has at most 123 octets. */
const MAX_LENGTH = 200;

/** What stands behind "#1 left": `: 1000 normal closure "bye", by the client, after 7.0 s`. */
export function leavingWords(closed: Closed, milliseconds: number): string {
  const { droppedMessages, discardedMessages } = closed;
  const dropped = lost(droppedMessages, 'to it', 'dropped');
  const discarded = lost(discardedMessages, 'of it', 'discarded, as they came too fast');
  return `: ${how(closed)}, after ${durationWords(milliseconds)}${dropped}${discarded}`;
}

function lost(messages: number, whose: string, what: string): string {
  if (messages === 0) return '';
  return `; ${count(messages, 'message')} ${whose} ${messages === 1 ? 'was' : 'were'} ${what}`;
}

/** A time that a person reads: `7.0 s`, `4 min 12 s`, `3 h 2 min`. */
export function durationWords(milliseconds: number): string {
  const seconds = milliseconds / 1_000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.floor(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** A code with its name and the reason that came with it: `1000 normal closure "bye"`. */
export function closeWords(code: number, reason: string): string {
  return `${code} ${nameOf(code)}${reason === '' ? '' : ` ${quoted(reason)}`}`;
}

/** In quotes, so that nothing in it can look like what stands around it. */
export function quoted(text: string, maxLength: number = MAX_LENGTH): string {
  return oneLine(JSON.stringify(text.length > maxLength ? `${text.slice(0, maxLength)}…` : text));
}

function how(closed: Closed): string {
  const { code, reason, by, sent, received, rule, error } = closed;
  const named = closeWords(code, rule === undefined ? reason : '');
  switch (closed.because) {
    case 'close':
      return by === 'local' ? closedByUs(closed) : `${named}, by the client`;
    case 'violation':
      return `${named}: it broke a rule: ${oneLine(reason, MAX_LENGTH)} (${rule})`;
    case 'handler':
      return `${closeWords(sent?.code ?? code, '')}: a handler of ours failed`;
    case 'overflow':
      return `${closeWords(sent?.code ?? code, '')}: it did not take what we sent`;
    case 'pongTimeout':
      return `${named}: it gave no sign of life after a ping`;
    case 'closeTimeout':
      return `${named}: it did not answer our Close in time`;
    case 'terminated':
      return `${named}: ended at once, by us`;
    case 'transportEnd':
      return received === undefined && sent !== undefined
        ? `${named}: it went without answering our Close`
        : `${named}: it went without a Close frame`;
    case 'transportError':
      return `${named}: the connection broke: ${oneLine(messageOf(error), MAX_LENGTH)}`;
  }
}

function closedByUs({ code, reason, sent, received }: Closed): string {
  const ours = closeWords(sent?.code ?? code, sent?.reason ?? '');
  if (received === undefined) return `${ours}, by us; it went without answering our Close`;
  // Whoever repeats our code agrees.
  if (received.code === sent?.code) return `${ours}, by us`;
  return `${ours}, by us; it answered ${closeWords(code, reason)}`;
}

/** The registry's name; of a code without one, whose it is. */
function nameOf(code: number): string {
  const entry = describeCloseCode(code);
  if (entry !== undefined) return entry.name;
  return code >= 4000 ? '(private use)' : '(registered by a library)';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
