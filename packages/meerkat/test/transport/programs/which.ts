// Tells which transport a server's socket gets, and a client's.
import { openTransport, transportsReady } from '../../../src/transport/open-transport.ts';
import { tcpPair } from '../tcp-pair.ts';
import { MEMORY } from '../tcp-transports.ts';

// The pair keeps the process, what is to be waited for does not.
const { accepted, dialled, dispose } = await tcpPair();
await transportsReady('handle', MEMORY);
for (const socket of [accepted, dialled]) {
  const transport = openTransport(socket, 'handle', MEMORY);
  console.log(transport.constructor.name);
  transport.destroy();
}
await dispose();
