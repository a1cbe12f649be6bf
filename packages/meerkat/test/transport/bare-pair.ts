import { once } from 'node:events';
import {
  createServer,
  connect as dial,
  type Server,
  type Socket,
  type TcpSocketConnectOpts,
} from 'node:net';
import { type BareHandle, interceptConnections } from '../../src/transport/bare-handle.ts';

/**
 * Two ends of a TCP connection, of which the one that was accepted has no socket.
 *
 * @param dialling - Options of the end that dials.
 */
export async function barePair(dialling: Partial<TcpSocketConnectOpts> = {}): Promise<{
  handle: BareHandle;
  dialled: Socket;
  dispose(): Promise<void>;
}> {
  const server: Server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = new Promise<BareHandle>((resolve, reject) => {
    const giveBack = interceptConnections(server, (handle) => {
      resolve(handle);
      return true;
    });
    if (giveBack === undefined) reject(new Error('this Node has no handles that are known'));
  });
  const address = server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  const dialled = dial({ ...dialling, port, host: '127.0.0.1' });
  const [handle] = await Promise.all([accepted, once(dialled, 'connect')]);
  return {
    handle,
    dialled,
    async dispose() {
      handle.close(); // nothing where that was done
      dialled.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
