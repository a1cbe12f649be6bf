// With its defaults: only paths and compression are set.
import { Topics, WebSocketServer } from 'meerkat';
import { httpServer, listen } from './http-server.mjs';
import { deflate } from './setting.mjs';

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
echo.attach(server);
subscribe.attach(server, { path: '/sub' });
publish.attach(server, { path: '/pub' });
listen(server);
