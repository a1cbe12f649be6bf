import { createServer } from 'node:http';
import { type Closed, type Connection, connect, type Message, WebSocketServer } from 'meerkat';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket as Ws, WebSocketServer as WsServer } from 'ws';
import { expectNothingUnhandled } from './support/failures.ts';
import { listen } from './support/serving.ts';
import { until } from './support/waiting.ts';

/** One connection between us and `ws`, and what each side received. */
interface Meeting {
  readonly ours: Connection<undefined>;
  readonly theirs: Ws;
  /** What we received. */
  readonly received: readonly Message[];
  /** What `ws` received: text as a string. */
  readonly theirReceived: readonly (string | Buffer)[];
  /** How it ended for `ws`. */
  readonly theirClosed: Promise<{ code: number; reason: string }>;
}

type Meet = () => Promise<Meeting>;

/** The `ws` client, offering compression or not, on our server. */
function theirClient(perMessageDeflate: boolean): Meet {
  return async () => {
    const received: Message[] = [];
    const opened: Connection<undefined>[] = [];
    const server = createServer();
    const wss = new WebSocketServer({
      subprotocols: ['chat'],
      open: (connection) => void opened.push(connection),
      message: (_connection, message) => void received.push(message),
    }).attach(server);
    const { port } = await listen(server);
    const theirs = new Ws(`ws://127.0.0.1:${port}/`, ['chat'], { perMessageDeflate });
    const { theirReceived, theirClosed } = record(theirs);
    await new Promise((resolve, reject) => {
      theirs.once('open', resolve);
      theirs.once('error', reject);
    });
    await until(() => opened.length === 1);
    onTestFinished(() => wss.close({ timeout: 1 }));
    const ours = opened[0] as Connection<undefined>;
    expect(theirs.extensions).toBe('');
    return { ours, theirs, received, theirReceived, theirClosed };
  };
}

/** Our client on the `ws` server, which would compress or not. */
function theirServer(perMessageDeflate: boolean): Meet {
  return async () => {
    const received: Message[] = [];
    const server = createServer();
    const wss = new WsServer({ server, perMessageDeflate });
    onTestFinished(() => new Promise<void>((resolve) => wss.close(() => resolve())));
    const { port } = await listen(server);
    const client = new Promise<Ws>((resolve) => wss.once('connection', resolve));
    const ours = await connect(`ws://127.0.0.1:${port}/`, {
      subprotocols: ['chat'],
      message: (_connection, message) => void received.push(message),
    });
    const theirs = await client;
    return { ours, theirs, received, ...record(theirs) };
  };
}

function record(theirs: Ws): Pick<Meeting, 'theirReceived' | 'theirClosed'> {
  const theirReceived: (string | Buffer)[] = [];
  theirs.on('message', (data: Buffer, isBinary) => {
    theirReceived.push(isBinary ? data : data.toString());
  });
  theirs.on('error', () => {});
  const theirClosed = new Promise<{ code: number; reason: string }>((resolve) => {
    theirs.on('close', (code, reason) => resolve({ code, reason: reason.toString() }));
  });
  onTestFinished(() => theirs.terminate());
  return { theirReceived, theirClosed };
}

/** Every length at which a header changes its form, and a bit more. */
const LENGTHS = [0, 1, 2, 124, 125, 126, 127, 128, 65_534, 65_535, 65_536, 65_537, 70_000];

beforeEach(expectNothingUnhandled);

