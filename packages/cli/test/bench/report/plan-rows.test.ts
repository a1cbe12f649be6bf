import { describe, expect, it } from 'vitest';
import { planRows } from '../../../src/bench/report/plan-rows.ts';
import { planOf } from '../reports.ts';

function names(...args: Parameters<typeof planOf>): string[] {
  return planRows(planOf(...args)).map(([name]) => name);
}

describe('the plan as a table', () => {
  it('says in words what was asked', () => {
    const plan = planOf({
      ramp: 5_000,
      sizes: [20, 1_024],
      headers: [['X-Token', '']],
      pid: 4_711,
    });
    expect(Object.fromEntries(planRows(plan))).toEqual({
      URL: 'ws://localhost:8000/websocket',
      Mode: 'echo',
      Connections: '100',
      'Opened over': '5 s',
      'Handshakes at a time': '100',
      'Longest time to the 101': '10 s',
      'Messages on the way, each connection': '1',
      Payload: '20 B and 1 KiB in turn, binary',
      'Header fields': 'X-Token',
      'To be measured': '10 s',
      'Warm-up': '2 s',
      'Processes that make the load': '1',
      'Process of the server': '4711',
    });
  });

  it.each([
    [{ mode: 'echo', rate: 50 }, 'Messages a second', 'Messages on the way, each connection'],
    [{ mode: 'broadcast' }, 'Messages on the way', 'Ended'],
    [{ mode: 'connect' }, 'Ended', 'Payload'],
    [{ mode: 'idle' }, 'Connections', 'Payload'],
    [{ mode: 'scenario', rate: 5 }, 'Turns a second', 'Connections'],
  ] as const)('has what %j uses, and nothing else', (plan, used, unused) => {
    expect(names(plan)).toContain(used);
    expect(names(plan)).not.toContain(unused);
  });
});
