import { type Connection, connect } from 'meerkat';
import { expect, it } from 'vitest';
import { expectNothingUnhandled } from '../support/failures.ts';
import { echo, serve } from '../support/serving.ts';

const COUNT = 2_000;
/** Fewer than the backlog of a listening socket. */
const AT_ONCE = 100;

it('2,000 idle connections are opened, each echoes once, all are closed, and nothing is left', async () => {
  expectNothingUnhandled();
  const site = await serve(echo);
  const echoes = new Map<Connection<undefined>, string>();
  const clients: Connection<undefined>[] = [];
  while (clients.length < COUNT) {
    const dialled = Array.from({ length: AT_ONCE }, () =>
      connect(site.url, {
        message: (connection, message) => void echoes.set(connection, String(message)),
      }),
    );
    clients.push(...(await Promise.all(dialled)));
  }
  expect(site.wss.connections.size).toBe(COUNT);
  const times = await Promise.all(
    clients.map((client, at) => {
      client.send(`${at}`);
      return client.ping(); // its Pong comes behind the echo
    }),
  );
  expect(times.length).toBe(COUNT);
  expect(clients.map((client) => echoes.get(client))).toEqual(clients.map((_, at) => `${at}`));

  await site.wss.close();
  const endings = await Promise.all(clients.map((client) => client.closed));
  expect(new Set(endings.map(({ code, clean }) => `${code} ${clean}`))).toEqual(
    new Set(['1001 true']),
  );
  expect(site.wss.connections.size).toBe(0);
  const connections = await new Promise((resolve, reject) => {
    site.server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
  });
  expect(connections).toBe(0);
  expect(site.errors).toEqual([]);
}, 60_000);
