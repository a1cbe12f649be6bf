import type { Connection } from 'meerkat';
import { connectionPair } from 'meerkat/testing';
import { expect, it, onTestFinished } from 'vitest';
import type { Client } from '../../src/console/clients.ts';
import { clientLines, handshakeLines, listLines, waitingLines } from '../../src/console/listing.ts';
import type { WaitingRequest } from '../../src/console/waiting-room.ts';
import { paletteFor } from '../../src/terminal/palette.ts';
import { Collector } from '../connect/command.ts';

const palette = paletteFor(new Collector(false), {});
const look = { palette, forPerson: false };
const head = {
  method: 'GET',
  httpVersion: '1.1',
  target: '/?token=abc',
  rawHeaders: ['Host', 'a', 'Upgrade', 'websocket', 'Connection', 'close', 'X', '\x9b2J'],
};

function client(id: number, compression = false): Client {
  const { server, client: peer } = connectionPair({ compression });
  onTestFinished(() => {
    server.terminate();
    peer.terminate();
  });
  return {
    id,
    label: `#${id} 127.0.0.1:5000`,
    connection: server as unknown as Connection,
    head,
    since: new Date('2026-01-02T03:04:05.678Z'),
    cameAt: performance.now(),
    received: { messages: 1, octets: 5 },
    sent: { messages: 2, octets: 1 },
    pinged: false,
    unshown: undefined,
  };
}

function waiting(id: number): WaitingRequest {
  return { id, label: `#${id} 127.0.0.1:5001`, head, deadline: performance.now() + 119_900 };
}

function withoutTime(line: string): string {
  return line.replace(/for \d+\.\d s/, 'for … s');
}

it('lists who is here, and marks whom lines go to and who is closing', () => {
  const [one, two] = [client(1), client(2)];
  two.connection.close();
  expect(listLines([one, two], [], 2, {}).map(withoutTime)).toEqual([
    '2 clients here:',
    '  #1 127.0.0.1:5000: /, for … s, in 1, out 2',
    '* #2 127.0.0.1:5000: /, for … s, in 1, out 2, 4 octets queued, closing',
  ]);
});

it('A9 says whose messages may be compressed, and what was agreed on', () => {
  const here = [client(1), client(2, true)];
  expect(listLines(here, [], 'all', {}).slice(1).map(withoutTime)).toEqual([
    '  #1 127.0.0.1:5000: /, for … s, in 1, out 2',
    '  #2 127.0.0.1:5000: /, compressed, for … s, in 1, out 2',
  ]);
  expect(clientLines(client(3, true), look, {})[2]).toMatch(
    /^ {2}extensions {3}permessage-deflate; server_no_context_takeover; /,
  );
});

it('lists who waits, and how long they can', () => {
  expect(listLines([], [waiting(3)], 'all', {})).toEqual([
    'nobody is here',
    '1 waits to be let in:',
    '  #3 127.0.0.1:5001: 1 min 59 s left',
  ]);
});

it('D2 shows a handshake with what is wrong, without its secrets and control characters', () => {
  const lines = handshakeLines(head, palette, {});
  expect(lines.every((line) => line.startsWith('  '))).toBe(true);
  expect(lines).toContain('  ok GET /?token=(redacted) HTTP/1.1');
  expect(lines).toContain('     X: \\x9b2J');
  expect(lines.some((line) => line.startsWith('  !! Connection: close'))).toBe(true);
  expect(handshakeLines(head, palette, { showSecrets: true })).toContain(
    '  ok GET /?token=abc HTTP/1.1',
  );
});

it('shows all about a client, and about one that waits', () => {
  expect(clientLines(client(1), look, {}).slice(0, 7).map(withoutTime)).toEqual([
    '#1 127.0.0.1:5000, here since 2026-01-02T03:04:05.678Z, for … s',
    '  subprotocol  none',
    '  extensions   none',
    '  received     1 message, 5 octets',
    '  sent         2 messages, 1 octet, 0 octets queued',
    '  state        open',
    '  ok GET /?token=(redacted) HTTP/1.1',
  ]);
  expect(waitingLines(waiting(2), palette, {}).slice(0, 2)).toEqual([
    '#2 127.0.0.1:5001 waits to be let in, 1 min 59 s left',
    '  ok GET /?token=(redacted) HTTP/1.1',
  ]);
});
