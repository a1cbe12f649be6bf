// A run of the size that is usual: all numbered cases and some of our own, three agents of which each has its faults.
import type { CaseResult, RunReport, WireRow } from '../../../src/report/result.ts';
import { binary, close, continuation, ping, pong, text } from '../../../src/wire/frame.ts';
import { agentReport, caseResult, frameRow, pongOf, runReport, textEvent } from './sample-run.ts';

/** How many cases each section has. */
const SECTIONS: readonly (readonly [string, number])[] = [
  ['1', 16],
  ['2', 11],
  ['3', 7],
  ['4', 10],
  ['5', 20],
  ['6', 145],
  ['7', 37],
  ['9', 54],
  ['10', 1],
  ['12', 90],
  ['13', 126],
  ['H', 30],
  ['F', 40],
  ['C', 30],
];
/** What a peer may put into a name or a reason. */
export const HOSTILE = '<script>alert(1)</script>"\'&\u202e\x1b[31m\0';

/** Cases of a section at most, and rounds of those that go many times to and fro. */
interface Size {
  readonly cases: (section: string) => number;
  readonly rounds: number;
}

type Made = (id: string, index: number, log: WireRow[]) => CaseResult;

let whole: RunReport | undefined;

export function wholeRun(): RunReport {
  whole ??= runOf({ cases: () => Infinity, rounds: 40 });
  return whole;
}

let small: RunReport | undefined;

/** The same in little, and with short logs: twenty cases of the sections where most is found, six of the others. */
export function smallRun(): RunReport {
  small ??= runOf({ cases: (section) => (/^[56]$/.test(section) ? 20 : 6), rounds: 3 });
  return small;
}

function runOf(size: Size): RunReport {
  const good = everyCase(0, size, goodResult);
  const sloppy = everyCase(1, size, sloppyResult);
  const notRun = sloppy.splice(-8).map(({ id }) => ({ id, reason: 'the server died in case C3' }));
  const long = 'sloppy-server-with-a-rather-long-name/10.20.30-beta.4 (Linux)';
  return runReport(
    agentReport('acme-ws/2.1', good, { url: 'ws://127.0.0.1:9001/websocket' }),
    agentReport(long, sloppy, { notRun }),
    agentReport(`Evil ${HOSTILE}`, everyCase(2, { ...size, rounds: 2 }, hostileResult)),
  );
}

function everyCase(agent: number, size: Size, made: Made): CaseResult[] {
  return SECTIONS.flatMap(([section, count]) =>
    Array.from({ length: Math.min(count, size.cases(section)) }, (_, index) => {
      const number = `${Math.floor(index / 18) + 1}.${(index % 18) + 1}`;
      const id = /\d/.test(section) ? `${section}.${number}` : `${section}${index + 1}`;
      const rounds = ['9', '12', '13'].includes(section) ? size.rounds : 2;
      return made(id, index, logOf(rounds, agent * 1000 + index));
    }),
  );
}

function logOf(rounds: number, seed: number): WireRow[] {
  const rows: WireRow[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const payload = Uint8Array.from(
      { length: 64 },
      (_, at) => (seed * 31 + round * 17 + at * at * 7) & 0xff,
    );
    const spec = rounds > 2 ? binary(payload, { rsv: 4 }) : text(`message ${round}`);
    const key = Uint8Array.from([seed & 0xff, round, (seed >> 3) & 0xff, 0x4d]);
    rows.push(
      frameRow('runner', spec, { at: round * 0.7, key }),
      frameRow('peer', spec, { at: round * 0.7 + 0.4 }),
    );
  }
  return [...rows, frameRow('runner', close(1000)), frameRow('peer', close(1000, 'bye'))];
}

