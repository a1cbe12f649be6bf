import type { Connection } from 'meerkat';
import { describe, expect, it, vi } from 'vitest';
import { RoundTrips } from '../../src/connect/round-trips.ts';
import { pipe } from './command.ts';
import { meerkatServer, rawServer } from './servers.ts';

/** A connection whose Pongs take as long as the list says, or never come. */
function connectionWith(times: readonly (number | 'none')[]): Connection {
  const left = [...times];
  const connection: Pick<Connection, 'ping' | 'state'> = {
    state: 'open',
    ping: () => {
      const time = left.shift() ?? 'none';
      return time === 'none' ? Promise.reject(new Error('closed')) : Promise.resolve(time);
    },
  };
  return connection as Connection;
}

describe('RoundTrips', () => {
  it('measures now and then, and sums up as ping(8) does', async () => {
    vi.useFakeTimers();
    const notes: string[] = [];
    const trips = new RoundTrips(connectionWith([0.84, 1.36, 1.1, 'none']), (text) => {
      notes.push(text);
    });
    trips.begin(1_000);
    await vi.advanceTimersByTimeAsync(3_999);
    vi.useRealTimers();
    expect(await trips.end()).toBe('round trips: 4 sent, 3 answered, min/avg/max 0.8/1.1/1.4 ms');
    expect(notes).toEqual(['round trip: 0.8 ms', 'round trip: 1.4 ms', 'round trip: 1.1 ms']);
  });

  it('has no times where nothing was answered', async () => {
    const trips = new RoundTrips(connectionWith(['none']), () => {});
    trips.begin(1_000);
    expect(await trips.end()).toBe('round trips: 1 sent, 0 answered');
  });

  it('does not count what was asked for by hand', async () => {
    const notes: string[] = [];
    const trips = new RoundTrips(connectionWith([2, 'none']), (text) => {
      notes.push(text);
    });
    trips.once(undefined);
    trips.once(Buffer.from('x'));
    expect(await trips.end()).toBeUndefined();
    expect(notes).toEqual(['pong after 2.0 ms', 'no pong came before the end']);
  });
});

describe('meerkat connect --ping', () => {
  it('prints every round trip and a summary, beside the messages', async () => {
    let pings = 0;
    const url = await meerkatServer({
      ping: (connection) => {
        pings += 1;
        connection.send(`ping ${pings}`);
      },
    });
    const { code, output, errors } = await pipe(
      '',
      'connect',
      url,
      '--ping',
      '0.01',
      '--count',
      '3',
    );
    expect(output).toBe('ping 1\nping 2\nping 3\n');
    expect(errors.match(/^round trip: \d+\.\d ms$/gm)?.length).toBeGreaterThanOrEqual(3);
    expect(errors).toMatch(
      /^round trips: (\d+) sent, \1 answered, min\/avg\/max [\d.]+\/[\d.]+\/[\d.]+ ms\nclosed: 1000/m,
    );
    expect(code).toBe(0);
  });

  it('counts what the server never answered', async () => {
    const url = await rawServer(async (peer) => {
      await peer.take(6 + 4); // a Ping
      await peer.send('88 02 03 e8');
      await peer.take(8);
      peer.end();
    });
    const { code, errors } = await pipe('', 'connect', url, '--ping', '60', '--wait', 'forever');
    expect(errors).toMatch(/^round trips: 1 sent, 0 answered\nthe server closed: 1000/);
    expect(code).toBe(0);
  });
});
