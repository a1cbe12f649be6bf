import { connect as connectTcp, type Socket } from 'node:net';
import {
  type Closed,
  type Connection,
  type ConnectOptions,
  connect,
  type WebSocketServerOptions,
} from 'meerkat';
import { fromHex, type RawPeer, toHex } from 'meerkat/testing';
import { expect } from 'vitest';
import { fakeServer, switching } from '../../support/fake-server.ts';
import { CLOSE, takeFrame } from '../../support/frames.ts';
import { upgraded } from '../../support/handshake.ts';
import { serve } from '../../support/serving.ts';
import { until } from '../../support/waiting.ts';
import { fromClient, fromServer } from '../frame-row-list.ts';
import { describeFrames } from '../wire.ts';

/** The side of a connection that is under test. */
export type Side = 'server' | 'client';

/** Options that a server and a client have in common. */
export type LineOptions = Pick<
  WebSocketServerOptions<undefined>,
  Extract<keyof WebSocketServerOptions<undefined>, keyof ConnectOptions<undefined>>
>;

/** One connection with permessage-deflate on TCP: a raw peer on one side, ours on the other. */
export interface DeflateLine {
  readonly connection: Connection<undefined>;
  readonly peer: RawPeer;
  /** What our application was handed: text as a string, binary messages in hex with blanks. */
  readonly messages: readonly string[];
  readonly closes: readonly Closed[];
  /** Octets of a notation as this peer sends them: masked or not. */
  octets(notation: string): Buffer;
  /** Sends octets and waits until our side has read them: they are a chunk of their own. */
  chunk(octets: Uint8Array): Promise<void>;
}

/** Where lines are opened. */
export interface DeflateSite {
  readonly side: Side;
  /** @param extension - What the raw peer offers, or answers as a server. */
  open(extension?: string): Promise<DeflateLine>;
}

/** Our side of the lines, with compression; it sends back what it gets. It listens until the test ends. */
export function deflateSite(side: Side, options: LineOptions = {}): Promise<DeflateSite> {
  return side === 'server' ? serverSite(options) : clientSite(options);
}

async function serverSite(options: LineOptions): Promise<DeflateSite> {
  const lines = new Map<Connection<undefined>, Heard>();
  const site = await serve<undefined>({
    compression: true,
    message: (connection, message) => heardOf(lines, connection).message(connection, message),
    close: (connection, closed) => void heardOf(lines, connection).closes.push(closed),
    ...options,
  });
  return {
    side: 'server',
    async open(extension = 'permessage-deflate') {
      const headers = { 'Sec-WebSocket-Extensions': extension };
      const { peer, response } = await upgraded(site.port, { headers });
      expect(response.header('sec-websocket-extensions')).toMatch(/^permessage-deflate\b/);
      const connection = present(site.opened.at(-1));
      const { messages, closes } = heardOf(lines, connection);
      const chunk = chunks(peer, present(site.sockets.at(-1)));
      return { connection, peer, messages, closes, octets: fromClient, chunk };
    },
  };
}

async function clientSite(options: LineOptions): Promise<DeflateSite> {
  const peers: RawPeer[] = [];
  let answer = '';
  const server = await fakeServer(async ({ head, key, peer }) => {
    expect(head).toMatch(/^Sec-WebSocket-Extensions: permessage-deflate\b/im);
    await peer.sendText(switching(key, { 'Sec-WebSocket-Extensions': answer }));
    peers.push(peer);
  });
  return {
    side: 'client',
    async open(extension = 'permessage-deflate; server_no_context_takeover') {
      answer = extension;
      const heard = new Heard();
      let socket: Socket | undefined;
      const connection = await connect<undefined>(server.url, {
        message: (one, message) => heard.message(one, message),
        close: (_connection, closed) => void heard.closes.push(closed),
        createConnection: ({ host, port }) => {
          socket = connectTcp({ host, port });
          return socket;
        },
        ...options,
      });
      await until(() => peers.length > 0);
      const peer = present(peers.shift());
      const { messages, closes } = heard;
      const chunk = chunks(peer, present(socket));
      return { connection, peer, messages, closes, octets: fromServer, chunk };
    },
  };
}

