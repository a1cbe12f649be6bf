import { type CompressionOptions, type Connection, type Message, Topics } from 'meerkat';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket as Ws } from 'ws';
import { sampleMessages } from '../../../../test/support/sample-messages.ts';
import { type Dialled, dial } from '../support/dialling.ts';
import { expectNothingUnhandled } from '../support/failures.ts';
import { upgraded } from '../support/handshake.ts';
import { observe } from '../support/observed.ts';
import { type Site, serve } from '../support/serving.ts';
import { until } from '../support/waiting.ts';

beforeEach(expectNothingUnhandled);

/** A server whose connections are all subscribed to `all`. */
async function serveTopics(
  options: Parameters<typeof serve<undefined>>[0] = {},
): Promise<{ site: Site<undefined>; topics: Topics<Connection<undefined>> }> {
  const topics = new Topics<Connection<undefined>>();
  const site = await serve<undefined>({
    ...options,
    open: (connection) => void topics.subscribe('all', connection),
  });
  return { site, topics };
}

/** A client of `ws`, and what it heard: text as a string, binary messages as Buffers. */
async function wsClient(
  url: string,
  perMessageDeflate: ConstructorParameters<typeof Ws>[2] extends infer Options
    ? Options extends { perMessageDeflate?: infer Offer }
      ? Offer
      : never
    : never,
): Promise<{ heard: (string | Buffer)[]; extensions: string; client: Ws }> {
  const heard: (string | Buffer)[] = [];
  const client = new Ws(url, { perMessageDeflate });
  onTestFinished(() => client.terminate());
  client.on('message', (data: Buffer, binary) => heard.push(binary ? data : data.toString()));
  client.on('error', () => {}); // seen by the server
  await new Promise((resolve) => client.once('open', resolve));
  return { heard, extensions: client.extensions, client };
}

const comparable = (messages: readonly Message[]): (string | Buffer)[] =>
  messages.map((message) => (typeof message === 'string' ? message : Buffer.from(message)));

describe('published to connections that agreed on different things about compression', () => {
  const windows = [9, 10, 11, 12, 13, 14, 15];
  const theirs = [
    false,
    ...windows.map((serverMaxWindowBits) => ({ serverMaxWindowBits })),
    ...windows.map((serverMaxWindowBits) => ({
      serverMaxWindowBits,
      serverNoContextTakeover: true,
    })),
  ] as const;
  const ours: readonly (false | CompressionOptions)[] = [
    false,
    { windowBits: 8 },
    { windowBits: 8, serverNoContextTakeover: false },
    { windowBits: 15 },
    { windowBits: 15, serverNoContextTakeover: false },
  ];

  it.each([
    ['without messages of their own', false],
    ['with messages of their own in between, which refer to what was published', true],
  ])('every octet arrives, in order, %s', async (_how, between) => {
    const { site, topics } = await serveTopics({
      compression: { windowBits: 15, serverNoContextTakeover: false, threshold: 200 },
      maxQueuedBytes: 2 ** 30,
    });
    const wsClients = [];
    for (const offer of theirs) wsClients.push(await wsClient(site.url, offer));
    const dialled = [];
    for (const compression of ours) dialled.push(await dial(site.url, { compression }));
    const count = theirs.length + ours.length;
    await until(() => topics.subscriberCount('all') === count);

    const messages = sampleMessages(200, 42);
    const expected: Message[][] = site.opened.map(() => []);
    for (const [at, message] of messages.entries()) {
      const { sent, queued } = topics.publish('all', message);
      expect(sent + queued).toBe(count);
      for (const each of expected) each.push(message);
      if (!between) continue;
      // What was published is in it, so that a window which is not what the peer has would show.
      const own =
        typeof message === 'string' ? `${message.slice(-600)} to ${at % count}` : `octets ${at}`;
      site.opened[at % count]?.send(own);
      expected[at % count]?.push(own);
      if (at % 10 === 0) await Promise.all(site.opened.map((each) => each.drained()));
    }
    const agreed = site.opened.map(({ extensions }) => extensions);
    observe(`${new Set(agreed).size} different agreements`);
    expect(new Set(agreed).size).toBeGreaterThanOrEqual(15);
    const heard = [...wsClients.map((each) => each.heard), ...dialled.map((each) => each.messages)];
    await until(() => heard.every((each, at) => each.length === expected[at]?.length));
    for (const [at, each] of heard.entries()) {
      const faults = comparable(each).flatMap((message, index) =>
        same(message, expected[at]?.[index]) ? [] : [index],
      );
      expect(faults, agreed[at]).toEqual([]);
    }
  });
});

function same(one: Message, other: Message | undefined): boolean {
  if (typeof one === 'string' || typeof other === 'string' || other === undefined) {
    return one === other;
  }
  return Buffer.compare(one, other) === 0;
}

