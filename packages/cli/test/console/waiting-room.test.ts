import { describe, expect, it } from 'vitest';
import { type WaitingRequest, WaitingRoom } from '../../src/console/waiting-room.ts';

function request(id: number): WaitingRequest {
  const head = { method: 'GET', httpVersion: '1.1', target: '/', rawHeaders: [] };
  return { id, label: `#${id}`, head, deadline: 0 };
}

function room(capacity?: number): { room: WaitingRoom; gone: [number, unknown][] } {
  const gone: [number, unknown][] = [];
  const onGone = ({ id }: WaitingRequest, reason: unknown): void => void gone.push([id, reason]);
  return { room: new WaitingRoom({ onGone }, capacity), gone };
}

const never = new AbortController().signal;

describe('WaitingRoom', () => {
  it('D2 keeps the order, and resolves each with its decision', async () => {
    const { room: waiting, gone } = room();
    const decisions = [1, 2, 3].map((id) => waiting.decisionOn(request(id), never));
    expect(waiting.all.map(({ id }) => id)).toEqual([1, 2, 3]);
    waiting.accept(request(2));
    waiting.refuse(request(1), 404, 'no');
    waiting.refuse(request(3), 403, undefined);
    expect(await Promise.all(decisions)).toEqual([
      { refuse: 404, body: 'no' },
      {},
      { refuse: 403, body: undefined },
    ]);
    expect(waiting.all).toEqual([]);
    expect(gone).toEqual([]);
  });

  it('D2 forgets a request that is given up, and tells once', async () => {
    const { room: waiting, gone } = room();
    const left = new AbortController();
    const decision = waiting.decisionOn(request(1), left.signal);
    left.abort('why');
    expect(await decision).toEqual({ refuse: 503 });
    expect(waiting.get(1)).toBeUndefined();
    waiting.accept(request(1));
    expect(gone).toEqual([[1, 'why']]);
  });

  it('does not tell of one that was decided', () => {
    const { room: waiting, gone } = room();
    const left = new AbortController();
    void waiting.decisionOn(request(1), left.signal);
    waiting.accept(request(1));
    left.abort();
    expect(gone).toEqual([]);
  });

  it('has an end to its capacity', () => {
    const { room: waiting } = room(1);
    expect(waiting.full).toBe(false);
    void waiting.decisionOn(request(1), never);
    expect(waiting.full).toBe(true);
  });
});
