import { type Connection, connect } from 'meerkat';
import { expect, it, onTestFinished } from 'vitest';
import { type Measured, MeasuredServer } from '../../support/measured-server-process.ts';

const COUNT = 500;
/** Octets that compression may add to a connection that has not received a compressed message. */
const MOST = 1_024;
/** What else the process keeps changes a little by itself. */
const ATTEMPTS = 3;

it('an idle connection takes 1 KiB more at most where compression was agreed on', async () => {
  const differences: number[] = [];

  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const difference = (await keptByEach(true)) - (await keptByEach(false));
    differences.push(Math.round(difference));
    if (Math.abs(difference) < MOST) break;
  }
  expect(Math.abs(differences.at(-1) ?? MOST), `${differences.join(', ')} octets`).toBeLessThan(
    MOST,
  );
});

/** Octets on and beside the heap that a server keeps for each connection at rest. */
async function keptByEach(compression: boolean): Promise<number> {
  const server = await MeasuredServer.start({ compression });
  // The first ones make what all of them share.
  for (const early of await openMany(server, 50)) {
    early.terminate();
    await early.closed;
  }
  await server.until(({ connections }) => connections === 0);
  const before = await settled(server);
  const clients = await openMany(server, COUNT);
  expect(new Set(clients.map(({ extensions }) => extensions !== ''))).toEqual(
    new Set([compression]),
  );
  await server.until(({ connections }) => connections === COUNT);
  const after = await settled(server);
  for (const client of clients) client.terminate();
  await Promise.all(clients.map((client) => client.closed));
  return (after.kept - before.kept) / COUNT;
}

/** Opens connections, fewer than the backlog of a listening socket at a time; they end with the test. */
async function openMany({ url }: MeasuredServer, count: number): Promise<Connection<undefined>[]> {
  const opened: Connection<undefined>[] = [];
  onTestFinished(() => {
    for (const connection of opened) connection.terminate();
  });
  while (opened.length < count) {
    const dials = Array.from({ length: Math.min(50, count - opened.length) }, () => connect(url));
    opened.push(...(await Promise.all(dials)));
  }
  return opened;
}

/** After several collections: what one frees may be held by what the next one finds. */
async function settled(server: MeasuredServer): Promise<Measured> {
  for (let round = 0; round < 4; round += 1) await server.ask('collect');
  return server.ask('collect');
}
