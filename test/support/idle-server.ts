// An echo server that tells what its memory holds: a line on standard input is answered with the octets in use, after
// everything that nobody needs was collected.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout } from 'node:timers/promises';
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

/** Memory outside of the heap is counted down some time after it was let go of: the least of several looks is what is held. */
async function inUse(): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let look = 0; look < 10; look += 1) {
    collect();
    const { heapUsed, external } = process.memoryUsage();
    least = Math.min(least, heapUsed + external);
    await setTimeout(20);
  }
  return least;
}

process.stdin.on('data', () => {
  void inUse().then((octets) => {
    console.log(`${wss.connections.size} connections, ${octets} octets`);
  });
});
