// bun FILE: Bun's own server, which is uWebSockets, with its native publish.
import { deflate, port, ready, tls } from './setting.mjs';

const server = Bun.serve({
  hostname: '127.0.0.1',
  port,
  tls,
  fetch(request, upgrading) {
    const data = new URL(request.url).pathname;
    return upgrading.upgrade(request, { data }) ? undefined : new Response('', { status: 426 });
  },
  websocket: {
    // 'shared' is what it calls a context that is reset after each message.
    perMessageDeflate: deflate && { compress: 'shared', decompress: 'shared' },
    open(socket) {
      if (socket.data === '/sub') socket.subscribe('room');
    },
    message(socket, message) {
      if (socket.data === '/pub') server.publish('room', message, deflate);
      else socket.send(message, deflate);
    },
  },
});
ready(server.port);
