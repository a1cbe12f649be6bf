import { describe, expect, it } from 'vitest';
import { Ending } from '../../src/connection/ending.ts';
import { ProtocolError, violationCodes } from '../../src/protocol/protocol-error.ts';

const CLOSE = { code: 4000, reason: 'bye' };

describe('Ending', () => {
  it('of nothing known is an abnormal end of the transport', () => {
    expect(new Ending().closed(0, 0)).toEqual({
      code: 1006,
      reason: '',
      clean: false,
      by: 'transport',
      because: 'transportEnd',
      phase: 'open',
      sent: undefined,
      received: undefined,
      rule: undefined,
      section: undefined,
      limit: undefined,
      error: undefined,
      droppedMessages: 0,
      discardedMessages: 0,
    });
  });

  it('what began it first stays', () => {
    const ending = new Ending();
    const error = new Error('first');
    ending.began('local', 'handler', 'open', error);
    ending.began('peer', 'close', 'closeSent');
    ending.broke(new Error('later'), 'closed');
    expect(ending.closed(0, 0)).toMatchObject({
      by: 'local',
      because: 'handler',
      phase: 'open',
      error,
    });
  });

  it('is clean with both Close frames, with one it is not', () => {
    const sent = new Ending();
    sent.sent(CLOSE);
    expect(sent.closed(0, 0)).toMatchObject({ code: 1006, reason: '', clean: false, sent: CLOSE });
    const received = new Ending();
    received.received(CLOSE);
    expect(received.closed(0, 0)).toMatchObject({ ...CLOSE, clean: false, received: CLOSE });
    received.sent({ code: 4000, reason: '' });
    expect(received.closed(0, 0)).toMatchObject({ ...CLOSE, clean: true });
  });

  it('the first Close frame of each side counts', () => {
    const ending = new Ending();
    ending.sent(CLOSE);
    ending.sent({ code: 1011, reason: '' });
    ending.received(CLOSE);
    ending.received({ code: 1001, reason: '' });
    expect(ending.closed(0, 0)).toMatchObject({ sent: CLOSE, received: CLOSE });
  });

  it('has the peer’s code when both closed, 1005 when it had none (§7.1.5)', () => {
    const ending = new Ending();
    ending.sent(CLOSE);
    ending.received({ code: 1005, reason: '' });
    expect(ending.closed(0, 0)).toMatchObject({ code: 1005, reason: '', clean: true });
  });

  it.each(violationCodes)('of the violation %s says code, rule, section and limit', (code) => {
    const ending = new Ending();
    const error = new ProtocolError(code, 'detail');
    ending.violated(error);
    ending.sent({ code: error.closeCode, reason: error.message });
    expect(ending.closed(0, 0)).toMatchObject({
      code: error.closeCode,
      reason: error.message,
      clean: false,
      by: 'local',
      because: 'violation',
      phase: 'open',
      rule: code,
      section: error.section,
      limit: error.limit,
      error,
    });
  });

  it('of two violations says the first, which the Close frame named', () => {
    const ending = new Ending();
    const first = new ProtocolError('WS_RESERVED_BIT_SET');
    ending.violated(first);
    ending.sent({ code: 1002, reason: first.message });
    ending.violated(new ProtocolError('WS_TEXT_UTF8'));
    expect(ending.closed(0, 0)).toMatchObject({
      code: 1002,
      reason: first.message,
      rule: 'WS_RESERVED_BIT_SET',
      error: first,
      sent: { code: 1002 },
    });
  });

  it.each([
    ['end', 'transportEnd'],
    ['Close', 'close'],
  ] as const)(
    'of a violation that is found behind the peer’s %s: what stands behind it does not count',
    (_what, because) => {
      const ending = new Ending();
      if (because === 'close') ending.received(CLOSE);
      ending.began('peer', because, 'open');
      ending.violated(new ProtocolError('WS_MESSAGE_TOO_BIG'));
      expect(ending.closed(0, 0)).toMatchObject({
        code: 1009,
        by: 'local',
        because: 'violation',
        received: undefined,
        limit: 'maxMessageBytes',
      });
    },
  );

  it('of a violation between our Close and the peer’s is not clean', () => {
    const ending = new Ending();
    ending.sent(CLOSE);
    ending.began('local', 'close', 'open');
    ending.received(CLOSE);
    ending.violated(new ProtocolError('WS_MESSAGE_TOO_BIG'));
    expect(ending.closed(0, 0)).toMatchObject({ code: 1009, clean: false, received: undefined });
  });

  it('of a violation that is found when both Closes are exchanged stays as it was', () => {
    const ending = new Ending();
    ending.received(CLOSE);
    ending.began('peer', 'close', 'open');
    ending.sent(CLOSE);
    ending.violated(new ProtocolError('WS_MESSAGE_TOO_BIG'));
    expect(ending.closed(0, 0)).toMatchObject({ code: 4000, clean: true, by: 'peer' });
  });

  it('of a violation after our Close keeps what began it, and says the rule too', () => {
    const ending = new Ending();
    ending.sent(CLOSE);
    ending.began('local', 'close', 'open');
    ending.violated(new ProtocolError('WS_TEXT_UTF8'));
    expect(ending.closed(0, 0)).toMatchObject({
      code: 1007,
      because: 'close',
      phase: 'open',
      rule: 'WS_TEXT_UTF8',
      sent: CLOSE,
    });
  });

  it.each([
    ['close', 'closeTimeout'],
    ['handler', 'handler'],
    ['overflow', 'overflow'],
  ] as const)('a Close because of `%s` that is never answered is `%s`', (because, expected) => {
    const ending = new Ending();
    ending.began('local', because, 'open');
    ending.sent(CLOSE);
    ending.unanswered();
    expect(ending.closed(0, 0)).toMatchObject({ code: 1006, because: expected });
  });

  it('counts what was dropped, and what was discarded', () => {
    expect(new Ending().closed(7, 3)).toMatchObject({ droppedMessages: 7, discardedMessages: 3 });
  });

  it.each([
    ['pongTimeout', 'pongTimeout'],
    ['overflow', 'maxQueuedBytes'],
    ['closeTimeout', 'closeTimeout'],
    ['close', undefined],
    ['handler', undefined],
    ['terminated', undefined],
    ['transportEnd', undefined],
  ] as const)('because of `%s` names the limit %s', (because, limit) => {
    const ending = new Ending();
    ending.began('local', because, 'open');
    expect(ending.closed(0, 0).limit).toBe(limit);
  });

  it('of a transport that broke has its error', () => {
    const ending = new Ending();
    const error = new Error('reset');
    ending.broke(error, 'closeReceived');
    expect(ending.closed(0, 0)).toMatchObject({
      code: 1006,
      by: 'transport',
      because: 'transportError',
      phase: 'closeReceived',
      error,
    });
  });
});
