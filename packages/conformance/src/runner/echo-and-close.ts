import { Buffer } from 'node:buffer';
import { text } from '../wire/frame.ts';
import type { CaseConnection } from './connection/case-connection.ts';
import { end } from './end-connection.ts';
import { fairNow } from './own-delay.ts';

/** The message that goes round on a connection whose handshake is tested. */
export const ECHO = 'meerkat';

/** A peer that keeps octets moving is waited for this many times as long as one that is silent. */
const MOST_PATIENCE = 6;

export interface EchoSettings {
  readonly patienceMs: number;
  /** The message went out already. */
  readonly sent?: boolean;
}

/**
 * Sends a message, waits for its echo and closes the connection. Afterwards it is over.
 *
 * @returns What is wrong with the echo, as a sentence part whose subject is the peer; undefined when nothing is.
 */
export async function echoAndClose(
  connection: CaseConnection,
  settings: EchoSettings,
): Promise<string | undefined> {
  if (settings.sent !== true) void connection.send([text(ECHO)]);
  await firstSign(connection, settings.patienceMs);
  const fault = echoFault(connection);
  connection.close(1000);
  await end(connection, { action: 'close', seconds: 1 }, settings);
  return fault;
}

/** Until the peer has caused an event, begun to close, or gone; or has been silent for too long. */
export async function firstSign(connection: CaseConnection, patienceMs: number): Promise<void> {
  const begun = fairNow();
  const until = (): number =>
    Math.min(
      Math.max(connection.lastMovement, begun) + patienceMs,
      begun + MOST_PATIENCE * patienceMs,
    );
  await connection.wait(
    () =>
      connection.events.length > 0 ||
      connection.closing.received ||
      connection.failedByMe ||
      connection.gone,
    until,
  );
}

function echoFault(connection: CaseConnection): string | undefined {
  const [event] = connection.events;
  if (event === undefined) {
    if (connection.defect !== undefined) return connection.defect.text;
    if (connection.closing.received)
      return `closes it with ${connection.closing.remoteCode ?? 'no code'}`;
    return connection.gone ? 'drops it again' : 'does not echo on it';
  }
  const same = event.event === 'message' && Buffer.from(event.payload).toString() === ECHO;
  if (!same) return 'sends something else than the echo on it';
  return event.binary ? 'echoes text as binary on it' : undefined;
}
