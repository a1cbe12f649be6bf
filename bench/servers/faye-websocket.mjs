import WebSocket from 'faye-websocket';
import { httpServer, listen } from './http-server.mjs';

const subscribers = new Set();
const server = httpServer();

server.on('upgrade', (request, netSocket, head) => {
  const socket = new WebSocket(request, netSocket, head);
  if (request.url === '/sub') {
    subscribers.add(socket);
    socket.on('close', () => subscribers.delete(socket));
  } else if (request.url === '/pub') {
    socket.on('message', ({ data }) => {
      for (const subscriber of subscribers) subscriber.send(data);
    });
  } else {
    socket.on('message', ({ data }) => socket.send(data));
  }
});
listen(server);
