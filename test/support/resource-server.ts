// A WebSocket server that tells what it holds. Options of the server come as JSON; `compile-once` behind them makes its
// heap comparable over time, and the server slow. Each line on standard input is answered with one on standard output: its
// number, and what the process holds as JSON, after everything that nobody needs was collected. Messages are echoed; at
// `/slow` they are handled one by one, once a line `release` has come, and then more slowly than they come.
import './unnamed-closures.ts';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { setImmediate as turn } from 'node:timers/promises';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type Clock, systemClock, WebSocketServer } from 'meerkat';

setFlagsFromString('--expose-gc');
if (process.argv[3] === 'compile-once') {
  // What is compiled later, as it becomes hot, would grow the heap for thousands of connections.
  for (const flag of ['--no-opt', '--no-sparkplug', '--no-lazy-feedback-allocation']) {
    setFlagsFromString(flag);
  }
}
const collect = runInNewContext('gc') as () => void;

let timers = 0;

/** The system's clock, which counts what is due: timers of ours do not keep a process, so Node does not list them. */
const clock: Clock = {
  now: () => systemClock.now(),
  after(delay, callback) {
    timers += 1;
    let due = true;
    const timer = systemClock.after(delay, () => {
      if (due) timers -= 1;
      due = false;
      callback();
    });
    return {
      cancel() {
        if (due) timers -= 1;
        due = false;
        timer.cancel();
      },
    };
  },
};

let handled = 0;
let highestRss = 0;
let release = (): void => {};
const released = new Promise<void>((resolve) => {
  release = resolve;
});

const sockets = new Set<Socket>();
const server = createServer((_request, response) => response.end('served'));
server.on('connection', (socket) => {
  sockets.add(socket);
  socket.once('close', () => sockets.delete(socket));
});

const wss = new WebSocketServer({
  ...(JSON.parse(process.argv[2] ?? '{}') as object),
  clock,
  async message(connection, message) {
    handled += 1;
    if (connection.url !== '/slow') {
      connection.send(message);
      return;
    }
    await released;
    for (let turns = 0; turns < 3; turns += 1) await turn();
    highestRss = Math.max(highestRss, residentSetSize());
  },
}).attach(server);

/** 0 where it cannot be told: the system tells it in a file, and there may be no descriptor left. */
function residentSetSize(): number {
  try {
    return process.memoryUsage.rss();
  } catch {
    return 0;
  }
}

function report(): object {
  collect();
  const { used_heap_size: heapUsed, external_memory: external } = getHeapStatistics();
  const emitters = [process, server, ...sockets];
  const listeners = emitters.flatMap((one) =>
    one.eventNames().map((name) => one.listenerCount(name as string)),
  );
  return {
    connections: wss.connections.size,
    sockets: sockets.size,
    handled,
    received: [...sockets].reduce((sum, { bytesRead }) => sum + bytesRead, 0),
    rss: residentSetSize(),
    highestRss,
    held: heapUsed + external,
    timers,
    handles: process.getActiveResourcesInfo().length,
    listeners: listeners.reduce((sum, count) => sum + count, 0),
  };
}

let line = 0;
createInterface({ input: process.stdin }).on('line', (command) => {
  if (command === 'release') release();
  line += 1;
  console.log(`${line} ${JSON.stringify(report())}`);
});

server.listen(0, '127.0.0.1', () => {
  console.log(`port ${(server.address() as AddressInfo).port}`);
});
