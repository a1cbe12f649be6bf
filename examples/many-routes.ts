// Three kinds of WebSocket on one port, each with its own options.
//   npm run example many-routes
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'meerkat';

/** Answers, for short texts from pages of this site. */
const echo = new WebSocketServer({
  messageTypes: 'text',
  maxMessageBytes: 1_024,
  async message(connection, text) {
    if (connection.send(text) !== 'sent') await connection.drained();
  },
});

/** Takes files, from programs: a web page sends an Origin, and there is none that may. */
const upload = new WebSocketServer({
  origins: [],
  messageTypes: 'binary',
  maxMessageBytes: 16 * 1_048_576,
  message(connection, octets) {
    connection.send(`${octets.length} octets`);
  },
});

/** Tells the time, to every web page there is: nothing here belongs to a visitor. */
const clock = new WebSocketServer({
  dangerouslyAcceptAnyOrigin: true,
  maxMessageBytes: 1,
  message: (connection) => connection.close(1008, 'only listen'),
});
const tick = setInterval(() => {
  // Who does not take it misses it: it is told again in a second.
  for (const connection of clock.connections) connection.send(new Date().toISOString());
}, 1_000);

const http = createServer((_request, response) => response.writeHead(404).end());
echo.attach(http, { path: '/echo' }).attach(http, { path: '/v1/echo' });
upload.attach(http, { path: '/upload' });
clock.attach(http, { path: '/clock' });
http.listen(Number(process.env['PORT'] ?? 8080), () => {
  const { port } = http.address() as AddressInfo;
  for (const path of ['/echo', '/v1/echo', '/upload', '/clock']) {
    console.log(`ws://localhost:${port}${path}`);
  }
});

process.once('SIGTERM', () => {
  clearInterval(tick);
  http.close(); // nobody new; requests in progress are answered
  for (const wss of [echo, upload, clock]) void wss.close(); // 1001 to everyone; it never rejects
  // A client that never ends its request must not keep the process.
  setTimeout(() => http.closeAllConnections(), 10_000).unref();
});
