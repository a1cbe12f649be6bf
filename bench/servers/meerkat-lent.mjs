// An echo that is lent its binary messages: what the copy for the handler costs.
import { WebSocketServer } from 'meerkat';
import { httpServer, listen } from './http-server.mjs';

const server = httpServer();
new WebSocketServer({
  dangerouslyLendMessages: true,
  message: (connection, message) => void connection.send(message),
}).attach(server);
listen(server);
