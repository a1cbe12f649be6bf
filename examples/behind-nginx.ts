// A server that only a proxy on this machine reaches: see nginx.conf beside it.
//   npm run example behind-nginx
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'meerkat';

const wss = new WebSocketServer({
  // Whose X-Forwarded-For is believed. Anybody else can write into it what they like.
  trustProxy: ['127.0.0.1'],
  maxConnectionsPerAddress: 100,
  // Well below nginx's proxy_read_timeout: a connection on which nothing moves lives of its pings.
  pingInterval: Number(process.env['PING_INTERVAL'] ?? 25_000),
  open(connection) {
    connection.send(`You are ${connection.remoteAddress}`);
  },
  async message(connection, message) {
    if (connection.send(message) !== 'sent') await connection.drained();
  },
});

const http = createServer((_request, response) => response.writeHead(404).end());
wss.attach(http, { path: '/websocket' });
// 127.0.0.1: who could go round the proxy would choose the address that it is known by.
http.listen(Number(process.env['PORT'] ?? 8080), '127.0.0.1', () => {
  console.log(`ws://127.0.0.1:${(http.address() as AddressInfo).port}/websocket`);
});

process.once('SIGTERM', () => {
  http.close(); // nobody new; requests in progress are answered
  void wss.close(); // 1001 to everyone, behind what is queued for them; it never rejects
  // A client that never ends its request must not keep the process.
  setTimeout(() => http.closeAllConnections(), 10_000).unref();
});
