import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { connect as connectTcp, type Socket } from 'node:net';
import { type Closed, type Connection, type ConnectOptions, connect } from 'meerkat';
import { fromHex, ManualClock, type RawPeer, toHex } from 'meerkat/testing';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import {
  ACCEPTED,
  CLOSE_1000,
  fromServer,
  REFUSED,
  REFUSED_OF_SERVER,
  titled,
} from '../connection/frame-row-list.ts';
import {
  endOf,
  expectOneMessage,
  failed,
  type Outcome,
  playCut,
} from '../connection/stream-outcome.ts';
import { describeFrames, readFrames } from '../connection/wire.ts';
import { expectNothingUnhandled } from '../support/failures.ts';
import { fakeServer, switching } from '../support/fake-server.ts';
import { CLOSE, takeFrame } from '../support/frames.ts';
import { observe, observed } from '../support/observed.ts';
import { until } from '../support/waiting.ts';

// The rows of group F of the behaviour catalogue in the other direction: a server sends them to a client over TCP.

beforeEach(expectNothingUnhandled);

/** A client's connection to a peer that plays the server, and what its application heard. */
interface Line {
  readonly connection: Connection<undefined>;
  readonly peer: RawPeer;
  /** The client's end of the TCP connection. */
  readonly socket: Socket;
  readonly messages: (string | Buffer)[];
  readonly closes: Closed[];
  /** Sends octets and waits until the client has read them: they are a chunk of their own. */
  chunk(octets: Uint8Array): Promise<void>;
}

interface Lines {
  open(options?: ConnectOptions): Promise<Line>;
}

async function lines(): Promise<Lines> {
  const peers: RawPeer[] = [];
  const server = await fakeServer(async ({ key, peer }) => {
    await peer.sendText(switching(key));
    peers.push(peer);
  });
  const open = async (options: ConnectOptions = {}): Promise<Line> => {
    const messages: Line['messages'] = [];
    const closes: Closed[] = [];
    let socket: Socket | undefined;
    const connection = await connect(server.url, {
      message(one, message) {
        messages.push(typeof message === 'string' ? message : Buffer.from(message));
        one.send(message);
      },
      close: (_connection, closed) => void closes.push(closed),
      createConnection: ({ host, port }) => {
        socket = connectTcp({ host, port });
        return socket;
      },
      ...options,
    });
    if (socket === undefined) throw new Error('nothing was dialled');
    await until(() => peers.length > 0);
    const peer = peers.shift() as RawPeer;
    const client = socket;
    let due = client.bytesRead;
    const chunk = async (octets: Uint8Array): Promise<void> => {
      due += octets.length;
      await peer.send(octets);
      await until(() => client.bytesRead >= due || client.destroyed);
    };
    return { connection, peer, socket: client, messages, closes, chunk };
  };
  return { open };
}

/** Sends the stream in these pieces, takes what the client answers up to its Close, and ends as a server has to. */
async function play(site: Lines, pieces: readonly Uint8Array[]): Promise<Outcome> {
  const { connection, peer, socket, messages, closes, chunk } = await site.open();
  for (const piece of pieces) await chunk(piece);
  const wire: string[] = [];
  for (;;) {
    const frame = await takeFrame(peer);
    if (frame === undefined) break;
    expect(frame.masked).toBe(true);
    const { opcode, payload } = frame;
    wire.push(
      ...describeFrames(Buffer.concat([Buffer.of(0x80 | opcode, payload.length), payload])),
    );
    if (opcode === CLOSE) break;
  }
  peer.end(); // the server ends TCP; the client waits for that
  expect(await peer.takeAll()).toBe('');
  expect(peer.stream.readableEnded).toBe(true);
  const closed = endOf(await connection.closed);
  await peer.close();
  await until(() => socket.destroyed);
  expect(connection.send('late')).toBe('dropped');
  expect(closes.length).toBe(1);
  return { wire, messages, closed };
}

/** At most so many cuts of a stream; a long one is repetitive in its middle. */
const CUTS = 24;

