import { describe, expect, it } from 'vitest';
import {
  type ConnectionEvent,
  type ConnectionState,
  nextState,
} from '../../src/protocol/connection-state.ts';

const STATES: readonly ConnectionState[] = ['open', 'closeSent', 'closeReceived', 'closed'];
const EVENTS: readonly ConnectionEvent[] = ['sendClose', 'receiveClose', 'fail', 'transportEnd'];

// Every pair, written out once more: `-` where the event changes nothing.
const TABLE: readonly (readonly [ConnectionState, ...(ConnectionState | '-')[]])[] = [
  // state          sendClose    receiveClose     fail      transportEnd
  ['open', 'closeSent', 'closeReceived', 'closed', 'closed'],
  ['closeSent', '-', 'closed', 'closed', 'closed'],
  ['closeReceived', 'closed', '-', 'closed', 'closed'],
  ['closed', '-', '-', '-', '-'],
];
const ROWS = TABLE.flatMap(([state, ...after]) =>
  after.map((next, index) => [state, EVENTS[index] as ConnectionEvent, next] as const),
);

describe('the life of a connection (§7)', () => {
  it('is described for every state and every event', () => {
    expect(ROWS).toHaveLength(STATES.length * EVENTS.length);
  });

  it.each(ROWS)('goes from %s by %s to %s', (state, event, next) => {
    expect(nextState(state, event)).toBe(next === '-' ? undefined : next);
  });

  it('never comes back to open, and every event leads nearer to closed', () => {
    const order: Record<ConnectionState, number> = {
      open: 0,
      closeSent: 1,
      closeReceived: 1,
      closed: 2,
    };
    for (const state of STATES) {
      for (const event of EVENTS) {
        const next = nextState(state, event);
        if (next !== undefined) expect(order[next]).toBeGreaterThan(order[state]);
      }
    }
  });

  it('reaches closed from every state by losing the transport, once', () => {
    for (const state of STATES) {
      expect(nextState(state, 'transportEnd')).toBe(state === 'closed' ? undefined : 'closed');
    }
  });
});
