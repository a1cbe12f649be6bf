// An echo server beside an ordinary HTTP server, on one port.
//   npm run example echo-server
import { createServer } from 'node:http';
import { WebSocketServer } from 'meerkat';

const http = createServer((_request, response) => {
  response.setHeader('Content-Type', 'text/plain');
  response.end('Speak WebSocket at /websocket\n');
});

const wss = new WebSocketServer({
  async message(connection, message) {
    // A string comes back as text, octets as binary. A client that does not read is not read from either.
    if (connection.send(message) !== 'sent') await connection.drained();
  },
  close(connection, { code, reason, rule }) {
    console.log(`${connection.remoteAddress} left: ${code} ${rule ?? reason}`);
  },
});

process.once('SIGTERM', () => {
  http.close();
  void wss.close(); // 1001 to everyone, behind what is queued for them; it never rejects
  setTimeout(() => http.closeAllConnections(), 5_000).unref(); // clients that never sent a request
});

await wss.listen({ server: http, port: Number(process.env['PORT'] ?? 8080), path: '/websocket' });
console.log('listening', http.address());