const HI = fromServer('81 82 k 68 69');

/** `F5 a length (§5.2)` is `K8 a length (F5, §5.2)` here. */
function asClientRow<Row extends { readonly title: string }>(row: Row): Row {
  return { ...row, title: row.title.replace(/^(F\d+) (.*)\(/, 'K8 $2($1, ') };
}

// F7 itself has a half for each direction.
it.each(titled([...REFUSED.map(asClientRow), ...REFUSED_OF_SERVER]))(
  '%s by a client',
  async (title, row) => {
    const site = await lines();
    const { notation } = row;
    const stream = title.startsWith('F7 ')
      ? fromHex(notation.replaceAll('k', '00000000'))
      : fromServer(notation);
    const outcome = await playCut((pieces) => play(site, pieces), stream, CUTS);
    observe(outcome.wire.join(', '));
    expect(outcome).toEqual(failed(row, outcome));
    expectOneMessage(await play(site, [Buffer.concat([HI, stream, HI])]), outcome);
  },
);

it.each(ACCEPTED.map(asClientRow))(
  '$title, from a server',
  async ({ notation, wire, messages }) => {
    const site = await lines();
    const outcome = await playCut((pieces) => play(site, pieces), fromServer(notation), CUTS);
    observe(outcome.wire.join(', '));
    expect(outcome).toMatchObject({ wire, messages });
    expect(outcome.closed).toMatchObject({ clean: true, by: 'peer', because: 'close' });
    expect(outcome.closed).toMatchObject({ rule: undefined, limit: undefined });
  },
);

describe('a server that sends frames to a client', () => {
  it('K8 a pong to a ping between fragments leaves at once (F9, §5.5.2)', async () => {
    const { connection, peer, chunk } = await (await lines()).open();
    await chunk(fromServer('01 81 k 61 89 81 k 70'));
    expect(await takeFrame(peer)).toMatchObject({ opcode: 0xa, masked: true });
    await chunk(fromServer('80 81 k 62'));
    expect((await takeFrame(peer))?.payload.toString()).toBe('ab');
    await peer.close();
    expect(observed(await connection.closed).code).toBe(1006);
  });

  it('K8 an empty close is 1005 here (F13, §7.1.5)', async () => {
    const { closed } = await play(await lines(), [fromServer('88 80 k')]);
    observe(`${closed.code} here`);
    expect(closed).toMatchObject({ code: 1005, clean: true, received: { code: 1005, reason: '' } });
  });

  it('K8 a server that never answers our close is left after closeTimeout, 1006 here (F17)', async () => {
    const clock = new ManualClock();
    const { connection, peer, socket } = await (await lines()).open({ clock });
    connection.close(4000, 'enough');
    expect(await takeFrame(peer)).toMatchObject({ opcode: CLOSE });
    clock.advance(9_999);
    expect(socket.destroyed).toBe(false);
    clock.advance(1);
    expect(observed(await connection.closed)).toMatchObject({
      code: 1006,
      clean: false,
      by: 'local',
      because: 'closeTimeout',
      sent: { code: 4000, reason: 'enough' },
    });
    expect(socket.destroyed).toBe(true);
    expect(clock.pending).toBe(0);
  });

  it.each([
    ['empty continuations', '01 80 k', '00 80 k'],
    ['fragments of one octet', '01 81 k 61', '00 81 k 61'],
  ])(
    'K8 %s without an end are refused with 1008 past maxFramesPerMessage (F21)',
    async (_title, first, next) => {
      const { connection, peer, chunk } = await (await lines()).open({ maxFramesPerMessage: 5 });
      await chunk(fromServer([first, ...Array<string>(5).fill(next)].join(' ')));
      const [close] = describeFrames(fromHex(await peer.takeAll()));
      peer.end();
      const closed = await connection.closed;
      observe(close ?? 'nothing');
      expect(close).toBe(`close 1008 (${closed.reason})`);
      expect(closed).toMatchObject({ code: 1008, limit: 'maxFramesPerMessage', by: 'local' });
    },
  );

  it('K8 chunks of one octet of a frame of 96 MiB are joined, not held (F22, rule 4)', async () => {
    const { connection, peer, chunk } = await (await lines()).open({
      maxMessageBytes: 128 * 1_048_576,
    });
    await chunk(fromServer('82 ff 00 00 00 00 06 00 00 00 k'));
    const before = process.memoryUsage().arrayBuffers;
    for (let count = 0; count < 3_000; count += 1) await chunk(Buffer.of(count & 0xff));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 1_048_576);
    await peer.close();
    expect(observed(await connection.closed)).toMatchObject({ code: 1006 });
  });

  it('K8 every ping is answered while output flows (F23)', async () => {
    const { peer } = await (await lines()).open({
      maxControlFramesPerSecond: 1_000_000,
      controlFrameBurst: 1_000_000,
    });
    const count = 20_000;
    await peer.send(fromServer(`${Array<string>(count).fill('89 80 k').join(' ')} ${CLOSE_1000}`));
    const octets = fromHex(await peer.take(6 * count + 8));
    const opcodes = readFrames(octets).map(({ opcode }) => opcode);
    expect(opcodes).toEqual([...Array<number>(count).fill(0xa), CLOSE]);
    peer.end();
  });

  it('K8 more control frames than the burst are refused with 1008 (F23)', async () => {
    const clock = new ManualClock();
    const { connection, peer } = await (await lines()).open({ clock, pingInterval: 0 });
    await peer.send(fromServer(Array<string>(2_001).fill('89 80 k').join(' ')));
    const close = describeFrames(fromHex(await peer.takeAll())).at(-1) ?? 'nothing';
    peer.end();
    const closed = await connection.closed;
    observe(close);
    expect(close).toBe(`close 1008 (${closed.reason})`);
    expect(closed).toMatchObject({ code: 1008, limit: 'maxControlFramesPerSecond' });
  });

  const STREAM = fromServer('81 82 k 68 69 02 84 k 01 02 03 04 80 fe 00 7e k 61 61 61');

  it.each(Array.from({ length: STREAM.length + 1 }, (_, cut) => cut))(
    'K8 a FIN after octet %i of a stream ends with 1006 once (F24)',
    async (cut) => {
      const clock = new ManualClock();
      const { connection, peer, socket, closes, messages, chunk } = await (await lines()).open({
        clock,
      });
      if (cut > 0) await chunk(STREAM.subarray(0, cut));
      peer.end();
      const wire = describeFrames(fromHex(await peer.takeAll()));
      expect(wire).toEqual(cut < 4 ? [] : ['text hi']);
      expect(observed(await connection.closed)).toMatchObject({
        code: 1006,
        clean: false,
        by: 'peer',
        because: 'transportEnd',
        sent: undefined,
      });
      await until(() => socket.destroyed);
      expect([closes.length, messages]).toEqual([1, cut < 4 ? [] : ['hi']]);
      expect(clock.pending).toBe(0);
    },
  );

  it.each([
    ['without a frame', ''],
    ['in mid-header', '82'],
    ['in mid-length', '82 7e 01'],
    ['in mid-payload', '82 03 01'],
    ['inside a message', '02 03 01 02 03'],
    ['in mid-ping', '89 03 01'],
  ])('K8 an RST %s ends with 1006 once (F24)', async (_title, hex) => {
    const clock = new ManualClock();
    const { connection, peer, socket, closes, chunk } = await (await lines()).open({ clock });
    await chunk(fromHex(hex));
    peer.reset();
    expect(observed(await connection.closed)).toMatchObject({
      code: 1006,
      clean: false,
      by: 'transport',
      because: 'transportError',
      error: { code: 'ECONNRESET' },
    });
    await until(() => socket.destroyed);
    expect(closes.length).toBe(1);
    expect(clock.pending).toBe(0);
  });
});

