// Listens with the listener of our own where a worker of node:cluster, or a worker thread, does it; dials, and prints whether
// the connection had a socket: 'bare' or 'socket'.
//
// Argument: 'cluster', 'thread', or 'here'.
import cluster from 'node:cluster';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { connect, WebSocketServer } from 'meerkat';

const [, , where] = process.argv;

/** This file in a thread: Node 20 does not load there what loads TypeScript. */
const IN_WORKER = `import(${JSON.stringify('tsx/esm/api')}).then(({ register }) => {
  register();
  return import(${JSON.stringify(import.meta.url)});
});`;

/** Listens until somebody has come, and told everybody whether that one had a socket. */
async function serve(tell: (what: string) => void): Promise<number> {
  const server = createServer();
  let sockets = 0;
  server.on('connection', () => {
    sockets += 1;
  });
  const wss = new WebSocketServer({
    open(connection) {
      tell(sockets === 0 ? 'bare' : 'socket');
      connection.close();
    },
    close: () => void wss.close().then(() => server.close()),
  });
  const { port } = await wss.listen({
    server,
    port: 0,
    host: '127.0.0.1',
    announceWebSockets: false,
  });
  return port;
}

async function dial(port: number): Promise<void> {
  const client = await connect(`ws://127.0.0.1:${port}/`);
  await client.closed;
}

if (cluster.isWorker) {
  process.send?.(await serve((what) => process.send?.(what)));
} else if (!isMainThread) {
  parentPort?.postMessage(await serve((what) => parentPort?.postMessage(what)));
} else if (where === 'here') {
  await dial(await serve((what) => console.log(what)));
} else {
  const worker =
    where === 'cluster' ? cluster.fork() : new Worker(IN_WORKER, { eval: true, stdout: false });
  const [port] = (await once(worker, 'message')) as [number];
  const told = once(worker, 'message');
  await dial(port);
  console.log((await told)[0]);
  if (where === 'cluster') cluster.disconnect();
}
