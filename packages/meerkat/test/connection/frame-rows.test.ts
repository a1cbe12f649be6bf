import type { Socket } from 'node:net';
import type { Closed, Connection, WebSocketServerOptions } from 'meerkat';
import { fromHex, ManualClock, RawPeer, toHex } from 'meerkat/testing';
import { describe, expect, it } from 'vitest';
import { upgradeRequest } from '../support/handshake.ts';
import { observe, observed } from '../support/observed.ts';
import { type Site, serve } from '../support/serving.ts';
import { turns, until } from '../support/waiting.ts';
import {
  ACCEPTED,
  type AcceptedRow,
  CLOSE_1000,
  fromClient as octets,
  REFUSED,
  REFUSED_OF_CLIENT,
  type RefusedRow,
  titled,
} from './frame-row-list.ts';
import { endOf, expectOneMessage, failed, type Outcome, playCut } from './stream-outcome.ts';
import { describeFrames } from './wire.ts';

// The rows of group F of the behaviour catalogue, sent to a server over TCP.

interface EchoOutcome extends Outcome {
  readonly closeEvents: number;
}

interface EchoSite {
  readonly site: Site<undefined>;
  messages: (string | Buffer)[];
  closes: Closed[];
}

async function serveEcho(options: WebSocketServerOptions<undefined> = {}): Promise<EchoSite> {
  const messages: EchoSite['messages'] = [];
  const closes: Closed[] = [];
  const site = await serve<undefined>({
    message(connection, message) {
      messages.push(typeof message === 'string' ? message : Buffer.from(message));
      connection.send(message);
    },
    close(_connection, closed) {
      closes.push(closed);
    },
    ...options,
  });
  return { site, messages, closes };
}

/** One WebSocket connection, seen from the wire and from inside. */
interface Line {
  readonly peer: RawPeer;
  readonly connection: Connection<undefined>;
  /** Sends octets and waits until the server has read them: they are a chunk of their own. */
  chunk(octets: Uint8Array): Promise<void>;
}

async function openLine(site: Site<undefined>): Promise<Line> {
  const peer = await RawPeer.connect(site.port);
  await peer.sendText(upgradeRequest());
  expect(await peer.takeHead()).toContain(' 101 ');
  const connection = site.opened.at(-1) as Connection<undefined>;
  const socket = site.sockets.at(-1) as Socket;
  let due = socket.bytesRead;
  const chunk = async (octets: Uint8Array): Promise<void> => {
    due += octets.length;
    await peer.send(octets);
    await until(() => socket.bytesRead >= due || socket.destroyed);
  };
  return { peer, connection, chunk };
}

/** Sends the stream in these pieces and waits for the end, which the server has to bring about. */
async function play(echo: EchoSite, pieces: readonly Uint8Array[]): Promise<EchoOutcome> {
  echo.messages.length = 0;
  echo.closes.length = 0;
  const { peer, connection, chunk } = await openLine(echo.site);
  for (const piece of pieces) await chunk(piece);
  const wire = describeFrames(fromHex(await peer.takeAll()));
  // Ended in order, not reset: the peer can read everything up to the Close.
  expect(peer.stream.readableEnded).toBe(true);
  expect(peer.stream.errored).toBe(null);
  peer.end();
  const closed = endOf(await connection.closed);
  await peer.close();
  expect(connection.state).toBe('closed');
  expect(connection.send('late')).toBe('dropped');
  expect(echo.site.errors).toEqual([]);
  return {
    wire,
    messages: [...echo.messages],
    closed,
    closeEvents: echo.closes.length,
  };
}

/** Plays the stream whole, cut in two at every offset, and octet by octet. */
function playAtEveryCut(echo: EchoSite, stream: Buffer): Promise<EchoOutcome> {
  return playCut((pieces) => play(echo, pieces), stream);
}

const HI = octets('81 82 k 68 69');

/** The connection fails with `code`, once, and says why; a message before it is still handed over and answered. */
async function expectRefused(row: RefusedRow): Promise<void> {
  const echo = await serveEcho();
  const stream = octets(row.notation);
  const outcome = await playAtEveryCut(echo, stream);
  observe(outcome.wire.join(', '));
  expect(outcome).toEqual({ ...failed(row, outcome), closeEvents: 1 });
  expectOneMessage(await play(echo, [Buffer.concat([HI, stream, HI])]), outcome);
}

