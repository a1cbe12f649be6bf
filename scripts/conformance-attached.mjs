// An echo server on node:http, as most applications have it. For `npm run conformance`.
import { createServer } from 'node:http';
import { WebSocketServer } from 'meerkat';

const server = createServer((_request, response) => {
  response.writeHead(426, { Connection: 'Upgrade', Upgrade: 'websocket' }).end();
});
new WebSocketServer({
  compression: true,
  maxMessageBytes: 67_108_864,
  message: (connection, message) => void connection.send(message),
}).attach(server);
server.listen(0, '127.0.0.1', () => console.log(`ws://127.0.0.1:${server.address().port}/`));
