import { type Connection, connect } from 'meerkat';
import type { RawPeer } from 'meerkat/testing';
import { expect, it } from 'vitest';
import { expectNothingUnhandled } from '../support/failures.ts';
import { rawPeer } from '../support/handshake.ts';
import { observe } from '../support/observed.ts';
import { echo, serve } from '../support/serving.ts';
import { until } from '../support/waiting.ts';

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

it('R10 both servers close with 1,000 idle keep-alive connections and 1,000 WebSockets open', async () => {
  expectNothingUnhandled();
  const site = await serve(echo, { http: { keepAliveTimeout: 120_000 } });
  const clients: Connection<undefined>[] = [];
  const idle: RawPeer[] = [];
  while (clients.length < 1_000) {
    const dialled = Array.from({ length: AT_ONCE }, () => connect(site.url, { message() {} }));
    clients.push(...(await Promise.all(dialled)));
    const asked = Array.from({ length: AT_ONCE }, async () => {
      const peer = await rawPeer(site.port);
      await peer.sendText('GET /idle HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
      expect(await peer.takeHead()).toContain('Connection: keep-alive');
      return peer;
    });
    idle.push(...(await Promise.all(asked)));
  }
  await until(() => site.wss.connections.size === 1_000);
  expect(site.sockets.filter(({ destroyed }) => !destroyed)).toHaveLength(2_000);

  const http = new Promise<unknown>((resolve) => site.server.close(resolve));
  await Promise.all([site.wss.close(), http]);
  expect(await http).toBeUndefined();
  const endings = await Promise.all(clients.map((client) => client.closed));
  const codes = new Set(endings.map(({ code }) => code));
  observe(`resolved; close ${[...codes].join(', ')} to ${endings.length} WebSockets`);
  expect(codes).toEqual(new Set([1001]));
  await until(() => idle.every(({ ended }) => ended));
  expect(site.sockets.filter(({ destroyed }) => !destroyed)).toEqual([]);
}, 60_000);