/** The stream, which ends with a Close of the peer, is accepted. */
async function expectAccepted({ notation, wire, messages }: AcceptedRow): Promise<void> {
  const echo = await serveEcho();
  const outcome = await playAtEveryCut(echo, octets(notation));
  // What stands behind a Close comes to nothing.
  const ignored = /^88 82 k \S\S \S\S \S/.test(notation);
  const rest = ignored ? `, the rest ignored: ${outcome.messages.length} messages` : '';
  observe(outcome.wire.join(', ') + rest);
  expect(outcome).toMatchObject({ wire, messages, closeEvents: 1 });
  expect(outcome.closed).toMatchObject({
    clean: true,
    by: 'peer',
    because: 'close',
    phase: 'open',
  });
  expect(outcome.closed).toMatchObject({ rule: undefined, section: undefined, limit: undefined });
}

it.each(titled([...REFUSED, ...REFUSED_OF_CLIENT]))('%s', (_title, row) => expectRefused(row));

it.each(titled(ACCEPTED))('%s', (_title, row) => expectAccepted(row));

it('F9 the pong to a ping between fragments leaves at once (§5.5.2)', async () => {
  const { site } = await serveEcho();
  const { peer, chunk } = await openLine(site);
  await chunk(octets('01 81 k 61 89 81 k 70'));
  expect(await peer.take(3)).toBe('8a 01 70');
  await chunk(octets('80 81 k 62'));
  expect(await peer.take(4)).toBe('81 02 61 62');
  await peer.close();
});

it('F12 after a close that is echoed nobody broke a rule', async () => {
  const echo = await serveEcho();
  const outcome = await play(echo, [octets('88 82 k 0f a0')]);
  expect(outcome).toEqual({
    wire: ['close 4000'],
    messages: [],
    closed: {
      code: 4000,
      reason: '',
      clean: true,
      by: 'peer',
      because: 'close',
      phase: 'open',
      rule: undefined,
      section: undefined,
      limit: undefined,
      received: { code: 4000, reason: '' },
      sent: { code: 4000, reason: '' },
    },
    closeEvents: 1,
  });
});

it('F13 an empty close is 1005 here (§7.1.5)', async () => {
  const echo = await serveEcho();
  const { closed } = await play(echo, [octets('88 80 k')]);
  observe(`${closed.code} here`);
  expect(closed).toMatchObject({
    code: 1005,
    clean: true,
    by: 'peer',
    because: 'close',
    received: { code: 1005, reason: '' },
  });
});

it('F13 the empty close is the two octets 88 00', async () => {
  const { site } = await serveEcho();
  const { peer, chunk } = await openLine(site);
  await chunk(octets('88 80 k'));
  expect(await peer.takeAll()).toBe('88 00');
  await peer.close();
});

it('F14 a close reason of 123 octets is kept (§5.5.1)', async () => {
  const echo = await serveEcho();
  const { closed } = await play(echo, [octets(`88 fd k 03 e8 ${'61'.repeat(123)}`)]);
  const received = { code: 1000, reason: 'a'.repeat(123) };
  expect(closed).toMatchObject({ ...received, received });
});

it('F6 nothing is allocated for what a header announces (rule 4)', async () => {
  const { site } = await serveEcho();
  const lines: Line[] = [];
  for (let count = 0; count < 64; count += 1) lines.push(await openLine(site));
  const before = process.memoryUsage().arrayBuffers;
  // The limit to the octet, so that the frame is accepted and waits for its payload: 64 MiB in all.
  for (const { chunk } of lines) await chunk(octets('82 ff 00 00 00 00 00 10 00 00 k 61'));
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * 1_048_576);
  for (const { peer, connection } of lines) {
    await peer.close();
    await connection.closed;
  }
});

it('F17 a peer that never answers our close is destroyed after closeTimeout, 1006 here', async () => {
  const clock = new ManualClock();
  const { site, closes } = await serveEcho({ clock });
  const { peer, connection } = await openLine(site);
  connection.close(4000, 'enough');
  expect(await peer.take(10)).toBe('88 08 0f a0 65 6e 6f 75 67 68');
  await turns();
  clock.advance(9_999);
  await turns();
  expect([peer.ended, closes.length]).toEqual([false, 0]);
  clock.advance(1);
  expect(await peer.takeAll()).toBe('');
  expect(observed(await connection.closed)).toMatchObject({
    code: 1006,
    reason: '',
    clean: false,
    by: 'local',
    because: 'closeTimeout',
    phase: 'open',
    sent: { code: 4000, reason: 'enough' },
    received: undefined,
  });
  expect(closes).toHaveLength(1);
  expect(clock.pending).toBe(0);
  await peer.close();
});

