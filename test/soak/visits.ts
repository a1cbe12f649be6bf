import { connect } from 'meerkat';
import { fromHex, RawPeer } from 'meerkat/testing';
import { BYE, FLOOD_PIECE, FLOOD_PIECES } from './site.ts';

/** Something that one client does from its arrival to its end; it throws when the server does not answer as it has to. */
export type Visit = (port: number) => Promise<void>;

/** An upgrade of a client, at `path`. */
export function upgrade(path: string, more = ''): string {
  const fields = ['Host: 127.0.0.1', 'Upgrade: websocket', 'Connection: Upgrade'];
  const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==';
  return `GET ${path} HTTP/1.1\r\n${[...fields, key, 'Sec-WebSocket-Version: 13'].join('\r\n')}\r\n${more}\r\n`;
}

/** A text frame of a client with `hello`, masked with zeros, and its echo. */
const HELLO = '81 85 00000000 68656c6c6f';
const HELLO_BACK = '81 05 68 65 6c 6c 6f';

/** @throws where `got` does not begin with `expected`. */
export function begins(got: string, expected: string): void {
  if (got.startsWith(expected)) return;
  throw new Error(`expected ${JSON.stringify(expected)}, got ${JSON.stringify(got.slice(0, 200))}`);
}

async function entered(port: number, path: string): Promise<RawPeer> {
  const peer = await RawPeer.connect(port);
  await peer.sendText(upgrade(path));
  begins(await peer.takeHead(), 'HTTP/1.1 101 ');
  return peer;
}

/** The server ends its direction. */
async function left(peer: RawPeer): Promise<void> {
  await peer.takeAll();
  await peer.close();
}

/** Sends what must not be sent, and expects to be closed with `code`. */
function closedFor(hex: string, code: number): Visit {
  return async (port) => {
    const peer = await entered(port, '/passing');
    await peer.send(hex);
    const [opcode, , high = 0, low = 0] = await peer.takeOctets(4);
    if (opcode !== 0x88 || high * 256 + low !== code) {
      throw new Error(`expected close code ${code}, got ${opcode} ${high * 256 + low}`);
    }
    peer.end();
    await left(peer);
  };
}

/** Sends octets in place of a request, and expects a status line, or that the server ends. */
function answeredWith(octets: string, status: string): Visit {
  return async (port) => {
    const peer = await RawPeer.connect(port);
    await peer.sendText(octets);
    begins(await peer.takeHead(), `HTTP/1.1 ${status}`);
    await left(peer);
  };
}

/** Sends a part of something, and leaves. */
function leaves(how: 'end' | 'reset' | 'close', octets: string): Visit {
  return async (port) => {
    const peer = await RawPeer.connect(port);
    if (octets !== '') await peer.sendText(octets);
    await peer[how]();
    if (how === 'end') await left(peer);
    await peer.close();
  };
}

/** The same in the middle of a frame, or between two. */
function leavesOpen(how: 'end' | 'reset' | 'close', hex: string): Visit {
  return async (port) => {
    const peer = await entered(port, '/passing');
    await peer.send(HELLO);
    begins(await peer.take(7), HELLO_BACK);
    if (hex !== '') await peer.send(hex);
    await peer[how]();
    if (how === 'end') await left(peer);
    await peer.close();
  };
}

async function ourClient(port: number): Promise<void> {
  const connection = await connect(`ws://127.0.0.1:${port}/passing`);
  connection.send('for a moment');
  for await (const message of connection) {
    begins(String(message), 'for a moment');
    connection.close(4_000, 'that was all');
  }
  const { code, clean } = await connection.closed;
  if (code !== 4_000 || !clean) throw new Error(`a close that came back as ${code}`);
}

async function closedByServer(port: number): Promise<void> {
  const connection = await connect(`ws://127.0.0.1:${port}/bye`, { message() {} });
  connection.send('may I go');
  const { code, reason, clean } = await connection.closed;
  if (code === BYE.code && reason === BYE.reason && clean) return;
  throw new Error(`closed with ${code} ${reason}`);
}

async function lateDecision(port: number): Promise<void> {
  const peer = await RawPeer.connect(port);
  await peer.sendText(upgrade('/late'));
  await peer.send(HELLO); // before it knows whether it is in
  begins(await peer.takeHead(), 'HTTP/1.1 101 ');
  begins(await peer.take(7), HELLO_BACK);
  await peer.send('88 82 00000000 03e8');
  begins(await peer.take(4), '88 02 03 e8');
  await left(peer);
}

