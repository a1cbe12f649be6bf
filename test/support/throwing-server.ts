// A WebSocket server whose handlers fail. The query of a request says which and how: `?hook=message&how=throw`. What is
// reported to `error` goes to standard output, a line each. Nothing in here catches what escapes: that ends the process.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { WebSocketServer } from 'meerkat';

/** Fails where `url` asks for it, as plain JavaScript may: also with a promise where nothing should be returned. */
function mayFail(hook: string, url: string): undefined {
  const query = new URL(url, 'ws://localhost').searchParams;
  if (query.get('hook') !== hook) return undefined;
  const error = new Error(`in ${hook}`);
  if (query.get('how') === 'throw') throw error;
  if (query.get('how') === 'reject') return Promise.reject(error) as unknown as undefined;
  return turn().then(() => {
    throw error;
  }) as unknown as undefined;
}

const wss = new WebSocketServer({
  softQueuedBytes: 1,
  trustProxy: (address) => {
    if (address === '192.0.2.1') throw new Error('in trustProxy');
    return true;
  },
  origins: (_origin, { url }) => mayFail('origins', url) ?? true,
  upgrade({ url }) {
    if (url.includes('hook=refused')) return { refuse: 403 };
    if (url.includes('hang')) return new Promise(() => {});
    return mayFail('upgrade', url);
  },
  refused: (_refusal, { url = '/' }) => mayFail('refused', url),
  open(connection) {
    if (connection.url.includes('flood')) connection.send(Buffer.alloc(1_000_000));
    if (connection.url.includes('hook=drain')) connection.send('more than the queue holds');
    return mayFail('open', connection.url);
  },
  message(connection, message) {
    connection.send(message);
    if (connection.url.includes('hook=error')) throw new Error('in message');
    return mayFail('message', connection.url);
  },
  ping: ({ url }) => mayFail('ping', url),
  pong: ({ url }) => mayFail('pong', url),
  drain: ({ url }) => mayFail('drain', url),
  close: ({ url }) => mayFail('close', url),
  error(error, connection) {
    console.log(`reported: ${(error as Error).message}`);
    return mayFail('error', connection?.url ?? '/');
  },
});

const server = createServer();
wss.attach(server);
server.listen(0, '127.0.0.1', () => {
  console.log(`port ${(server.address() as AddressInfo).port}`);
});

process.once('SIGTERM', () => {
  void wss.close({ timeout: 0 });
  server.close();
  server.closeAllConnections();
});
