import type { Limit } from '../cases/case.ts';
import type { CaseConnection } from './connection/case-connection.ts';
import { fairNow } from './own-delay.ts';

/** A closing handshake is waited for as long as octets move, at most so often as long as without any. */
const MOST_PATIENCE = 6;
/** Longest wait for an answer to a Close, or for the end of TCP after it; milliseconds. */
const CLOSE_PATIENCE_MS = 5000;

/**
 * Ends a case: does what the original's timer does, where nobody has begun to close, waits for what is left of the closing
 * handshake, and drops TCP where it does not end by itself. Afterwards the connection is over.
 *
 * @param midFrame - What is sent now would be payload: TCP is all that is left.
 */
export async function end(
  connection: CaseConnection,
  limit: Limit,
  settings: { readonly patienceMs: number },
  midFrame = false,
): Promise<void> {
  if (!connection.closing.sent && !connection.closing.received && !connection.gone) {
    connection.log.note('the case is decided: the runner ends the connection');
    if (limit.action === 'kill') connection.fail(1001, 'Going Away');
    else connection.close();
    if (midFrame) connection.drop();
  }
  const patience = Math.min(settings.patienceMs, CLOSE_PATIENCE_MS);
  const begun = fairNow();
  const until = (): number =>
    Math.min(connection.lastMovement + patience, begun + MOST_PATIENCE * settings.patienceMs);
  await connection.wait(() => connection.over, until);
  if (!connection.over) {
    // After both Close frames TCP was the server's to drop: where that is us, it was done.
    if (connection.role === 'client' || !connection.closing.received) connection.drop();
    connection.destroy();
    await connection.wait(
      () => connection.over,
      () => fairNow() + patience,
    );
  }
}
