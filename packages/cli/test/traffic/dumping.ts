import { PassThrough } from 'node:stream';
import { fromHex } from 'meerkat/testing';
import { type Palette, paletteFor } from '../../src/terminal/palette.ts';
import type { DumpedConnection } from '../../src/traffic/connection-dump.ts';
import { InflateBudget } from '../../src/traffic/inflate-budget.ts';
import { TrafficDump } from '../../src/traffic/traffic-dump.ts';
import type { TrafficListener } from '../../src/traffic/traffic-listener.ts';

/** No colours. */
const PLAIN: Palette = paletteFor(new PassThrough(), {});

/** The dump of one connection, and what it has written. */
export interface Dumping {
  readonly listener: TrafficListener;
  text(): string;
  /** Only what was decoded: without rows of octets and their headings. */
  decoded(): string[];
}

export const TIME = '2026-11-21T04:30:00.123Z';

/** A dump of the documents' connection: #4, of 127.0.0.1:59668 to port 8000. */
export function dumping(
  connection: Partial<DumpedConnection> = {},
  settings: { showSecrets?: boolean; palette?: Palette } = {},
): Dumping {
  let text = '';
  const dump = new TrafficDump({
    write: (more) => {
      text += more;
      return undefined;
    },
    palette: PLAIN,
    showSecrets: false,
    inflateBudget: new InflateBudget(), // its own: tests share a turn
    now: () => new Date(TIME),
    ...settings,
  });
  const listener = dump.connection({
    id: 4,
    role: 'server',
    localAddress: '127.0.0.1',
    localPort: 8000,
    remoteAddress: '127.0.0.1',
    remotePort: 59668,
    ...connection,
  });
  return {
    listener,
    text: () => text,
    decoded: () => decodedLines(text),
  };
}

/** Lines that tell what octets mean. */
function decodedLines(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => /^ {7}/.test(line))
    .map((line) => line.slice(7));
}

/** The opening handshake of RFC 6455 §1.3, so that frames follow in both directions. */
export const REQUEST: Buffer = Buffer.from(
  'GET /chat HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n',
);
export const RESPONSE: Buffer = Buffer.from(
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n',
);

/**
 * The dump of a connection whose opening handshake is over, and not in what it has written.
 *
 * @param extensions - What was offered and agreed on. @default none
 */
export function upgradedDumping(
  connection: Partial<DumpedConnection> = {},
  extensions: { readonly offer?: string; readonly answer?: string } = {},
): Dumping {
  const dump = dumping(connection);
  const [ask, answer] =
    connection.role === 'client'
      ? (['sent', 'received'] as const)
      : (['received', 'sent'] as const);
  void dump.listener[ask](withExtensions(REQUEST, extensions.offer));
  void dump.listener[answer](withExtensions(RESPONSE, extensions.answer));
  const before = dump.text().length;
  const text = (): string => dump.text().slice(before);
  return { listener: dump.listener, text, decoded: () => decodedLines(text()) };
}

function withExtensions(head: Buffer, value: string | undefined): Buffer {
  if (value === undefined) return head;
  return Buffer.from(
    head.toString().replace(/\r\n\r\n$/, `\r\nSec-WebSocket-Extensions: ${value}\r\n\r\n`),
  );
}

/** Octets from hex, where `k` stands for a masking key of zeros. */
export function frames(hex: string): Buffer {
  return fromHex(hex.replaceAll('k', '00000000'));
}
