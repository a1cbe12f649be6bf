// A test of one's own server, for Node's test runner: node --import tsx --test server.test.ts
import { deepEqual } from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { checkServer, outcomeOf } from '@meerkat/conformance';
import { WebSocketServer } from 'meerkat';

await test('the server keeps to RFC 6455', async (context) => {
  const http = createServer().listen(0, '127.0.0.1');
  await once(http, 'listening');
  const server = new WebSocketServer({
    maxMessageBytes: 16 * 1_048_576,
    async message(connection, message) {
      if (connection.send(message) !== 'sent') await connection.drained();
    },
  });
  server.attach(http);
  context.after(async () => {
    await server.close();
    http.close();
  });

  const { port } = http.address() as AddressInfo;
  const { results, notRun } = await checkServer({
    url: `ws://127.0.0.1:${port}/`,
    cases: ['1', '2', '3', '4', '5', '7'],
  });

  const failed = results.filter((result) => outcomeOf(result) === 'fail');
  deepEqual(
    failed.map(({ id, result, resultClose }) => [id, result, resultClose]),
    [],
  );
  deepEqual(notRun, []);
});
