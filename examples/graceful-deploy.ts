// A server that is replaced while clients are connected: it leaves the load balancer, then sends them away in turn.
//   npm run example graceful-deploy
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocketServer } from 'meerkat';

// Until every load balancer has asked /ready again. With the 25 s below it must stay under what kills: 30 s in Kubernetes.
const PROBE_DELAY = Number(process.env['PROBE_DELAY'] ?? 3_000);
let stopping = false;

const http = createServer((request, response) => {
  response.setHeader('Content-Type', 'text/plain');
  if (request.url !== '/ready') response.writeHead(404).end();
  else if (stopping) response.writeHead(503).end('stopping\n');
  else response.end('ready\n');
});

const wss = new WebSocketServer({
  async message(connection, message) {
    if (connection.send(message) !== 'sent') await connection.drained();
  },
});

wss.attach(http, { path: '/websocket' });
http.listen(Number(process.env['PORT'] ?? 8080), () => {
  console.log(`ws://localhost:${(http.address() as AddressInfo).port}/websocket`);
});

async function stop(): Promise<void> {
  stopping = true; // connections are still accepted: some will come until /ready has been asked
  console.log(`stopping, ${wss.connections.size} connected`);
  await delay(PROBE_DELAY);
  http.close();
  // 1012 tells the client to come back; spread, so that they do not all come back in one moment.
  await wss.close({ code: 1012, reason: 'restarting', spread: 5_000, timeout: 25_000 });
  console.log('all connections are closed');
  http.closeAllConnections(); // requests that were never finished; now the process ends by itself, with 0
}

function onSignal(): void {
  if (stopping) process.exit(1); // asked twice: at once
  void stop(); // nothing in it rejects
}
process.on('SIGTERM', onSignal).on('SIGINT', onSignal);
