// Opens connections between a server and a client of this process, some at a time, exchanges messages over them and ends
// them in every way, again and again; then tells what is left, as a line of JSON.
//
// Arguments: the kind of transport, how many rounds are measured, how many connections a round has.
import '../../../../../test/support/unnamed-closures.ts';
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect as dial, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type Connection, connect, type Message, WebSocketServer } from 'meerkat';

setFlagsFromString('--expose-gc');
// What is compiled later, as it becomes hot, would grow the heap for thousands of connections.
for (const flag of ['--no-opt', '--no-sparkplug', '--no-lazy-feedback-allocation']) {
  setFlagsFromString(flag);
}
const collect = runInNewContext('gc') as () => void;

const [kind = 'handle', rounds = '20', each = '100'] = process.argv.slice(2);
/** Without sockets on the server's side: accepted by the listener of our own. */
const bare = kind === 'bare';
const transport = bare ? 'handle' : (kind as 'handle' | 'stream');
/** Connections that are open at a time: fewer than the backlog of a listening socket. */
const AT_ONCE = 20;
/** Rounds of 100 after which all code has run. */
const WARM_UP = 3;
const MIB = 1 << 20;

/** Octets of which no part looks like another. */
const PATTERN = randomBytes(2 * MIB);

/** Octets that differ from one message to the next. */
function payload(length: number, seed: number): Buffer {
  const start = seed % MIB;
  return PATTERN.subarray(start, start + length);
}

const sockets = new Set<Socket>();
const server = createServer();
server.on('connection', (socket) => {
  sockets.add(socket);
  socket.once('close', () => sockets.delete(socket));
});
const served = new Map<string, Connection<undefined>>();
let echoed = 0;
const wss = new WebSocketServer({
  transport,
  maxConnections: 0,
  maxMessageBytes: 2 * MIB,
  maxQueuedBytes: 16 * MIB,
  open: (connection) => void served.set(connection.url, connection),
  message(connection, message) {
    echoed += message.length;
    connection.send(message);
  },
  close: (connection) => void served.delete(connection.url),
});
if (bare) await wss.listen({ server, port: 0, host: '127.0.0.1', announceWebSockets: false });
else {
  wss.attach(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
}
const { port } = server.address() as AddressInfo;

let number = 0;
let octets = 0;
/** How many connections of the server had no socket, or one that Node reads without our listener. */
const kinds = { handle: 0, stream: 0, bare: 0 };

/** Connections that the server counts. */
function counted(): Promise<number> {
  return new Promise((resolve) => server.getConnections((_error, count) => resolve(count)));
}

async function exchange(
  connection: Connection<undefined>,
  answers: Message[],
  length: number,
): Promise<void> {
  const sent = payload(length, number);
  connection.send(sent);
  while (answers.length === 0) await turn();
  const answer = answers.shift() as Buffer;
  assert(sent.equals(answer), `${length} octets came back otherwise`);
  octets += 2 * length;
}

/** Large messages, both ways, for the connection to end in the middle of. */
function sendLarge(client: Connection<undefined>, peer: Connection<undefined>): void {
  const length = number % 12 === 0 ? MIB : 100_000;
  client.send(payload(length, 1));
  peer.send(payload(length, 2));
}

/** How a connection may end; whether that is with both Close frames. */
const ENDINGS: readonly ((
  client: Connection<undefined>,
  peer: Connection<undefined>,
  reset: () => void,
) => boolean)[] = [
  (client) => {
    client.close();
    return true;
  },
  (_client, peer) => {
    peer.close(1001, 'enough');
    return true;
  },
  (client) => {
    client.terminate();
    return false;
  },
  (_client, _peer, reset) => {
    reset();
    return false;
  },
  (client, peer) => {
    sendLarge(client, peer);
    setImmediate(() => client.terminate());
    return false;
  },
  (client, peer, reset) => {
    sendLarge(client, peer);
    setImmediate(reset);
    return false;
  },
  (client, peer) => {
    sendLarge(client, peer);
    peer.close();
    return true;
  },
];

async function one(): Promise<void> {
  number += 1;
  const mine = number;
  const answers: Message[] = [];
  let dialled: Socket | undefined;
  const client = await connect(`ws://127.0.0.1:${port}/${mine}`, {
    transport,
    maxMessageBytes: 2 * MIB,
    createConnection(request) {
      dialled = dial(request);
      return dialled;
    },
    message: (_, message) => void answers.push(message),
  });
  const peer = served.get(`/${mine}`);
  assert(peer !== undefined && dialled !== undefined);
  const socket = [...sockets].find(({ remotePort }) => remotePort === peer.remotePort);
  if (socket === undefined) kinds.bare += 1;
  else kinds[socket.listenerCount('data') === 0 ? 'handle' : 'stream'] += 1;
  // Of a connection without a socket only the client can be told to do that.
  const broken = socket ?? dialled;
  await exchange(client, answers, 20);
  await exchange(client, answers, mine % 50 === 0 ? MIB : 3_000);
  const end = ENDINGS[mine % ENDINGS.length] as (typeof ENDINGS)[number];
  const clean = end(client, peer, () => broken.resetAndDestroy());
  const [closed] = await Promise.all([client.closed, peer.closed]);
  if (clean) assert.equal(closed.clean, true);
}

async function round(count: number): Promise<void> {
  let begun = 0;
  const way = async (): Promise<void> => {
    while (begun < count) {
      begun += 1;
      await one();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, way));
  while ((await counted()) > 0 || wss.connections.size > 0) await turn();
  for (let turns = 0; turns < 10; turns += 1) await turn();
}

interface Held {
  readonly heap: number;
  readonly external: number;
  readonly arrayBuffers: number;
  readonly handles: number;
  readonly rss: number;
}

/** What is left after garbage collections. The least of each: memory beside the heap is counted down some time after it is free. */
async function measure(): Promise<Held> {
  const held = {
    heap: Infinity,
    external: Infinity,
    arrayBuffers: Infinity,
    handles: Infinity,
    rss: 0,
  };
  for (let again = 0; again < 10; again += 1) {
    collect();
    await turn();
    const { heapUsed, external, arrayBuffers, rss } = process.memoryUsage();
    held.heap = Math.min(held.heap, heapUsed);
    held.external = Math.min(held.external, external);
    held.arrayBuffers = Math.min(held.arrayBuffers, arrayBuffers);
    held.handles = Math.min(held.handles, process.getActiveResourcesInfo().length);
    held.rss = rss;
  }
  return held;
}

for (let warmUp = 0; warmUp < WARM_UP; warmUp += 1) await round(100);
const before = await measure();
for (let index = 0; index < Number(rounds); index += 1) await round(Number(each));
const after = await measure();
console.log(JSON.stringify({ kinds, before, after, connections: number, octets, echoed }));
await wss.close();
server.close();
