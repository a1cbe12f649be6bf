import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { port, ready, tls } from './setting.mjs';

/** Node's own server, as every server on `node:http` here has it: with its defaults. */
export function httpServer() {
  return tls === undefined ? createServer() : createTlsServer(tls);
}

export function listen(server) {
  server.listen(port, '127.0.0.1', () => ready(server.address().port));
}
