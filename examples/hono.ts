// A Hono app and a WebSocket echo on one port.
//   npm run example hono
import type { Server } from 'node:http';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { WebSocketServer } from 'meerkat';

const wss = new WebSocketServer({
  async message(connection, message) {
    if (connection.send(message) !== 'sent') await connection.drained();
  },
});

const app = new Hono();
app.get('/connections', (context) => context.json({ connections: wss.connections.size }));

const port = Number(process.env['PORT'] ?? 8080);
const http = serve({ fetch: app.fetch, port }, (address) => {
  console.log(`ws://localhost:${address.port}/websocket`);
}) as Server; // of HTTP/2 only when `createServer` says so
wss.attach(http, { path: '/websocket' });

process.once('SIGTERM', () => {
  http.close(); // nobody new; requests in progress are answered
  void wss.close(); // 1001 to everyone, behind what is queued for them; it never rejects
  // A client that never ends its request must not keep the process.
  setTimeout(() => http.closeAllConnections(), 10_000).unref();
});
