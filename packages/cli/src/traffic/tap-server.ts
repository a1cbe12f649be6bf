import type { Server } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import { Server as TlsServer } from 'node:https';
import type { Socket } from 'node:net';
import { TappedSocket } from './tapped-socket.ts';
import type { TrafficListener } from './traffic-listener.ts';

/**
 * Lets a listener see every octet of every connection of an HTTP server; on HTTPS what is inside of TLS. To be called
 * before it listens.
 *
 * The server's own handler of connections is given a {@link TappedSocket} in place of the socket: timeouts, keep-alive
 * and `closeAllConnections()` work on that as they do on a socket.
 *
 * @param onTapped - Called with what stands in for a socket, before anybody else sees it.
 */
export function tapServer(
  server: Server | HttpsServer,
  listenerFor: (socket: Socket) => TrafficListener,
  onTapped: (tapped: TappedSocket, socket: Socket) => void = () => {},
): void {
  const event = server instanceof TlsServer ? 'secureConnection' : 'connection';
  const handlers = server.listeners(event);
  for (const handler of handlers) server.off(event, handler as () => void);
  server.on(event, (socket: Socket) => {
    const tapped = new TappedSocket(socket, listenerFor(socket));
    onTapped(tapped, socket);
    for (const handler of handlers) Reflect.apply(handler, server, [tapped]);
  });
}
