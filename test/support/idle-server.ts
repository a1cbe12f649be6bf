// An echo server that tells what its memory holds: a line on standard input is answered with the octets in use, after
// everything that nobody needs was collected.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { WebSocketServer } from 'meerkat';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const server = createServer();
const wss = new WebSocketServer({ message: (one, message) => void one.send(message) }).attach(
  server,
);
server.listen(0, '127.0.0.1', () => {
  console.log(`port ${(server.address() as AddressInfo).port}`);
});
process.stdin.on('data', () => {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  console.log(`${wss.connections.size} connections, ${heapUsed + external} octets`);
});
