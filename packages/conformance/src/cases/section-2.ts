// Section 2: ping and pong (RFC 6455 §5.5.2, §5.5.3).
import { close, octetsOf, ping, pong, repeat } from '../wire/frame.ts';
import { type Case, CLOSE, pongEvent } from './case.ts';
import { kill, type ScriptCaseTable, scriptCase, send, timedClose } from './script-case.ts';

const HW = 'Hello, world!';
const NB = octetsOf('<00 ff fe fd fc fb 00 ff>');
const LARGEST = repeat('<fe>', 125);
const UNSOLICITED = 'unsolicited pong payload';
const TEN = Array.from({ length: 10 }, (_, index) => `payload-${index}`);

const EVERY_PING =
  'RFC 6455 §5.5.3 lets an endpoint answer only the latest of several pings; this case asks for all of them.';
const FEWER_PONGS = 'does not answer each of ten pings that come together, in their order';

type Row = Pick<ScriptCaseTable, 'fault' | 'steps' | 'expect'> & Partial<ScriptCaseTable>;

const ROWS: readonly Row[] = [
  {
    fault: 'does not answer an empty ping with an empty pong',
    steps: [send([ping()])],
    expect: [pongEvent()],
  },
  {
    fault: "does not give a ping's text back in its pong",
    steps: [send([ping(HW)])],
    expect: [pongEvent(HW)],
  },
  {
    fault: "does not give a ping's binary payload back unchanged",
    steps: [send([ping(NB)])],
    expect: [pongEvent(NB)],
  },
  {
    fault: 'does not answer a ping with the largest payload there may be, 125 octets',
    steps: [send([ping(LARGEST)])],
    expect: [pongEvent(LARGEST)],
  },
  {
    rule: 'RFC 6455 §5.5',
    fault: 'accepts a ping whose payload is longer than 125 octets',
    steps: [send([ping(repeat('<fe>', 126))])],
    expect: [],
    close: CLOSE.P,
    limit: kill(1),
  },
  {
    fault: 'does not answer a ping that arrives octet by octet',
    steps: [send([ping(LARGEST)], 1)],
    expect: [pongEvent(LARGEST)],
    limit: timedClose(2),
  },
  {
    rule: 'RFC 6455 §5.5.3',
    fault: 'does not simply ignore a pong that nobody asked for',
    steps: [send([pong(), close(1000)])],
    expect: [],
  },
  {
    rule: 'RFC 6455 §5.5.3',
    fault: 'does not simply ignore a pong with a payload that nobody asked for',
    steps: [send([pong(UNSOLICITED), close(1000)])],
    expect: [],
  },
  {
    rule: 'RFC 6455 §5.5.3',
    fault: 'does not answer a ping that follows a pong nobody asked for',
    steps: [send([pong(UNSOLICITED), ping('ping payload')])],
    expect: [pongEvent('ping payload')],
  },
  {
    fault: FEWER_PONGS,
    steps: [send(TEN.map((payload) => ping(payload)))],
    expect: TEN.map(pongEvent),
    limit: timedClose(3),
    note: EVERY_PING,
  },
  {
    fault: `${FEWER_PONGS}, when they arrive octet by octet`,
    steps: [
      send(
        TEN.map((payload) => ping(payload)),
        1,
      ),
    ],
    expect: TEN.map(pongEvent),
    limit: timedClose(3),
    note: EVERY_PING,
  },
];

/** Ping and pong. */
export const SECTION_2: readonly Case[] = ROWS.map((row, index) =>
  scriptCase({
    id: `2.${index + 1}`,
    rule: 'RFC 6455 §5.5.2',
    close: CLOSE.N,
    limit: timedClose(1),
    ...row,
  }),
);
