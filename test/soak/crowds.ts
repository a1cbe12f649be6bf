// Those who stay: idle ones with pings, echoes, subscribers of a topic. A process of its own.
import { createHistogram } from 'node:perf_hooks';
import type { Connection } from 'meerkat';
import { type Faults, fault, faultsSoFar } from './faults.ts';
import { isSame, messageOf, PUBLISHER } from './messages.ts';
import { beginLeaving, leftSoFar, ours, type Peer, theirs } from './peers.ts';
import { answerWith } from './processes.ts';

/** What they saw since the last report; times in milliseconds. */
export interface CrowdReport {
  readonly echoes: number;
  /** Messages of the topic, at all subscribers together. */
  readonly deliveries: number;
  readonly pings: number;
  readonly echoP99: number;
  readonly longestEcho: number;
  readonly longestPong: number;
  readonly faults: Faults;
}

/** Who is to come. */
export interface CrowdPlan {
  readonly port: number;
  readonly connections: number;
}

const AT_ONCE = 50;
const TICK = 20;
/** Echoes a second, of all together. */
const ECHO_RATE = 300;
const PUBLISH_RATE = 5;
/** Milliseconds between the pings of one client. */
const PING_INTERVAL = 10_000;
/** Milliseconds that anything may be on its way. */
const PATIENCE = 10_000;

/** Sends messages of its own, and expects them back in order. */
class Echoer {
  #peer: Peer | undefined;
  readonly #owner: number;
  readonly #sentAt: number[] = [];
  #next = 0;
  #back = 0;

  constructor(owner: number) {
    this.#owner = owner;
  }

  get waiting(): number {
    return this.#next - this.#back;
  }

  async dial(url: string, compression: boolean): Promise<void> {
    const dial = this.#owner % 2 === 0 ? ours : theirs;
    this.#peer = await dial(url, compression, (message) => this.#receive(message));
  }

  send(): void {
    if (this.waiting >= 8) return; // a server that is slow is not buried
    this.#sentAt.push(performance.now());
    this.#peer?.send(messageOf(this.#owner, this.#next));
    this.#next += 1;
  }

  close(): void {
    this.#peer?.close();
  }

  #receive(message: string | Buffer): void {
    if (!isSame(message, messageOf(this.#owner, this.#back))) {
      fault('an echo that is not what was sent, or not in order');
    }
    const took = performance.now() - (this.#sentAt.shift() ?? 0);
    echoTimes.record(Math.max(1, Math.round(took * 1000)));
    this.#back += 1;
    echoes += 1;
  }
}

const echoTimes = createHistogram();
let [echoes, deliveries, pings, longestPong] = [0, 0, 0, 0];

const echoers: Echoer[] = [];
const idlers: Connection<undefined>[] = [];
const subscribers: { readonly peer: Peer; readonly received: () => number }[] = [];
let publisher: Connection<undefined> | undefined;
/** By their numbers, until all have them. */
const topicMessages = new Map<number, string | Buffer>();
let [published, acknowledged, nextEchoer, nextIdler] = [0, 0, 0, 0];
let ticker: NodeJS.Timeout | undefined;
let ticks = 0;

async function subscribe(url: string, compression: boolean, owner: number): Promise<void> {
  let count = 0;
  const dial = owner % 4 === 0 ? theirs : ours;
  const peer = await dial(url, compression, (message) => {
    if (!isSame(message, topicMessages.get(count) ?? '')) {
      fault('a message of the topic that is not what was published, or not in order');
    }
    count += 1;
    deliveries += 1;
  });
  subscribers.push({ peer, received: () => count });
}

async function join({ port, connections }: CrowdPlan): Promise<void> {
  const base = `ws://127.0.0.1:${port}`;
  const echoing = Math.floor(connections / 10);
  const subscribing = Math.floor(connections * 0.3);
  const paths = ['/echo', '/echo', '/deflate', '/takeover'];
  const dials: (() => Promise<unknown>)[] = [];
  for (let at = 0; at < echoing; at += 1) {
    const path = paths[(at >> 1) % paths.length] ?? '';
    const echoer = new Echoer(at);
    echoers.push(echoer);
    dials.push(() => echoer.dial(base + path, path !== '/echo'));
  }
  for (let at = 0; at < subscribing; at += 1) {
    dials.push(() => subscribe(`${base}/room`, at % 3 === 0, at));
  }
  dials.push(async () => {
    publisher = await ours(`${base}/publish`, false, (message) => {
      const { sent, queued, dropped } = JSON.parse(String(message)) as Record<string, number>;
      acknowledged += 1;
      if (sent === undefined || queued === undefined || dropped !== 0)
        fault('a publish was dropped');
      else if (sent + queued !== subscribing) fault('a publish did not go to all subscribers');
    });
  });
  while (dials.length < connections) {
    dials.push(async () => {
      idlers.push(await ours(`${base}/idle`, false, () => fault('a message to an idle client')));
    });
  }
  while (dials.length > 0) await Promise.all(dials.splice(0, AT_ONCE).map((dial) => dial()));
}

function ping(idler: Connection<undefined> | undefined): void {
  idler?.ping().then(
    (took) => {
      pings += 1;
      longestPong = Math.max(longestPong, took);
    },
    () => fault('a Ping without its Pong'),
  );
}

function tick(): void {
  ticks += 1;
  for (let at = 0; at < (ECHO_RATE * TICK) / 1000; at += 1) {
    echoers[nextEchoer % echoers.length]?.send();
    nextEchoer += 1;
  }
  for (let at = 0; at < (idlers.length * TICK) / PING_INTERVAL; at += 1) {
    ping(idlers[nextIdler % idlers.length]);
    nextIdler += 1;
  }
  if (ticks % (1000 / TICK / PUBLISH_RATE) === 0) {
    const message = messageOf(PUBLISHER, published);
    topicMessages.set(published, message);
    publisher?.send(message);
    published += 1;
  }
}

/** Stops, and waits until all that was sent has come. */
async function pause(): Promise<void> {
  clearInterval(ticker);
  const missing = (): number =>
    echoers.reduce((sum, { waiting }) => sum + waiting, 0) +
    subscribers.reduce((sum, { received }) => sum + published - received(), 0) +
    published -
    acknowledged;
  const deadline = performance.now() + PATIENCE;
  while (missing() > 0 && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, TICK));
  }
  if (missing() > 0) fault(`messages lost: ${missing()} did not come within ${PATIENCE} ms`);
  else topicMessages.clear();
}

function report(): CrowdReport {
  const told = {
    echoes,
    deliveries,
    pings,
    longestPong,
    echoP99: echoTimes.percentile(99) / 1000,
    longestEcho: echoTimes.max / 1000,
    faults: faultsSoFar(),
  };
  echoTimes.reset();
  [echoes, deliveries, pings, longestPong] = [0, 0, 0, 0];
  return told;
}

/** All leave, with a Close frame. */
async function leave(): Promise<void> {
  beginLeaving();
  const peers: Peer[] = [...echoers, ...idlers, ...subscribers.map(({ peer }) => peer)];
  if (publisher !== undefined) peers.push(publisher);
  for (const peer of peers) peer.close();
  const deadline = performance.now() + PATIENCE;
  while (leftSoFar() < peers.length && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, TICK));
  }
  if (leftSoFar() < peers.length) fault('a Close frame was not answered');
}

answerWith({
  join,
  resume() {
    ticker = setInterval(tick, TICK);
  },
  pause,
  report,
  leave,
  end() {},
});
