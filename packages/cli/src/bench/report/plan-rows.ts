import type { BenchPlan } from '../bench-plan.ts';
import { countWords, rateWords, secondWords } from './figures.ts';
import { payloadWords, stageListWords, urlWords } from './plan-words.ts';

type PlanRow = readonly [name: string, value: string];

const ENDS = { handshake: 'with a closing handshake', abrupt: 'at once, with a reset' } as const;

/** What was asked for, in words: what its mode uses, and nothing else. */
export function planRows(plan: BenchPlan): PlanRow[] {
  return [...connectionRows(plan), ...messageRows(plan), ...handshakeRows(plan), ...runRows(plan)];
}

function connectionRows(plan: BenchPlan): PlanRow[] {
  const { mode, connections, ramp, publishUrl, scenario, closing, connectTimeout } = plan;
  const rows: PlanRow[] = [
    ['URL', urlWords(plan)],
    ['Mode', mode],
  ];
  if (publishUrl !== undefined) rows.push(['URL to publish at', urlWords({ url: publishUrl })]);
  if (scenario !== undefined) rows.push(['Scenario', JSON.stringify(scenario)]);
  rows.push([mode === 'scenario' ? 'Users' : 'Connections', countWords(connections)]);
  rows.push(['Opened over', ramp === 0 ? 'no time: as fast as they get in' : timeWords(ramp)]);
  rows.push(['Handshakes at a time', countWords(plan.connecting)]);
  rows.push(['Longest time to the 101', timeWords(connectTimeout)]);
  if (mode === 'connect' || mode === 'scenario') rows.push(['Ended', ENDS[closing]]);
  return rows;
}

function messageRows(plan: BenchPlan): PlanRow[] {
  const { mode, rate, stages, depth, window } = plan;
  const rows: PlanRow[] = [];
  if (rate !== undefined) {
    const what = mode === 'scenario' ? 'Turns' : 'Messages';
    rows.push([
      `${what} a second`,
      stages === undefined ? rateWords(rate) : stageListWords(stages),
    ]);
  } else if (mode === 'echo') {
    rows.push(['Messages on the way, each connection', countWords(depth)]);
  } else if (mode === 'broadcast') rows.push(['Messages on the way', countWords(window)]);
  if (mode !== 'echo' && mode !== 'broadcast') return rows;
  rows.push(['Payload', payloadWords(plan)]);
  return rows;
}

function handshakeRows(plan: BenchPlan): PlanRow[] {
  const { headers, subprotocols, compression, ca, cert, insecure } = plan;
  const rows: PlanRow[] = [];
  if (compression) rows.push(['Compression', 'offered']);
  if (subprotocols.length > 0) rows.push(['Subprotocols', subprotocols.join(', ')]);
  if (headers.length > 0) rows.push(['Header fields', headers.map(([name]) => name).join(', ')]);
  if (ca !== undefined) rows.push(['Trusted certificates', 'those of a file']);
  if (cert !== undefined) rows.push(['Certificate of the load', 'that of a file']);
  if (insecure) rows.push(['Certificate of the server', 'not verified']);
  return rows;
}

function runRows({ duration, warmUp, processes, pid }: BenchPlan): PlanRow[] {
  const rows: PlanRow[] = [
    ['To be measured', timeWords(duration)],
    ['Warm-up', warmUp === 0 ? 'none' : timeWords(warmUp)],
    ['Processes that make the load', countWords(processes)],
  ];
  if (pid !== undefined) rows.push(['Process of the server', String(pid)]);
  return rows;
}

function timeWords(milliseconds: number): string {
  return secondWords(milliseconds / 1_000);
}
