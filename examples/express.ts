// An Express app and a WebSocket echo on one port.
//   npm run example express
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { WebSocketServer } from 'meerkat';

const wss = new WebSocketServer({
  async message(connection, message) {
    if (connection.send(message) !== 'sent') await connection.drained();
  },
});

const app = express();
app.disable('x-powered-by');
app.get('/connections', (_request, response) => {
  response.json({ connections: wss.connections.size });
});

// Not app.listen(): upgrades do not pass through Express, so the server has to be ours.
const http = createServer(app);
wss.attach(http, { path: '/websocket' });
http.listen(Number(process.env['PORT'] ?? 8080), () => {
  console.log(`ws://localhost:${(http.address() as AddressInfo).port}/websocket`);
});

process.once('SIGTERM', () => {
  http.close(); // nobody new; requests in progress are answered
  void wss.close(); // 1001 to everyone, behind what is queued for them; it never rejects
  // A client that never ends its request must not keep the process.
  setTimeout(() => http.closeAllConnections(), 10_000).unref();
});