function head(id: string, log: WireRow[], seed: number): Partial<CaseResult> {
  const key = Buffer.from(`${id}-${seed}-0123456789`).toString('base64').slice(0, 22);
  return {
    log,
    description: `Sends unfinished text "fragment1", then ping "ping payload", then continuation "fragment2" (${id}). Expects pong "ping payload", then text "fragment1fragment2".`,
    expected: [[pongOf('ping payload'), textEvent('fragment1fragment2')]],
    received: [pongOf('ping payload'), textEvent('fragment1fragment2')],
    httpRequest: `GET /websocket HTTP/1.1\r\nHost: 127.0.0.1:9001\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ${key}==\r\nSec-WebSocket-Version: 13\r\n\r\n`,
    httpResponse: `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nServer: acme\r\nSec-WebSocket-Accept: ${key}abcde=\r\n\r\n`,
  };
}

function goodResult(id: string, index: number, log: WireRow[]): CaseResult {
  const informational = id.startsWith('7.1.6') || id.startsWith('7.2.1');
  const verdicts = informational
    ? ({ behavior: 'INFORMATIONAL', behaviorClose: 'INFORMATIONAL' } as const)
    : {};
  return caseResult(id, { ...head(id, log, index), ...verdicts });
}

function sloppyResult(id: string, index: number, log: WireRow[]): CaseResult {
  const made = goodResult(id, index, log);
  if (id.startsWith('5.1.') && index >= 5 && index <= 7) {
    return {
      ...made,
      behavior: 'FAILED',
      behaviorClose: 'UNCLEAN',
      rule: 'RFC 6455 §5.4',
      result: "answers a ping only after the message's last fragment",
      resultClose: 'The connection did not end cleanly: the peer did not answer the Close frame.',
      received: [textEvent('fragment1fragment2'), pongOf('ping payload')],
      wasClean: false,
      wasNotCleanReason: 'the peer did not answer the Close frame',
      remoteCloseCode: null,
      log: [
        frameRow('runner', text('fragment1', { fin: false }), { at: 0.1 }),
        frameRow('runner', ping('ping payload'), { at: 0.1 }),
        frameRow('runner', continuation('fragment2'), { at: 0.2 }),
        { kind: 'note', at: 0.3, text: 'waits for an event' },
        frameRow('peer', text('fragment1fragment2'), { at: 1.1 }),
        frameRow('peer', pong('ping payload'), { at: 1.3 }),
        frameRow(
          'peer',
          { ...text('x'), rsv: 2 },
          { at: 1.4, defect: 'sets reserved bits that nobody gave a meaning' },
        ),
        frameRow('runner', close(1002, 'Reserved bits'), { at: 1.5 }),
        {
          kind: 'octets',
          by: 'peer',
          at: 1.6,
          length: 9,
          octets: Uint8Array.from([0x81, 0x7e, 0, 1, 2, 3, 4, 5, 6]),
        },
      ],
    };
  }
  if (id.startsWith('6.2.'))
    return { ...made, behavior: 'NON-STRICT', result: 'waits for the whole message' };
  if (id.startsWith('9.1.')) {
    const text = 'corrupts the echo: octet 70000 is 01, not fe';
    return { ...made, findings: [{ code: 'CONTENT', text, rule: 'RFC 6455 §5.6' }] };
  }
  if (id.startsWith('12.')) {
    return {
      ...made,
      behavior: 'UNIMPLEMENTED',
      result: 'does not negotiate permessage-deflate',
      log: [],
    };
  }
  return made;
}

function hostileResult(id: string, index: number, usual: WireRow[]): CaseResult {
  const made = goodResult(id, index, usual);
  if (index !== 3) return made;
  return {
    ...made,
    behavior: 'OK',
    behaviorClose: 'WRONG CODE',
    resultClose: `The peer's Close carries 4999, where 1000 is asked for: ${HOSTILE}`,
    remoteCloseCode: 4999,
    remoteCloseReason: HOSTILE,
    received: [textEvent(HOSTILE)],
    httpResponse: `HTTP/1.1 101 ${HOSTILE}\nServer: </script><img src=x onerror=alert(1)>\n\n`,
    notes: [`<b>${HOSTILE}</b>`],
    log: [frameRow('peer', text(HOSTILE)), frameRow('peer', close(4999, HOSTILE))],
  };
}
