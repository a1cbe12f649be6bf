import { connectionPair } from 'meerkat/testing';
import { expect, it, onTestFinished } from 'vitest';
import { type Client, Clients, type Tally, tally } from '../../src/console/clients.ts';

it('finds a client by its number and by its connection, until it is gone', () => {
  const { server, client: peer } = connectionPair();
  onTestFinished(() => {
    server.terminate();
    peer.terminate();
  });
  const clients = new Clients();
  const client = { id: 7, connection: server } as unknown as Client;
  clients.add(client);
  expect([clients.get(7), clients.of(client.connection), clients.all]).toEqual([
    client,
    client,
    [client],
  ]);
  clients.delete(client);
  expect([clients.get(7), clients.of(client.connection), clients.all]).toEqual([
    undefined,
    undefined,
    [],
  ]);
});

it('counts messages, and the octets of their payloads', () => {
  const counts: Tally = { messages: 0, octets: 0 };
  tally(counts, 'é€');
  tally(counts, Buffer.from([1, 2]));
  expect(counts).toEqual({ messages: 2, octets: 7 });
});