describe('the keys that a client masks with (§5.3)', () => {
  const FRAMES = 1_000_000;
  const FRAME_OCTETS = 6; // an empty binary message: 82 80 and the key
  const BATCH = 50_000;

  it('K14 a million of them are spread evenly: chi-square of each octet, and of what changes from one key to the next', async () => {
    const counts = Array.from({ length: 8 }, () => new Uint32Array(256));
    const distinct = new Set<number>();
    let seen = 0;
    let before = 0;
    let rest: Buffer = Buffer.alloc(0);
    const count = (chunk: Buffer): void => {
      const octets = Buffer.concat([rest, chunk]);
      const end = octets.length - (octets.length % FRAME_OCTETS);
      for (let at = 0; at < end; at += FRAME_OCTETS) {
        if (octets.readUInt16BE(at) !== 0x8280) throw new Error(toHex(octets.subarray(at, at + 6)));
        const key = octets.readUInt32BE(at + 2);
        const change = key ^ before;
        before = key;
        distinct.add(key);
        seen += 1;
        for (const [index, bins] of counts.entries()) {
          const octet = ((index < 4 ? key : change) >>> (8 * (index & 3))) & 0xff;
          bins[octet] = (bins[octet] ?? 0) + 1;
        }
      }
      rest = octets.subarray(end);
    };
    const { connection, peer } = await (await lines()).open({ message: () => {} });
    peer.stream.on('data', count);
    const empty = new Uint8Array(0);
    let dropped = 0;
    for (let sent = BATCH; sent <= FRAMES; sent += BATCH) {
      for (let at = 0; at < BATCH; at += 1) {
        if (connection.send(empty) === 'dropped') dropped += 1;
      }
      await until(() => seen === sent);
    }
    expect([seen, dropped]).toEqual([FRAMES, 0]);
    const expected = FRAMES / 256;
    const chiSquares = counts.map((bins) =>
      bins.reduce((sum, number) => sum + (number - expected) ** 2 / expected, 0),
    );
    const [lowest, highest] = [Math.min(...chiSquares), Math.max(...chiSquares)];
    observe(`chi-square of ${FRAMES} keys: ${Math.round(lowest)} to ${Math.round(highest)}`);
    // 255 degrees of freedom: 255 ± 22.6; a random source is six deviations off once in some million runs.
    expect(lowest).toBeGreaterThan(255 - 6 * 22.6);
    expect(highest).toBeLessThan(255 + 6 * 22.6);
    // Of 2^32 keys a million draws repeat about 116.
    expect(FRAMES - distinct.size).toBeLessThan(250);
    await peer.close();
    await connection.closed;
  });

  it('K14 they come from the random source of node:crypto', async () => {
    const filled = new Set<number>();
    const { randomFillSync } = crypto;
    const replace = (replacement: typeof randomFillSync): void => {
      crypto.randomFillSync = replacement;
      syncBuiltinESMExports();
    };
    onTestFinished(() => replace(randomFillSync));
    replace((<View extends NodeJS.ArrayBufferView>(view: View): View => {
      randomFillSync(view);
      if (view.byteLength % 4 === 0 && view.byteOffset % 4 === 0) {
        // As the machine orders its octets: keys are drawn many at a time.
        const keys = new Uint32Array(view.buffer, view.byteOffset, view.byteLength / 4);
        for (const key of keys) filled.add(key);
      }
      return view;
    }) as typeof randomFillSync);
    const { connection, peer } = await (await lines()).open();
    const [count, kept] = [20_000, 10_000];
    const empty = new Uint8Array(0);
    for (let at = 0; at < count; at += 1) connection.send(empty);
    await peer.take((count - kept) * FRAME_OCTETS); // keys that were drawn before are used up in here
    const octets = fromHex(await peer.take(kept * FRAME_OCTETS));
    let known = 0;
    for (let at = 2; at < octets.length; at += FRAME_OCTETS) {
      if (filled.has(octets.readUInt32BE(at))) known += 1;
    }
    expect(known).toBe(kept);
    observe('from node:crypto');
    await peer.close();
    await connection.closed;
  });
});