describe('F21', () => {
  const rule = { rule: 'WS_TOO_MANY_FRAMES', section: '§5.4', limit: 'maxFramesPerMessage' };

  it.each([
    ['F21 empty continuations', '01 80 k', '00 80 k'],
    ['F21 fragments of one octet', '01 81 k 61', '00 81 k 61'],
  ])(
    '%s without an end are refused with 1008 past maxFramesPerMessage',
    async (_title, first, next) => {
      const echo = await serveEcho({ maxFramesPerMessage: 5 });
      const fine = octets([first, ...Array(4).fill(next)].join(' '));
      const outcome = await playAtEveryCut(echo, Buffer.concat([fine, octets(next)]));
      observe(outcome.wire.join(', '));
      expect(outcome.wire).toEqual([`close 1008 (${outcome.closed.reason})`]);
      expect(outcome.closed).toMatchObject({ code: 1008, because: 'violation', ...rule });
    },
  );

  it.each([
    ['F21 131072 frames', '00 80 k', 0],
    ['F21 131072 frames of one octet', '00 81 k 61', 131_072],
  ])('%s are one message, and their memory is bounded (rule 4)', async (_title, next, bytes) => {
    const site = await serve();
    const { peer, connection } = await openLine(site);
    const start = bytes === 0 ? '02 80 k' : '02 81 k 61';
    const last = `8${next.slice(1)}`;
    const middle = octets(next);
    await peer.send(octets(start));
    const before = process.memoryUsage();
    await peer.send(Buffer.concat(Array(131_070).fill(middle)));
    await until(() => (site.sockets[0]?.bytesRead ?? 0) > 131_071 * middle.length);
    const after = process.memoryUsage();
    const growth = after.arrayBuffers - before.arrayBuffers;
    // The sender's own copies are in there too.
    expect(growth).toBeLessThan(2 * 1_048_576 + 3 * 131_071 * middle.length);
    await peer.send(octets(last));
    const iterator = connection[Symbol.asyncIterator]();
    const { value } = await iterator.next();
    expect((value as Uint8Array).length).toBe(bytes);
    await iterator.return?.();
    await peer.send(Buffer.concat([octets(start), ...Array(131_072).fill(middle)]));
    expect(describeFrames(fromHex(await peer.takeAll()))[0]).toMatch(/^close 1008 /);
    peer.end();
    expect(observed(await connection.closed)).toMatchObject({ code: 1008, ...rule });
    await peer.close();
  });
});

describe('F22', () => {
  it('F22 chunks of one octet of an accepted frame of 96 MiB are joined, not held (rule 4)', async () => {
    const { site } = await serveEcho({ maxMessageBytes: 128 * 1_048_576 });
    const { peer, connection, chunk } = await openLine(site);
    await chunk(octets('82 ff 00 00 00 00 06 00 00 00 k'));
    const before = process.memoryUsage().arrayBuffers;
    for (let count = 0; count < 5_000; count += 1) await chunk(Buffer.of(count & 0xff));
    // 5,000 chunks held, at the 64 KiB that a chunk of a socket may pin, would be far more.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 1_048_576);
    await peer.close();
    expect(observed(await connection.closed)).toMatchObject({ code: 1006 });
  });
});

