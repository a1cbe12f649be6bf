import { describe, expect, it } from 'vitest';
import { CommandLineError, readOptions } from './options.ts';
import type { Look } from './server.ts';
import { judge, type Record, type Row } from './verdict.ts';

const MIB = 1_048_576;
const ON_TIME = { p50: 0.1, p99: 2, longest: 8, ownP99: 1 };
const LATE = { p50: 20, p99: 80, longest: 300, ownP99: 70 };

function look(more: Partial<Look> = {}): Look {
  return {
    connections: 2_000,
    accepted: 2_010,
    held: 20 * MIB,
    rss: 100 * MIB,
    cpu: 1_000,
    opened: 5_000,
    sockets: 700,
    endings: { '/passing close 1000': 40, '/stall overflow 1013': 3 },
    handles: { TCPServerWrap: 1, PipeWrap: 1 },
    descriptors: 30,
    listeners: 9,
    timers: 2_000,
    topics: 2,
    delay: ON_TIME,
    faults: {},
    ...more,
  };
}

function row(seconds: number, more: Partial<Look> = {}, beside = ON_TIME): Row {
  const crowds = { echoes: 1, deliveries: 1, pings: 1, echoP99: 1, longestEcho: 1, longestPong: 1 };
  return {
    at: seconds * 1000,
    lasted: 15_000,
    look: look(more),
    crowds: { ...crowds, faults: {} },
    visitors: { visits: 1, pages: 1, faults: {} },
    beside,
  };
}

const NOBODY = { connections: 0, accepted: 0, timers: 0, topics: 0 };

function record(more: Partial<Record> = {}): Record {
  return {
    options: readOptions([]),
    before: look({ ...NOBODY, endings: {}, opened: 0, sockets: 0 }),
    rows: [row(15, { held: 10 * MIB }), row(90), row(105), row(180)],
    after: look(NOBODY),
    ended: true,
    faults: {},
    ...more,
  };
}

/** What did not hold, by the first word. */
function wrong(more: Partial<Record>): string[] {
  return judge(record(more)).flatMap(({ passed, text }) =>
    passed ? [] : [text.split(':', 1)[0] ?? ''],
  );
}

describe('the verdict of a soak', () => {
  it('passes where all is as it was, whatever the first half was like', () => {
    expect(wrong({})).toEqual([]);
  });

  it.each<[string, string, Partial<Record>]>([
    [
      'a heap that grows by 6 %',
      'heap',
      { rows: [row(90), row(120), row(180, { held: 21.2 * MIB })] },
    ],
    ['a heap that shrinks by 6 %', 'heap', { rows: [row(90), row(180, { held: 18.8 * MIB })] }],
    ['a heap that was looked at once', 'heap', { rows: [row(15), row(90)] }],
    ['a loop that is held', 'event loop', { rows: [row(90), row(105, { delay: LATE }), row(120)] }],
    [
      'one that stays and is gone',
      'connections',
      { rows: [row(90, { connections: 1_999 }), row(105)] },
    ],
    [
      'a visitor that is still there',
      'connections',
      { rows: [row(90, { connections: 2_001 }), row(105)] },
    ],
    [
      'one that was cut off at the end',
      'connections',
      { after: look({ ...NOBODY, endings: { '/idle transportEnd 1006': 1 } }) },
    ],
    [
      'a handler that failed',
      'connections',
      { after: look({ ...NOBODY, endings: { '/passing handler 1011': 1 } }) },
    ],
    ['a connection that is left', 'afterwards', { after: look({ ...NOBODY, connections: 1 }) }],
    ['a socket that is left', 'afterwards', { after: look({ ...NOBODY, accepted: 1 }) }],
    [
      'a handle of another kind',
      'afterwards',
      { after: look({ ...NOBODY, handles: { TCPServerWrap: 1, PipeWrap: 1, Timeout: 1 } }) },
    ],
    ['a descriptor', 'afterwards', { after: look({ ...NOBODY, descriptors: 31 }) }],
    ['a listener', 'afterwards', { after: look({ ...NOBODY, listeners: 10 }) }],
    ['a timer', 'afterwards', { after: look({ ...NOBODY, timers: 1 }) }],
    ['a topic of nobody', 'afterwards', { after: look({ ...NOBODY, topics: 1 }) }],
    ['a process that does not end', 'afterwards', { ended: false }],
    [
      'a listener of our own that accepts nobody',
      'own listener',
      { after: look({ ...NOBODY, sockets: 5_100 }) },
    ],
    ['a message that is lost', 'messages, answers and ends', { faults: { 'messages lost': 1 } }],
  ])('does not pass %s', (_what, word, more) => {
    expect(wrong(more)).toEqual([word]);
  });

  it('does not hold against the server what the machine did to an idle process too', () => {
    const rows = [row(90), row(105, { delay: LATE }, LATE), row(120)];
    expect(wrong({ rows })).toEqual([]);
    expect(
      judge(record({ rows }))
        .map(({ text }) => text)
        .join(),
    ).toContain('1 of 3 rows');
  });

  it('does not ask for the own listener where it is not meant to accept', () => {
    const after = look({ ...NOBODY, sockets: 5_100 });
    expect(wrong({ options: readOptions(['--listener', 'http']), after })).toEqual([]);
    expect(wrong({ options: readOptions(['--transport', 'stream']), after })).toEqual([]);
  });
});

describe('the options of a soak', () => {
  it('are three minutes with 2,000 connections on the own listener', () => {
    expect(readOptions([])).toEqual({
      milliseconds: 180_000,
      connections: 2_000,
      listener: 'own',
      transport: 'handle',
    });
  });

  it.each([
    [['--minutes', '0']],
    [['--connections', 'many']],
    [['--listener', 'bun']],
    [['--transport', 'pigeon']],
    [['--hours', '3']],
    [['3']],
  ])('refuse %j', (args) => {
    expect(() => readOptions(args)).toThrow(CommandLineError);
  });
});
