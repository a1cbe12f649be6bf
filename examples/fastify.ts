// A Fastify app and a WebSocket echo on one port.
//   npm run example fastify
import { fastify } from 'fastify';
import { WebSocketServer } from 'meerkat';

const wss = new WebSocketServer({
  async message(connection, message) {
    if (connection.send(message) !== 'sent') await connection.drained();
  },
});

const app = fastify({ logger: { level: 'warn' } });
app.get('/connections', () => ({ connections: wss.connections.size }));

wss.attach(app.server, { path: '/websocket' });
// Not onClose: Fastify runs that when its sockets are gone, and ours are among them.
app.addHook('preClose', () => wss.close());

const host = process.env['HOST'] ?? '127.0.0.1';
const address = await app.listen({ host, port: Number(process.env['PORT'] ?? 8080) });
console.log(`${address.replace('http', 'ws')}/websocket`);

process.once('SIGTERM', () => {
  void app.close(); // preClose first: 1001 to everyone; then requests in progress are answered
  // A client that never ends its request must not keep the process.
  setTimeout(() => app.server.closeAllConnections(), 10_000).unref();
});