describe('F23', () => {
  it('F23 every ping is answered while output flows', async () => {
    const { site } = await serveEcho({
      maxControlFramesPerSecond: 1_000_000,
      controlFrameBurst: 1_000_000,
    });
    const { peer } = await openLine(site);
    const count = 100_000;
    await peer.send(Buffer.concat(Array(count).fill(octets('89 80 k'))));
    await peer.send(octets(CLOSE_1000));
    const wire = fromHex(await peer.takeAll());
    observe(`${count} pings, ${(wire.length - 4) / 2} pongs to a peer that reads`);
    expect(wire.length).toBe(2 * count + 4);
    expect(
      wire
        .subarray(0, 2 * count)
        .equals(Buffer.concat(Array(count).fill(Buffer.from('8a00', 'hex')))),
    ).toBe(true);
    await peer.close();
  });

  it('F23 to a peer that does not read, one pong waits: the latest', async () => {
    const { site } = await serveEcho({
      maxControlFramesPerSecond: 1_000_000,
      controlFrameBurst: 1_000_000,
    });
    const { peer, connection } = await openLine(site);
    peer.stream.pause();
    const count = 100_000;
    const pings = Buffer.alloc(count * 131);
    for (let index = 0; index < count; index += 1) {
      pings.write('89fd00000000', index * 131, 'hex');
      pings.writeUInt32BE(index, index * 131 + 6);
    }
    const sent = peer.send(pings);
    await until(() => (site.sockets[0]?.bytesRead ?? 0) > pings.length);
    await sent;
    // Without the rule it would be what the kernel did not take of 12.7 MB.
    expect(connection.queuedBytes).toBeLessThan(256 * 1024);
    peer.stream.resume();
    const answered: number[] = [];
    while (answered.at(-1) !== count - 1) {
      const pong = fromHex(await peer.take(127));
      expect(toHex(pong.subarray(0, 2))).toBe('8a 7d');
      answered.push(pong.readUInt32BE(2));
    }
    observe(
      `${count} pings, ${answered.length} pongs to one that does not, the last for the latest`,
    );
    expect(answered.length).toBeLessThan(count);
    expect(answered).toEqual(answered.toSorted((one, other) => one - other));
    await peer.send(octets(CLOSE_1000));
    expect(await peer.takeAll()).toBe('88 02 03 e8');
    await peer.close();
  });

  it('F23 more control frames than the burst are refused with 1008; a second later there is room for more', async () => {
    const clock = new ManualClock();
    const { site } = await serveEcho({ clock, pingInterval: 0 });
    const { peer, connection, chunk } = await openLine(site);
    const pings = (count: number) => Buffer.concat(Array(count).fill(octets('89 80 k')));
    await chunk(pings(2_000));
    clock.advance(1_000);
    await chunk(pings(1_000));
    expect(connection.state).toBe('open');
    await chunk(pings(1));
    const wire = fromHex(await peer.takeAll());
    const close = describeFrames(wire.subarray(2 * 3_000));
    peer.end();
    const closed = await connection.closed;
    observe(close.join(', '));
    expect(close).toEqual([`close 1008 (${closed.reason})`]);
    expect(closed).toMatchObject({
      code: 1008,
      rule: 'WS_CONTROL_RATE',
      section: '§5.5',
      limit: 'maxControlFramesPerSecond',
    });
    await peer.close();
  });
});

describe('F24', () => {
  const STREAM = octets('81 82 k 68 69 02 84 k 01 02 03 04 80 fe 00 7e k 61 61 61');

  it.each(Array.from({ length: STREAM.length + 1 }, (_, cut) => cut))(
    'F24 a FIN after octet %i of a stream ends with 1006 once',
    async (cut) => {
      const clock = new ManualClock();
      const { site, closes, messages } = await serveEcho({ clock });
      const { peer, connection, chunk } = await openLine(site);
      if (cut > 0) await chunk(STREAM.subarray(0, cut));
      peer.end();
      // "It is OK to just end": our direction ends too, and no Close frame answers.
      const wire = describeFrames(fromHex(await peer.takeAll()));
      expect(wire).toEqual(cut < 8 ? [] : ['text hi']);
      expect(peer.stream.readableEnded).toBe(true);
      expect(observed(await connection.closed)).toMatchObject({
        code: 1006,
        reason: '',
        clean: false,
        by: 'peer',
        because: 'transportEnd',
        phase: 'open',
        rule: undefined,
        sent: undefined,
        received: undefined,
        error: undefined,
      });
      await peer.close();
      await turns();
      expect(closes).toHaveLength(1);
      expect(messages).toEqual(cut < 8 ? [] : ['hi']);
      expect(site.wss.connections.size).toBe(0);
      expect(site.sockets[0]?.destroyed).toBe(true);
      expect(clock.pending).toBe(0);
    },
  );

  it.each([
    ['F24 an RST without a frame', ''],
    ['F24 an RST in mid-header', '82'],
    ['F24 an RST in mid-length', '82 fe 01'],
    ['F24 an RST in mid-key', '82 83 00 00'],
    ['F24 an RST in mid-payload', '82 83 k 01'],
    ['F24 an RST inside a message', '02 83 k 01 02 03'],
    ['F24 an RST in mid-ping', '89 83 k 01'],
  ])('%s ends with 1006 once', async (_title, notation) => {
    const clock = new ManualClock();
    const { site, closes } = await serveEcho({ clock });
    const { peer, connection, chunk } = await openLine(site);
    await chunk(octets(notation));
    peer.reset();
    expect(observed(await connection.closed)).toMatchObject({
      code: 1006,
      clean: false,
      by: 'transport',
      because: 'transportError',
      phase: 'open',
      error: { code: 'ECONNRESET' },
    });
    await peer.close();
    await turns();
    expect(closes).toHaveLength(1);
    expect(site.errors).toEqual([]);
    expect(site.wss.connections.size).toBe(0);
    expect(site.sockets[0]?.destroyed).toBe(true);
    expect(clock.pending).toBe(0);
  });
});