describe.each<[string, Meet]>([
  ['the `ws` client on our server', theirClient(false)],
  ['the `ws` client, offering permessage-deflate, on our server', theirClient(true)],
  ['our client on the `ws` server', theirServer(false)],
  ['our client on the `ws` server that would compress', theirServer(true)],
])('%s', (_title, meet) => {
  let ours: Connection<undefined> | undefined;
  const met: Meet = async () => {
    const meeting = await meet();
    ours = meeting.ours;
    return meeting;
  };
  afterEach(async () => {
    ours?.terminate();
    await ours?.closed;
  });

  it('agrees on the subprotocol', async () => {
    const { ours, theirs } = await met();
    expect(ours.protocol).toBe('chat');
    expect(theirs.protocol).toBe('chat');
  });

  it('carries text of every length from them to us', async () => {
    const { theirs, received } = await met();
    const texts = [...LENGTHS.map((length) => 'x'.repeat(length)), 'grüße, 世界 😀'.repeat(9_000)];
    for (const text of texts) theirs.send(text);
    await until(() => received.length === texts.length);
    expect(received).toEqual(texts);
  });

  it('carries text of every length from us to them', async () => {
    const { ours, theirReceived } = await met();
    const texts = LENGTHS.map((length) => 'x'.repeat(length));
    for (const text of texts) expect(ours.send(text)).not.toBe('dropped');
    ours.send('grüße, 世界 😀');
    await until(() => theirReceived.length === texts.length + 1);
    expect(theirReceived).toEqual([...texts, 'grüße, 世界 😀']);
  });

  it('carries octets of every length from them to us', async () => {
    const { theirs, received } = await met();
    const all = LENGTHS.map((length) => Buffer.from(Array.from({ length }, (_, at) => at % 251)));
    for (const octets of all) theirs.send(octets);
    await until(() => received.length === all.length);
    for (const [at, octets] of all.entries()) {
      expect(Buffer.compare(octets, received[at] as Uint8Array)).toBe(0);
    }
  });

  it('carries octets of every length from us to them', async () => {
    const { ours, theirReceived } = await met();
    const all = LENGTHS.map((length) => Buffer.from(Array.from({ length }, (_, at) => at % 251)));
    for (const octets of all) expect(ours.send(octets)).not.toBe('dropped');
    await until(() => theirReceived.length === all.length);
    for (const [at, octets] of all.entries()) {
      expect(Buffer.compare(octets, theirReceived[at] as Buffer)).toBe(0);
    }
  });

  it('carries messages of 1 MiB both ways', async () => {
    const { ours, theirs, received, theirReceived } = await met();
    const octets = Buffer.alloc(1_048_576, 'meerkat');
    theirs.send(octets);
    theirs.send('t'.repeat(1_048_576));
    ours.send(octets);
    await until(() => received.length === 2 && theirReceived.length === 1);
    expect(octets.equals(received[0] as Uint8Array)).toBe(true);
    expect(received[1]).toBe('t'.repeat(1_048_576));
    expect(octets.equals(theirReceived[0] as Buffer)).toBe(true);
  });

  it('refuses a message of 1 MiB and an octet with 1009', async () => {
    const { ours, theirs, theirClosed } = await met();
    theirs.send(Buffer.alloc(1_048_577));
    expect((await theirClosed).code).toBe(1009);
    expect(await ours.closed).toMatchObject({ code: 1009, limit: 'maxMessageBytes' });
  });

  it('joins fragments, with a Ping between them', async () => {
    const { theirs, received } = await met();
    const pong = new Promise((resolve) => theirs.once('pong', resolve));
    theirs.send('one, ', { fin: false });
    theirs.send('', { fin: false });
    theirs.ping('between');
    theirs.send('two, ', { fin: false });
    theirs.send('three', { fin: true });
    theirs.send(Buffer.of(1, 2), { fin: false });
    theirs.send(Buffer.of(3), { fin: true });
    await until(() => received.length === 2);
    expect(received).toEqual(['one, two, three', new Uint8Array([1, 2, 3])]);
    expect(String(await pong)).toBe('between');
  });

  it('joins a thousand fragments', async () => {
    const { theirs, received } = await met();
    for (let at = 0; at < 1_000; at += 1) theirs.send('€', { fin: at === 999 });
    await until(() => received.length === 1);
    expect(received).toEqual(['€'.repeat(1_000)]);
  });

  it('answers Pings both ways', async () => {
    const { ours, theirs } = await met();
    const payload = Buffer.alloc(125, 'p');
    const pong = new Promise<Buffer>((resolve) => theirs.once('pong', resolve));
    theirs.ping(payload);
    expect(payload.equals(await pong)).toBe(true);
    const times = await Promise.all([ours.ping(), ours.ping(payload), ours.ping(Buffer.alloc(0))]);
    for (const time of times) expect(time).toBeGreaterThanOrEqual(0);
  });

  it.each([
    [1000, ''],
    [1000, 'done'],
    [1001, 'going'],
    [1003, ''],
    [1011, 'ä'.repeat(61)],
    [1014, ''],
    [3000, 'r'.repeat(123)],
    [4999, 'the last one'],
  ])('is closed by them with %i %j', async (code, reason) => {
    const { ours, theirs, theirClosed } = await met();
    theirs.close(code, reason);
    expect(await ours.closed).toMatchObject({ code, reason, clean: true, by: 'peer' });
    expect((await theirClosed).code).toBe(code);
  });

  it('is closed by them without a code', async () => {
    const { ours, theirs, theirClosed } = await met();
    theirs.close();
    expect(await ours.closed).toMatchObject({ code: 1005, reason: '', clean: true });
    expect(await theirClosed).toEqual({ code: 1005, reason: '' });
  });

  it.each([
    [1000, ''],
    [1001, 'going'],
    [1012, 'ä'.repeat(61)],
    [3000, 'r'.repeat(123)],
    [4999, 'the last one'],
    [1005, ''],
  ])('is closed by us with %i %j', async (code, reason) => {
    const { ours, theirClosed } = await met();
    ours.close(code, reason);
    expect(await theirClosed).toEqual({ code, reason });
    const closed: Closed = await ours.closed;
    expect(closed).toMatchObject({ clean: true, by: 'local', sent: { code, reason } });
  });

  it('sends all that was sent before a close', async () => {
    const { ours, theirs, received, theirReceived } = await met();
    for (let at = 0; at < 100; at += 1) theirs.send(`${at}`);
    theirs.close(1000);
    expect((await ours.closed).code).toBe(1000);
    expect(received).toEqual(Array.from({ length: 100 }, (_, at) => `${at}`));
    expect(theirReceived).toEqual([]);
  });

  it('notices that they are gone', async () => {
    const { ours, theirs } = await met();
    theirs.terminate();
    expect(await ours.closed).toMatchObject({ code: 1006, clean: false });
  });
});