/** What one application was handed. */
class Heard {
  readonly messages: string[] = [];
  readonly closes: Closed[] = [];

  message(connection: Connection<undefined>, message: string | Uint8Array): void {
    this.messages.push(typeof message === 'string' ? message : toHex(message));
    connection.send(message);
  }
}

function heardOf(lines: Map<Connection<undefined>, Heard>, one: Connection<undefined>): Heard {
  const existing = lines.get(one);
  if (existing !== undefined) return existing;
  const heard = new Heard();
  lines.set(one, heard);
  return heard;
}

function chunks(peer: RawPeer, socket: Socket): DeflateLine['chunk'] {
  let due = socket.bytesRead;
  return async (octets) => {
    due += octets.length;
    await peer.send(octets);
    await until(() => socket.bytesRead >= due || socket.destroyed);
  };
}

function present<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error('nothing was opened');
  return value;
}

/** What a stream came to, as both ends saw it. */
export interface Outcome {
  /** What our side sent up to its Close, frame by frame. */
  readonly wire: readonly string[];
  readonly messages: readonly string[];
  readonly closed: Partial<Closed>;
}

/** Sends the stream in these pieces, takes what comes up to the Close, and ends as the peer's role has to. */
export async function play(
  site: DeflateSite,
  pieces: (line: DeflateLine) => readonly Uint8Array[],
  extension?: string,
): Promise<Outcome> {
  const line = await site.open(extension);
  const { connection, peer, messages, closes } = line;
  for (const piece of pieces(line)) await line.chunk(piece);
  const wire = await takeUpToClose(peer, site.side);
  if (site.side === 'client') peer.end(); // the server ends TCP; the client waits for that
  expect(await peer.takeAll()).toBe('');
  expect(peer.stream.readableEnded).toBe(true);
  if (site.side === 'server') peer.end();
  const { code, reason, clean, by, because, rule, section, limit } = await connection.closed;
  await peer.close();
  expect(closes.length).toBe(1);
  return { wire, messages, closed: { code, reason, clean, by, because, rule, section, limit } };
}

async function takeUpToClose(peer: RawPeer, side: Side): Promise<string[]> {
  const wire: string[] = [];
  for (;;) {
    const frame = await takeFrame(peer);
    if (frame === undefined) return wire;
    expect(frame.masked).toBe(side === 'client');
    const { opcode, payload } = frame;
    wire.push(...describeFrames(unmaskedFrame(opcode, payload)));
    if (opcode === CLOSE) return wire;
  }
}

function unmaskedFrame(opcode: number, payload: Buffer): Buffer {
  const long = payload.length > 125;
  const head = fromHex(long ? '00 7e 00 00' : '00 00');
  head[0] = 0x80 | opcode;
  if (long) head.writeUInt16BE(payload.length, 2);
  else head[1] = payload.length;
  return Buffer.concat([head, payload]);
}

/** Plays the stream whole, cut in two at every offset, and octet by octet: what it comes to is always the same. */
export async function playAtEveryCut(site: DeflateSite, notation: string): Promise<Outcome> {
  const whole = await play(site, ({ octets }) => [octets(notation)]);
  const { length } = (site.side === 'server' ? fromClient : fromServer)(notation);
  for (let cut = 1; cut < length; cut += 1) {
    const outcome = await play(site, ({ octets }) => {
      const stream = octets(notation);
      return [stream.subarray(0, cut), stream.subarray(cut)];
    });
    expect(outcome, `cut at ${cut}`).toEqual(whole);
  }
  const single = await play(site, ({ octets }) =>
    Array.from(octets(notation), (octet) => Buffer.of(octet)),
  );
  expect(single, 'octet by octet').toEqual(whole);
  return whole;
}
