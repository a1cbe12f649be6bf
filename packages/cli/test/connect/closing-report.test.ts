import { CLOSE_CODES, type Closed } from 'meerkat';
import { describe, expect, it } from 'vitest';
import { describeClosed, type GivenUp } from '../../src/connect/closing-report.ts';

function closed(given: Partial<Closed>): Closed {
  const { code = 1000, reason = '' } = given;
  return {
    code,
    reason,
    clean: true,
    by: 'local',
    because: 'close',
    phase: 'open',
    sent: { code: 1000, reason: '' },
    received: { code, reason },
    rule: undefined,
    section: undefined,
    limit: undefined,
    error: undefined,
    droppedMessages: 0,
    discardedMessages: 0,
    ...given,
  };
}

const LOST: Partial<Closed> = { code: 1006, clean: false, received: undefined, sent: undefined };

describe('describeClosed', () => {
  it.each<[string, Partial<Closed>, string]>([
    ['we closed', {}, 'closed: 1000 normal closure. The purpose of'],
    ['the server closed', { by: 'peer' }, 'the server closed: 1000 normal closure. The'],
    ['the server went', { by: 'peer', code: 1001 }, 'the server closed: 1001 going away. The'],
    [
      'there was no code',
      { by: 'peer', code: 1005 },
      'the server closed: 1005 no status received.',
    ],
    [
      'our private code was repeated',
      { code: 4001, sent: { code: 4001, reason: '' } },
      'closed: 4001 (private use). Only',
    ],
    [
      "the server's Close came, but ours did not leave any more",
      { by: 'peer', clean: false, sent: undefined },
      'the server closed: 1000 normal closure.',
    ],
  ])('B8 calls it a good end when %s', (_when, given, line) => {
    const report = describeClosed(closed(given), undefined);
    expect(report.line).toContain(line);
    expect(report.fine).toBe(true);
  });

  it.each<[string, Partial<Closed>, GivenUp, string]>([
    [
      'the server refuses us',
      { by: 'peer', code: 1008, reason: 'no' },
      undefined,
      'the server closed: 1008 policy violation "no". The peer broke',
    ],
    [
      'the server restarts',
      { by: 'peer', code: 1012 },
      undefined,
      'the server closed: 1012 service restart.',
    ],
    ['a private code comes', { by: 'peer', code: 4000 }, undefined, '4000 (private use). Only'],
    [
      "a library's code comes",
      { by: 'peer', code: 3999 },
      undefined,
      '3999 (registered by a library). The',
    ],
    [
      'our Close is answered with a fault',
      { code: 1011 },
      undefined,
      'closed with 1000, the server answered: 1011 internal error.',
    ],
    [
      'the server breaks a rule',
      {
        because: 'violation',
        code: 1002,
        reason: 'a reserved bit is set',
        rule: 'WS_RESERVED_BIT_SET',
        section: '§5.2',
        received: undefined,
      },
      undefined,
      '1002 protocol error: the server broke the protocol: a reserved bit is set (WS_RESERVED_BIT_SET, RFC 6455 §5.2). "meerkat explain WS_RESERVED_BIT_SET" says more.',
    ],
    [
      'the server breaks a rule after our Close',
      { code: 1002, reason: 'x', rule: 'WS_RESERVED_BIT_SET', section: '§5.2' },
      undefined,
      'the server broke the protocol',
    ],
    [
      'a message is too big',
      {
        because: 'violation',
        code: 1009,
        reason: 'the message exceeds the limit',
        rule: 'WS_MESSAGE_TOO_BIG',
        section: '§7.4.1',
        limit: 'maxMessageBytes',
      },
      undefined,
      'the server exceeded our maxMessageBytes: the message exceeds the limit (WS_MESSAGE_TOO_BIG, RFC 6455 §7.4.1); --max-message-bytes raises it.',
    ],
    [
      'the server compresses wrongly',
      {
        because: 'violation',
        code: 1007,
        reason: 'a compressed message cannot be inflated',
        rule: 'WS_DEFLATE_INVALID',
        section: 'RFC 7692 §7.2.2',
      },
      undefined,
      'a compressed message cannot be inflated (WS_DEFLATE_INVALID, RFC 7692 §7.2.2). "meerkat explain',
    ],
    [
      'there are too many pings',
      {
        because: 'violation',
        code: 1008,
        reason: 'x',
        rule: 'WS_CONTROL_RATE',
        section: '§5.5',
        limit: 'maxControlFramesPerSecond',
      },
      undefined,
      'the server exceeded our maxControlFramesPerSecond: x (WS_CONTROL_RATE, RFC 6455 §5.5). "meerkat explain',
    ],
    [
      'the connection is cut',
      { ...LOST, by: 'transport', because: 'transportEnd' },
      undefined,
      '1006 abnormal closure: the server ended the connection without a Close frame. "meerkat explain 1006"',
    ],
    [
      'the connection breaks',
      { ...LOST, by: 'transport', because: 'transportError', error: new Error('read ECONNRESET') },
      undefined,
      'the connection broke: read ECONNRESET.',
    ],
    [
      'the server is dead',
      { ...LOST, because: 'pongTimeout' },
      undefined,
      'the server gave no sign of life',
    ],
    [
      'our Close has no answer',
      { ...LOST },
      undefined,
      'the server ended the connection without answering our Close.',
    ],
    [
      'our Close has no answer in time',
      { ...LOST, because: 'closeTimeout' },
      undefined,
      'the server did not answer our Close in time.',
    ],
    ['we gave up waiting', { ...LOST }, 'silence', 'the server did not answer our Close in time.'],
    [
      'the user gave up waiting',
      { ...LOST },
      'interrupt',
      "ended at once, the server's Close was not awaited.",
    ],
  ])('B8 calls it a bad end when %s', (_when, given, givenUp, line) => {
    const report = describeClosed(closed(given), givenUp);
    expect(report.line).toContain(line);
    expect(report.fine).toBe(false);
  });

  it.each(CLOSE_CODES)('B8 shows name and meaning of $code', ({ code, name, meaning }) => {
    const { line } = describeClosed(closed({ by: 'peer', code }), undefined);
    expect(line).toBe(`the server closed: ${code} ${name}. ${meaning}`);
  });

  it("S19 shows the control characters of the server's reason", () => {
    const { line } = describeClosed(closed({ by: 'peer', reason: '\x1b[2J\n\u202e' }), undefined);
    expect(line).toContain('"\\x1b[2J\\n\\u202e"');
  });
});