async function gaveUpWaiting(port: number): Promise<void> {
  const peer = await RawPeer.connect(port);
  await peer.sendText(upgrade('/late'));
  peer.reset();
  await peer.close();
}

/** The request comes in pieces, and the first frame with the last of them. */
async function inPieces(port: number): Promise<void> {
  const peer = await RawPeer.connect(port);
  const octets = Buffer.concat([Buffer.from(upgrade('/passing')), fromHex(HELLO)]);
  for (let at = 0; at < octets.length; at += 60) {
    await peer.send(octets.subarray(at, at + 60));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  begins(await peer.takeHead(), 'HTTP/1.1 101 ');
  begins(await peer.take(7), HELLO_BACK);
  peer.reset();
  await peer.close();
}

/** Reads a little now and then; all has to come, in order. */
async function slowReader(port: number): Promise<void> {
  const peer = await entered(port, '/flood');
  await peer.send(HELLO);
  const length = 4 + FLOOD_PIECE;
  for (let at = 0; at < FLOOD_PIECES; at += 1) {
    const octets = await peer.takeOctets(length);
    if (octets.length !== length || octets[0] !== 0x82 || octets.readUInt32BE(4) !== at) {
      throw new Error(`piece ${at} is missing, or is not in order`);
    }
    if (at % 16 > 0) continue;
    peer.stream.pause();
    await new Promise((resolve) => setTimeout(resolve, 50));
    peer.stream.resume();
  }
  await peer.send('88 82 00000000 03e8');
  begins(await peer.take(4), '88 02 03 e8');
  await left(peer);
}

/** Reads nothing at all: the server has to end it. */
async function noReader(port: number): Promise<void> {
  const peer = await entered(port, '/stall');
  peer.stream.pause();
  await peer.send(HELLO);
  // A write fails once the server has reset the connection; reading would be what it waits for.
  while (!peer.stream.destroyed) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    await peer.send('8a 80 00000000');
  }
  await peer.close();
}

const GARBAGE = `${'\u00fe\u0001\u00ff\u0080'.repeat(50)}\r\n\r\n`;
const HALF = upgrade('/passing').slice(0, 90);

/** Ends of a connection that everyone meets each day. */
export const ENDINGS: Readonly<Record<string, Visit>> = {
  'a client of ours, and its Close frame': ourClient,
  'a Close frame of the server': closedByServer,
  'FIN between frames': leavesOpen('end', ''),
  'FIN in the middle of a frame': leavesOpen('end', '82 fe 1000 00000000 6162'),
  'FIN in the middle of a header': leavesOpen('end', '82'),
  'RST between frames': leavesOpen('reset', ''),
  'RST in the middle of a frame': leavesOpen('reset', '82 fe 1000 00000000 6162'),
  'RST in a fragmented message': leavesOpen('reset', '02 81 00000000 61'),
  'no Close frame at all': leavesOpen('close', ''),
  'FIN before the request': leaves('end', ''),
  'RST before the request': leaves('reset', ''),
  'FIN in the middle of the request': leaves('end', HALF),
  'RST in the middle of the request': leaves('reset', HALF),
  'RST behind the request': leaves('reset', upgrade('/passing')),
  'a hook that thinks': lateDecision,
  'RST while the hook thinks': gaveUpWaiting,
  'a request in pieces': inPieces,
};

/** What nobody may send. */
export const GARBAGES: Readonly<Record<string, Visit>> = {
  'a reserved bit': closedFor('c1 80 00000000', 1002),
  'a reserved opcode': closedFor('83 80 00000000', 1002),
  'an unmasked frame': closedFor('81 01 61', 1002),
  'a fragmented Ping': closedFor('09 80 00000000', 1002),
  'text that is no UTF-8': closedFor('81 82 00000000 c328', 1007),
  'a message past the limit': closedFor('82 ff 0000000000100000 00000000', 1009),
  'a length past 2^63': closedFor('82 ff ffffffffffffffff 00000000', 1002),
  'octets that are no request': answeredWith(GARBAGE, '400 '),
  'a version nobody knows': answeredWith(upgrade('/passing').replace(': 13', ': 7'), '426 '),
  'a short key': answeredWith(upgrade('/passing').replace('dGhl', ''), '400 '),
  'an upgrade by POST': answeredWith(upgrade('/passing').replace('GET', 'POST'), '405 '),
  'an upgrade that is refused': answeredWith(upgrade('/refuse'), '403 '),
  'an upgrade where nobody listens': answeredWith(upgrade('/nowhere'), '404 '),
};

/** Those who take long. */
export const SLOW: Readonly<Record<string, Visit>> = {
  'a slow reader': slowReader,
  'a client that reads nothing': noReader,
};