describe('a subscriber that is gone', () => {
  it.each<[string, (client: Ws, connection: Connection<undefined>) => void]>([
    ['closed', (client) => client.close()],
    ['was cut off', (client) => client.terminate()],
    ['was closed by the server', (_client, connection) => connection.close(1001)],
    ['was ended by the server', (_client, connection) => connection.terminate()],
  ])('has left its topics: it %s', async (_how, end) => {
    const { site, topics } = await serveTopics();
    const { client } = await wsClient(site.url, false);
    const other = await dial(site.url);
    await until(() => site.opened.length === 2);
    const [connection] = site.opened as [Connection<undefined>];
    topics.subscribe('another', connection);
    end(client, connection);
    await connection.closed;
    await until(() => topics.subscriberCount('all') === 1);
    expect(topics.names()).toEqual(['all']);
    expect(topics.publish('all', 'who is left?')).toEqual({ sent: 1, queued: 0, dropped: 0 });
    expect(await other.next()).toBe('who is left?');
  });

  it('counts as dropped while it closes', async () => {
    const { site, topics } = await serveTopics();
    await wsClient(site.url, false);
    await until(() => site.opened.length === 1);
    site.opened[0]?.close();
    expect(topics.publish('all', 'late')).toEqual({ sent: 0, queued: 0, dropped: 1 });
  });
});

it('all subscribers get the messages of a topic in the same order, whoever published them', async () => {
  const topics = new Topics<Connection<undefined>>();
  const site = await serve<undefined>({
    open(connection) {
      topics.subscribe('one', connection);
      topics.subscribe('other', connection);
    },
    message(_connection, message) {
      topics.publish(String(message).startsWith('1') ? 'one' : 'other', message);
    },
  });
  const clients: Dialled<undefined>[] = [];
  for (let at = 0; at < 5; at += 1) clients.push(await dial(site.url));
  for (let at = 0; at < 200; at += 1) {
    for (const [index, { connection }] of clients.entries()) {
      connection.send(`${1 + (at % 2)} ${index} ${at}`);
    }
  }
  await until(() => clients.every(({ messages }) => messages.length === 1_000));
  const [first, ...others] = clients.map(({ messages }) => messages);
  for (const messages of others) expect(messages).toEqual(first);
  for (const index of clients.keys()) {
    const mine = first?.filter((message) => String(message).split(' ')[1] === String(index));
    expect(mine?.map((message) => Number(String(message).split(' ')[2]))).toEqual(
      Array.from({ length: 200 }, (_, at) => at),
    );
  }
});

/** By hand: `MEERKAT_PUBLISH_MIB=1024`. */
const PUBLISHED_MIB = Number(process.env['MEERKAT_PUBLISH_MIB'] ?? 64);

it(
  `R1 a subscriber that never reads costs at most the hard cap and a message while ${PUBLISHED_MIB} MiB are published; the others get all of it`,
  async () => {
    const maxQueuedBytes = 1_048_576;
    const { site, topics } = await serveTopics({ maxQueuedBytes, pingInterval: 0 });
    const { peer } = await upgraded(site.port);
    peer.stream.pause();
    const readers = [await dial(site.url), await dial(site.url)];
    await until(() => topics.subscriberCount('all') === 3);
    const [silent, ...reading] = site.opened as [Connection<undefined>, ...Connection<undefined>[]];
    const message = Buffer.alloc(65_536, 'x');
    let dropped = 0;
    let most = 0;
    const heard = readers.map(() => 0);
    for (let at = 0; at < PUBLISHED_MIB * 16; at += 1) {
      const published = topics.publish('all', message);
      expect(published.sent + published.queued).toBeGreaterThanOrEqual(2);
      dropped += published.dropped;
      most = Math.max(most, silent.queuedBytes);
      // The publisher waits for those who read, not for the one who does not.
      await Promise.all(reading.map((each) => each.drained()));
      for (const [index, { next }] of readers.entries()) {
        expect((await next())?.length).toBe(message.length);
        heard[index] = (heard[index] ?? 0) + 1;
      }
    }
    observe(`${most} octets waited at most (maxQueuedBytes: ${maxQueuedBytes}), then dropped`);
    expect(most).toBeLessThan(maxQueuedBytes + message.length + 20);
    expect(dropped).toBe(silent.droppedMessages);
    expect(dropped).toBeGreaterThan(PUBLISHED_MIB * 4);
    expect(heard).toEqual(readers.map(() => PUBLISHED_MIB * 16));
    expect(reading.map(({ droppedMessages }) => droppedMessages)).toEqual([0, 0]);
  },
  20_000 + PUBLISHED_MIB * 200,
);
