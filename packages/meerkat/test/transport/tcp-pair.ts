import { once } from 'node:events';
import {
  createServer,
  connect as dial,
  type Server,
  type Socket,
  type TcpSocketConnectOpts,
} from 'node:net';

/**
 * Two ends of a TCP connection.
 *
 * @param dialling - Options of the end that dials.
 */
export async function tcpPair(dialling: Partial<TcpSocketConnectOpts> = {}): Promise<{
  accepted: Socket;
  dialled: Socket;
  dispose(): Promise<void>;
}> {
  const server: Server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  const dialled = dial({ ...dialling, port, host: '127.0.0.1' });
  const [[accepted]] = await Promise.all([once(server, 'connection'), once(dialled, 'connect')]);
  return {
    accepted,
    dialled,
    async dispose() {
      accepted.destroy();
      dialled.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
