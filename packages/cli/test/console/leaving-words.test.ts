import type { Closed } from 'meerkat';
import { describe, expect, it } from 'vitest';
import {
  closeWords,
  durationWords,
  leavingWords,
  quoted,
} from '../../src/console/leaving-words.ts';

function closed(how: Partial<Closed>): Closed {
  return {
    code: 1006,
    reason: '',
    clean: false,
    by: 'peer',
    because: 'close',
    phase: 'open',
    sent: undefined,
    received: undefined,
    rule: undefined,
    section: undefined,
    limit: undefined,
    error: undefined,
    droppedMessages: 0,
    discardedMessages: 0,
    ...how,
  };
}

const frame = (code: number, reason = '') => ({ code, reason });

describe('leavingWords', () => {
  it.each<[Partial<Closed>, string]>([
    [
      { code: 1000, reason: 'bye', received: frame(1000, 'bye') },
      ': 1000 normal closure "bye", by the client',
    ],
    [{ code: 1005, received: frame(1005) }, ': 1005 no status received, by the client'],
    [{ code: 3000, received: frame(3000) }, ': 3000 (registered by a library), by the client'],
    [
      { by: 'local', code: 4000, sent: frame(4000, 'enough'), received: frame(4000) },
      ': 4000 (private use) "enough", by us',
    ],
    [
      { by: 'local', code: 1000, sent: frame(1001), received: frame(1000) },
      ': 1001 going away, by us; it answered 1000 normal closure',
    ],
    [
      { by: 'local', sent: frame(1000) },
      ': 1000 normal closure, by us; it went without answering our Close',
    ],
    [
      {
        by: 'local',
        because: 'violation',
        code: 1002,
        reason: 'a reserved bit is set',
        rule: 'WS_RESERVED_BIT_SET',
      },
      ': 1002 protocol error: it broke a rule: a reserved bit is set (WS_RESERVED_BIT_SET)',
    ],
    [
      { by: 'local', because: 'handler', sent: frame(1011) },
      ': 1011 internal error: a handler of ours failed',
    ],
    [
      { by: 'local', because: 'overflow', sent: frame(1013) },
      ': 1013 try again later: it did not take what we sent',
    ],
    [
      { by: 'local', because: 'pongTimeout' },
      ': 1006 abnormal closure: it gave no sign of life after a ping',
    ],
    [
      { by: 'local', because: 'closeTimeout', sent: frame(1000) },
      ': 1006 abnormal closure: it did not answer our Close in time',
    ],
    [{ by: 'local', because: 'terminated' }, ': 1006 abnormal closure: ended at once, by us'],
    [{ because: 'transportEnd' }, ': 1006 abnormal closure: it went without a Close frame'],
    [
      { because: 'transportEnd', sent: frame(1000) },
      ': 1006 abnormal closure: it went without answering our Close',
    ],
    [
      { by: 'transport', because: 'transportError', error: new Error('read ECONNRESET') },
      ': 1006 abnormal closure: the connection broke: read ECONNRESET',
    ],
  ])('D4 tells how a client left: %o', (how, words) => {
    expect(leavingWords(closed(how), 7_000)).toBe(`${words}, after 7.0 s`);
  });

  it.each([
    [1, '; 1 message to it was dropped'],
    [2, '; 2 messages to it were dropped'],
  ])('counts what was dropped: %i', (droppedMessages, words) => {
    expect(leavingWords(closed({ droppedMessages }), 0)).toMatch(new RegExp(`${words}$`));
  });

  it.each([
    [1, '; 1 message of it was discarded, as they came too fast'],
    [2, '; 2 messages of it were discarded, as they came too fast'],
  ])('counts what was discarded: %i', (discardedMessages, words) => {
    expect(leavingWords(closed({ discardedMessages }), 0)).toMatch(new RegExp(`${words}$`));
  });
});

it('S19 a reason cannot end its quotes, nor the line', () => {
  expect(closeWords(1000, 'x", by us\n\x1b[2J\x9b\u202e')).toBe(
    '1000 normal closure "x\\", by us\\n\\u001b[2J\\x9b\\u202e"',
  );
  expect(quoted('12345', 4)).toBe('"1234…"');
});

it.each([
  [0, '0.0 s'],
  [7_040, '7.0 s'],
  [59_940, '59.9 s'],
  [60_000, '1 min 0 s'],
  [3_599_999, '59 min 59 s'],
  [10_925_000, '3 h 2 min'],
])('says %i ms as a person would', (milliseconds, words) => {
  expect(durationWords(milliseconds)).toBe(words);
});
