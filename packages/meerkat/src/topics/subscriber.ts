import type { PreparedMessage } from '../protocol/prepared-message.ts';
import type { SendOptions, SendResult } from '../protocol/sendable.ts';
import { UsageError } from '../protocol/usage-error.ts';

/**
 * Who can subscribe to a topic. A `Connection` is one by its shape: the queue, the order and the compression are its own
 * affair, a topic only hands it the message.
 */
export interface Subscriber {
  /**
   * Takes a message that others get too, and returns at once: `'sent'` or `'queued'` when it is accepted, `'dropped'`
   * when it is not. What it throws is reported, and counts as dropped; the others get the message.
   */
  send(message: PreparedMessage, options?: SendOptions): SendResult;
  /** Settles when the subscriber is gone: it leaves its topics then. */
  readonly closed: PromiseLike<unknown>;
}

/** @throws {@link UsageError} for what has not the shape. */
export function checkSubscriber(given: Subscriber): void {
  const { send, closed }: { send?: unknown; closed?: { then?: unknown } } = Object(given);
  if (typeof send === 'function' && typeof closed?.then === 'function') return;
  throw new UsageError('MEERKAT_SUBSCRIBER', given === null ? 'null' : typeof given);
}
