// No WebSocket at all: octets come back as they came. What Node's streams leave to be had.
import { createServer } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { listen } from './http-server.mjs';
import { tls } from './setting.mjs';

function echo(socket) {
  socket.setNoDelay();
  socket.on('error', () => {}); // a peer that resets the connection
  socket.on('data', (chunk) => socket.write(chunk));
}

listen(tls === undefined ? createServer(echo) : createTlsServer(tls, echo));
