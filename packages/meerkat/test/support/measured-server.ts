// An echo server in a process of its own that tells about its memory and its event loop: a line on standard input is
// a number and a command, answered with the number and JSON. Its options, as JSON, are the first argument.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { WebSocketServer, type WebSocketServerOptions } from 'meerkat';
import { LoopStall } from './loop-stall.ts';
import type { Measured } from './measured-server-process.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
const [given = '{}'] = process.argv.slice(2);
const options = JSON.parse(given) as WebSocketServerOptions<undefined>;

const loop = new LoopStall();
let messages = 0;
let octets = 0;
const closes: Record<string, number> = {};

const server = createServer();
const wss = new WebSocketServer<undefined>({
  ...options,
  message(connection, message) {
    messages += 1;
    octets += message.length;
    if (message.length <= 4_096) connection.send(message);
  },
  close(_connection, { code }) {
    closes[code] = (closes[code] ?? 0) + 1;
  },
}).attach(server);

function measure(): Measured {
  const { heapUsed, external, rss } = process.memoryUsage();
  const kept = heapUsed + external;
  return {
    connections: wss.connections.size,
    kept,
    rss,
    stall: loop.longest,
    messages,
    octets,
    closes,
  };
}

const commands: Record<string, () => void> = {
  measure() {},
  /** Everything that nobody needs is gone. */
  collect,
  /** What was counted so far does not count. */
  reset() {
    loop.reset();
    messages = 0;
    octets = 0;
    for (const code of Object.keys(closes)) delete closes[code];
  },
};

createInterface({ input: process.stdin }).on('line', (line) => {
  const [number = '', command = ''] = line.split(' ');
  commands[command]?.();
  console.log(`${number} ${JSON.stringify(measure())}`);
});
server.listen(0, '127.0.0.1', () => {
  console.log(`port ${(server.address() as AddressInfo).port}`);
});
