import { connect } from 'meerkat';
import { RawPeer } from 'meerkat/testing';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { dial, failure } from '../support/dialling.ts';
import { expectNothingUnhandled } from '../support/failures.ts';
import { resourceServer } from '../support/resources.ts';

beforeEach(expectNothingUnhandled);

/** Enough for a server that runs from its sources, and some clients. */
const FILES = 64;

/** TCP connections that say nothing. */
async function idle(port: number, count: number): Promise<RawPeer[]> {
  const peers: RawPeer[] = [];
  onTestFinished(async () => {
    for (const peer of peers) peer.reset();
    await Promise.all(peers.map((peer) => peer.close()));
  });
  for (let at = 0; at < count; at += 1) peers.push(await RawPeer.connect(port));
  return peers;
}

describe('a server that has no descriptor left', () => {
  it('R6 serves whom it has, resets whoever comes, and lets in again when some are free', async () => {
    const server = await resourceServer({ maxConnections: 0 }, { files: FILES });
    const url = `ws://127.0.0.1:${server.port}/`;
    const first = await dial(url);
    for (let round = 0; round < 3; round += 1) {
      const peers = await idle(server.port, 2 * FILES);
      // Node tells nobody: who cannot be accepted is accepted on a spare descriptor, and closed.
      const { sockets } = await server.measureUntil(
        (now) => now.sockets + peers.filter(({ ended }) => ended).length === peers.length + 1,
      );
      expect(sockets).toBeGreaterThan(5);
      expect(sockets).toBeLessThan(FILES);
      await expect(connect(url)).rejects.toMatchObject({ status: 0 });
      first.connection.send(`round ${round}`);
      expect(await first.next()).toBe(`round ${round}`);

      for (const peer of peers) peer.reset();
      await server.measureUntil((now) => now.sockets === 1);
      const another = await dial(url);
      another.connection.send('in again');
      expect(await another.next()).toBe('in again');
      another.connection.terminate();
      await server.measureUntil((now) => now.sockets === 1);
    }
  }, 60_000);

  it('R6 does not come to that by default: past four fifths of them WebSockets get 503', async () => {
    const files = 4 * FILES;
    const server = await resourceServer({}, { files });
    const url = `ws://127.0.0.1:${server.port}/`;
    const most = Math.floor(files * 0.8);
    const clients = await Promise.all(Array.from({ length: most }, () => dial(url)));
    for (let at = 0; at < 20; at += 1) expect((await failure(connect(url))).status).toBe(503);
    const { connections } = await server.measureUntil((now) => now.sockets === most);
    expect(connections).toBe(most);
    clients[0]?.connection.terminate();
    await server.measureUntil((now) => now.sockets === most - 1);
    await dial(url);
  });
});
