// What a server for the package ws becomes. Beside each part stands what it was there.
//   npm run example from-ws
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'meerkat';

interface Visitor {
  readonly name: string;
}

const wss = new WebSocketServer<Visitor>({
  maxMessageBytes: 65_536, // maxPayload
  // verifyClient; or server.on('upgrade', …) with handleUpgrade
  upgrade({ url }) {
    const name = new URL(url, 'ws://_').searchParams.get('name');
    if (name === null) return { refuse: 401, body: 'Who are you?\n' };
    return { data: { name } }; // ws.name = name
  },
  // wss.on('connection', (ws, request) => …)
  open(connection) {
    connection.send(`Hello, ${connection.data.name}.`);
  },
  // ws.on('message', (data, isBinary) => …)
  async message(connection, message) {
    if (typeof message === 'string') {
      tellAll(`${connection.data.name}: ${message}`);
      return;
    }
    // ws.send(data, callback), and a look at ws.bufferedAmount
    if (connection.send(message) !== 'sent') await connection.drained();
  },
  // ws.on('close', (code, reason) => …)
  close(connection, { code, reason }) {
    console.log(`${connection.data.name} left: ${code} ${reason}`);
  },
});

// for (const ws of wss.clients) if (ws.readyState === WebSocket.OPEN) ws.send(text)
function tellAll(text: string): void {
  for (const connection of wss.connections) connection.send(text);
}

// new WebSocketServer({ port: 8080, path: '/websocket' })
const http = createServer((_request, response) => response.writeHead(426).end());
wss.attach(http, { path: '/websocket' });
http.listen(Number(process.env['PORT'] ?? 8080), () => {
  console.log(`ws://localhost:${(http.address() as AddressInfo).port}/websocket`);
});

process.once('SIGTERM', () => {
  http.close();
  // wss.close(), and a loop over wss.clients: 1001 to everyone. It never rejects.
  void wss.close().then(() => http.closeAllConnections());
});
