import type { MessageContent, PreparedMessage } from './prepared-message.ts';

/** What can be sent: text, octets in any of JavaScript's forms, or either of them prepared for many. */
export type Sendable = MessageContent | PreparedMessage;

/** What became of a message: see `Connection.send`. */
export type SendResult = 'sent' | 'queued' | 'dropped';

/** How one message is sent. */
export interface SendOptions {
  /**
   * Whether it is compressed, where compression was agreed on. `false` for a message that holds a secret beside what somebody
   * else chose, or that is compressed already. @default what the option `threshold` says
   */
  readonly compress?: boolean | undefined;
}
