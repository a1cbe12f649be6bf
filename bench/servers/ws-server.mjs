import { WebSocketServer } from 'ws';
import { httpServer, listen } from './http-server.mjs';
import { deflate } from './setting.mjs';

const perMessageDeflate = deflate && {
  serverNoContextTakeover: true,
  clientNoContextTakeover: true,
  threshold: 0,
};
const subscribers = new Set();
const server = httpServer();

new WebSocketServer({ server, perMessageDeflate }).on('connection', (socket, { url }) => {
  socket.on('error', () => {}); // a peer that resets the connection
  if (url === '/sub') {
    subscribers.add(socket);
    socket.on('close', () => subscribers.delete(socket));
  } else if (url === '/pub') {
    socket.on('message', (data, binary) => {
      for (const subscriber of subscribers) subscriber.send(data, { binary });
    });
  } else {
    socket.on('message', (data, binary) => socket.send(data, { binary }));
  }
});
listen(server);
