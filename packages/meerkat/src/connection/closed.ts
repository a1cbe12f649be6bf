import type { CloseFrame } from '../protocol/close-frame.ts';
import type { ConnectionState } from '../protocol/connection-state.ts';
import type { ViolationCode } from '../protocol/protocol-error.ts';

/** What ended a connection. */
export type ClosedBecause =
  /** A Close frame, ours or the peer's. */
  | 'close'
  /** The peer broke a rule or exceeded a limit: see `rule`, `section` and `limit`. */
  | 'violation'
  /** A handler threw or rejected: see `error`. */
  | 'handler'
  /** Nothing arrived within `pongTimeout` of a Ping. */
  | 'pongTimeout'
  /** The peer did not take our output: still at `maxQueuedBytes` after `closeTimeout`. */
  | 'overflow'
  /** The peer never answered our Close frame. */
  | 'closeTimeout'
  /** `terminate()` was called. */
  | 'terminated'
  /** The peer ended the transport without a Close frame. */
  | 'transportEnd'
  /** The transport failed: see `error`. */
  | 'transportError';

/** How and why a connection ended. */
export interface Closed {
  /**
   * The close code (RFC 6455 §7.1.5): of the peer's Close frame, 1005 when it had none, 1006 when no Close frame came.
   * When this side failed the connection, the code that it was failed with.
   */
  readonly code: number;
  /** The reason that goes with `code`; empty when there was none. */
  readonly reason: string;
  /** Whether both Close frames were exchanged. */
  readonly clean: boolean;
  /** Who began to end it. */
  readonly by: 'local' | 'peer' | 'transport';
  /** What ended it. */
  readonly because: ClosedBecause;
  /** The state that the end began in. */
  readonly phase: ConnectionState;
  /** The Close frame we sent; undefined when we sent none. */
  readonly sent: CloseFrame | undefined;
  /** The Close frame the peer sent; undefined when none came. */
  readonly received: CloseFrame | undefined;
  /** The rule that the peer broke. */
  readonly rule: ViolationCode | undefined;
  /** The section of RFC 6455 that holds the rule, or of RFC 7692, which it says. */
  readonly section: string | undefined;
  /** The option whose value was exceeded: the limit that ended the connection. */
  readonly limit: string | undefined;
  /** What went wrong, where there is an error to show. */
  readonly error: unknown;
  /** Messages that `send` refused. */
  readonly droppedMessages: number;
  /** Messages received and not handed over, because they came too fast: see `overRate`. */
  readonly discardedMessages: number;
}
