// Runs a server in a worker thread, twice, and ends the thread while it writes and is written to. Prints which transport
// it had. With `here` as the second argument: in this thread, once, and ends it properly.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { type Connection, connect, WebSocketServer } from 'meerkat';

/** `bare`: what the listener of our own accepts, without a socket. */
type Kind = 'handle' | 'stream' | 'bare';
const MIB = 1 << 20;

/** This file in a thread: Node 20 does not load there what loads TypeScript. */
const IN_WORKER = `import(${JSON.stringify('tsx/esm/api')}).then(({ register }) => {
  register();
  return import(${JSON.stringify(import.meta.url)});
});`;

interface Serving {
  readonly port: number;
  close(): Promise<void>;
}

async function serve(wanted: Kind, tell: (kind: Kind) => void): Promise<Serving> {
  const server = createServer();
  const transport = kindOfSocket(wanted);
  let socket: Socket | undefined;
  server.on('connection', (accepted) => {
    socket = accepted;
  });
  const wss = new WebSocketServer({
    transport,
    message(connection: Connection<undefined>, message) {
      if (message === 'which') tell(kindOf(socket));
      else if (message === 'much')
        for (let count = 0; count < 12; count += 1) connection.send(Buffer.alloc(MIB));
      else connection.send(message);
    },
  });
  if (wanted === 'bare') {
    await wss.listen({ server, port: 0, host: '127.0.0.1', announceWebSockets: false });
  } else {
    wss.attach(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  }
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      await wss.close();
      server.close();
    },
  };
}

/** What a server has to ask for, and a client. */
function kindOfSocket(kind: Kind): 'handle' | 'stream' {
  return kind === 'stream' ? 'stream' : 'handle';
}

function kindOf(socket: Socket | undefined): Kind {
  if (socket === undefined) return 'bare';
  return socket.listenerCount('data') === 0 ? 'handle' : 'stream';
}

/** Returns when octets are under way in both directions. */
async function talk(port: number, kind: Kind): Promise<Connection<undefined>> {
  let received = 0;
  const client = await connect(`ws://127.0.0.1:${port}/`, {
    transport: kindOfSocket(kind),
    maxMessageBytes: 2 * MIB,
    message(_, message) {
      received += message.length;
    },
  });
  client.send('which');
  client.send('much');
  client.send(Buffer.alloc(MIB));
  while (received < MIB) await new Promise((resolve) => setImmediate(resolve));
  return client;
}

if (!isMainThread) {
  const { port } = await serve(workerData as Kind, (had) => parentPort?.postMessage(had));
  parentPort?.postMessage(port);
} else {
  const kind = (process.argv[2] ?? 'handle') as Kind;
  if (process.argv[3] === 'here') {
    const { port, close } = await serve(kind, (had) => console.log(had));
    const client = await talk(port, kind);
    client.close();
    assert.equal((await client.closed).clean, true);
    await close();
  } else {
    for (let round = 0; round < 2; round += 1) {
      const worker = new Worker(IN_WORKER, { eval: true, workerData: kind });
      const [port] = (await once(worker, 'message')) as [number];
      const told = once(worker, 'message');
      const client = await talk(port, kind);
      console.log((await told)[0]);
      client.send(Buffer.alloc(MIB));
      await worker.terminate();
      const { clean } = await client.closed;
      assert.equal(clean, false);
    }
  }
}
