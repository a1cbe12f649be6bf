// With its defaults: only paths and compression are set. It accepts its connections itself, unless BENCH_ATTACH says otherwise.
import process from 'node:process';
import { Topics, WebSocketServer } from 'meerkat';
import { httpServer, listen } from './http-server.mjs';
import { deflate, port, ready } from './setting.mjs';

const compression = deflate ? { threshold: 0 } : false;
const topics = new Topics();

const echo = new WebSocketServer({
  compression,
  message: (connection, message) => void connection.send(message),
});
const subscribe = new WebSocketServer({
  compression,
  open: (connection) => void topics.subscribe('room', connection),
});
const publish = new WebSocketServer({
  compression,
  message: (_connection, message) => void topics.publish('room', message),
});

const server = httpServer();
subscribe.attach(server, { path: '/sub' });
publish.attach(server, { path: '/pub' });
if (process.env.BENCH_ATTACH === '1') {
  echo.attach(server);
  listen(server);
} else {
  const listening = await echo.listen({ server, port, host: '127.0.0.1' });
  ready(listening.port);
}
