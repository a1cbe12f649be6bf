// deno run -A FILE: Deno's own server.
import { port, ready, tls } from './setting.mjs';

const subscribers = new Set();

function publish({ data }) {
  for (const subscriber of subscribers) subscriber.send(data);
}

Deno.serve(
  { hostname: '127.0.0.1', port, ...tls, onListen: (address) => ready(address.port) },
  (request) => {
    const { socket, response } = Deno.upgradeWebSocket(request);
    const { pathname } = new URL(request.url);
    socket.binaryType = 'arraybuffer';
    socket.onerror = () => {}; // a peer that resets the connection
    if (pathname === '/sub') {
      socket.onopen = () => subscribers.add(socket);
      socket.onclose = () => subscribers.delete(socket);
    } else {
      socket.onmessage = pathname === '/pub' ? publish : ({ data }) => socket.send(data);
    }
    return response;
  },
);
