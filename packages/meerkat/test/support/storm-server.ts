// An echo server that is to be killed: its options are the first argument, as JSON. Each line on standard input is answered
// with what it has and what it has spent.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as later } from 'node:timers/promises';
import { WebSocketServer } from 'meerkat';

/** How it listens. */
export interface StormServerOptions {
  /** 0 for any that is free. */
  readonly port: number;
  /** Who accepts: meerkat, or node:http. */
  readonly listener: 'own' | 'http';
  /** Whether a hook thinks about each upgrade, for as long as a question to a database takes. */
  readonly hook: boolean;
}

/** What it tells. */
export interface StormServerState {
  readonly connections: number;
  /** Connections that ended. */
  readonly ended: number;
  /** Milliseconds of processor time since it began. */
  readonly cpu: number;
}

const HOST = '127.0.0.1';
const BACKLOG = 4_096;
const HOOK_TIME = 20;

const { port, listener, hook } = JSON.parse(process.argv[2] ?? '') as StormServerOptions;
let ended = 0;
const wss = new WebSocketServer<undefined>({
  ...(hook ? { upgrade: () => later(HOOK_TIME, undefined) } : {}),
  message: (connection, message) => void connection.send(message),
  close() {
    ended += 1;
  },
});

createInterface({ input: process.stdin }).on('line', (number) => {
  const { user, system } = process.cpuUsage();
  const state: StormServerState = {
    connections: wss.connections.size,
    ended,
    cpu: (user + system) / 1000,
  };
  console.log(`${number} ${JSON.stringify(state)}`);
});

if (listener === 'own') {
  console.log(`port ${(await wss.listen({ port, host: HOST, backlog: BACKLOG })).port}`);
} else {
  const server = createServer();
  wss.attach(server);
  server.listen({ port, host: HOST, backlog: BACKLOG }, () => {
    console.log(`port ${(server.address() as AddressInfo).port}`);
  });
}
