import { createServer } from 'node:http';
import { type Duplex, duplexPair } from 'node:stream';
import { type Closed, type Message, WebSocketServer } from 'meerkat';
import { ManualClock } from 'meerkat/testing';
import type { Outcome, OutcomeEnd } from './outcome.ts';
import type { ClientDeflate, Terms } from './readers.ts';

const UNLIMITED = 1_000_000;

/** What a connection of meerkat's server makes of what a client sends that compresses. */
export async function readWithConnection(
  stream: Uint8Array,
  { maxMessageBytes, maxFramesPerMessage }: Terms,
  { takeover, windowBits }: ClientDeflate,
): Promise<Outcome> {
  const events: string[] = [];
  const report = (kind: string, octets: Uint8Array): void => {
    events.push(`${kind} ${Buffer.from(octets).toString('hex')}`);
  };
  const closed = new Promise<Closed>((resolve, reject) => {
    const http = createServer();
    const server = new WebSocketServer({
      maxMessageBytes,
      maxFramesPerMessage,
      controlFrameBurst: UNLIMITED,
      pingInterval: 0,
      compression: { windowBits: 15, clientNoContextTakeover: !takeover },
      clock: new ManualClock(), // nothing ends because time passes
      message: (_, message) => report(kindOf(message), Buffer.from(message as string)),
      ping: (_, octets) => report('ping', octets),
      pong: (_, octets) => report('pong', octets),
      close: (_, how) => resolve(how),
      refused: reject,
      error: reject,
    });
    server.attach(http);
    const [near, far] = duplexPair();
    http.emit('connection', near);
    send(far, windowBits, stream);
  });
  return { events, end: endOf(await closed) };
}

function kindOf(message: Message): string {
  return typeof message === 'string' ? 'text' : 'binary';
}

/** Sends a handshake and, once it is answered, the stream and the end. */
function send(far: Duplex, windowBits: number, stream: Uint8Array): void {
  let head = '';
  const take = (chunk: Buffer): void => {
    head += chunk.toString('latin1');
    if (!head.includes('\r\n\r\n')) return;
    far.off('data', take);
    far.resume();
    far.end(Buffer.from(stream));
  };
  far.on('data', take);
  far.on('error', () => {});
  far.write(
    `GET / HTTP/1.1\r\nHost: fuzz.invalid\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=${windowBits}\r\n\r\n`,
  );
}

function endOf({ rule, code, received }: Closed): OutcomeEnd | undefined {
  if (rule !== undefined) return { by: 'failure', code, rule };
  return received === undefined ? undefined : { by: 'close', ...received };
}
