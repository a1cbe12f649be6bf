// The life of a connection after the opening handshake (RFC 6455 §7). Nothing else assigns a state.

/**
 * ```
 *            sendClose              receiveClose
 *   open ─────────────► closeSent ───────────────► closed
 *    │ receiveClose                     sendClose    ▲ ▲
 *    └──────────────► closeReceived ─────────────────┘ │
 *   any state: fail, transportEnd ─────────────────────┘
 * ```
 * `closed` means that the protocol is over: nothing more is parsed or sent. The transport may still be ending.
 */
export type ConnectionState = 'open' | 'closeSent' | 'closeReceived' | 'closed';

/** `fail` is the RFC's _Fail the WebSocket Connection_ (§7.1.7): our Close frame is the last thing sent. */
export type ConnectionEvent = 'sendClose' | 'receiveClose' | 'fail' | 'transportEnd';

const TRANSITIONS: Readonly<
  Record<ConnectionState, Partial<Record<ConnectionEvent, ConnectionState>>>
> = {
  open: {
    sendClose: 'closeSent',
    receiveClose: 'closeReceived',
    fail: 'closed',
    transportEnd: 'closed',
  },
  closeSent: { receiveClose: 'closed', fail: 'closed', transportEnd: 'closed' },
  closeReceived: { sendClose: 'closed', fail: 'closed', transportEnd: 'closed' },
  closed: {},
};

/** The state after `event`; undefined when the event changes nothing (a second Close, §5.5.1). */
export function nextState(
  state: ConnectionState,
  event: ConnectionEvent,
): ConnectionState | undefined {
  return TRANSITIONS[state][event];
}
