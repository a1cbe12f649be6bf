// The octets and header fields that docs/explanation shows, said to a real server.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DEFAULT_CONNECTION_NUMBERS, WebSocketServer } from 'meerkat';
import {
  acceptKey,
  maskInPlace,
  plainPrimitives,
  readUpgradeRequest,
  readUpgradeResponse,
} from 'meerkat/protocol';
import { fromHex, RawPeer, toHex } from 'meerkat/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { codeSpans, read } from '../support/doc-page.ts';

/** SHA-1 without Node; nothing here needs random octets. */
const primitives = plainPrimitives(() => {});

const snippet = (name: string): string => read(`docs/snippets/${name}`);

/** The values of the lines that begin with `name:`. */
function said(file: string, name: string): string[] {
  return snippet(file)
    .split('\n')
    .filter((line) => line.startsWith(`${name}:`))
    .map((line) => line.slice(name.length + 1).trim());
}

/** First line and header fields of a message, as an HTTP parser leaves them. */
function headOf(file: string): { first: string[]; rawHeaders: string[] } {
  const [first = '', ...lines] = snippet(file).trimEnd().split('\n');
  return {
    first: first.split(' '),
    rawHeaders: lines.flatMap((line) => line.split(/: (.*)/).slice(0, 2)),
  };
}

/** A peer behind the handshake of the page, at an echo server. */
async function openPeer(): Promise<RawPeer> {
  const echo = new WebSocketServer({
    dangerouslyAcceptAnyOrigin: true, // the page's Origin has a port, the test's server another one
    message(connection, message) {
      connection.send(message);
    },
  });
  const http = createServer();
  echo.attach(http, { path: '/websocket' });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  onTestFinished(async () => {
    await echo.close({ timeout: 0 });
    http.close();
  });
  const peer = await RawPeer.connect((http.address() as AddressInfo).port);
  onTestFinished(() => {
    peer.stream.destroy();
  });
  await peer.sendText(snippet('handshake-request.txt').replaceAll('\n', '\r\n'));
  const answer = snippet('handshake-response.txt').replaceAll('\n', '\r\n');
  expect(toHex(fromHex(await peer.take(answer.length)))).toBe(toHex(Buffer.from(answer)));
  return peer;
}

/** What the server of a snippet answers to what its client says. */
async function exchange(file: string): Promise<[got: string, wanted: string]> {
  const peer = await openPeer();
  for (const frame of said(file, 'client')) await peer.send(frame);
  const wanted = said(file, 'server').join(' ');
  return [await peer.take(wanted.split(' ').length), wanted];
}

describe('docs/explanation/websocket-for-http-people.md', () => {
  const page = read('docs/explanation/websocket-for-http-people.md');

  it('shows a handshake that keeps the rules: handshake-request.txt, handshake-response.txt', () => {
    const { first, rawHeaders } = headOf('handshake-request.txt');
    const [method = '', target = '', version = ''] = first;
    const request = readUpgradeRequest({
      method,
      target,
      httpVersion: version.replace('HTTP/', ''),
      rawHeaders,
    });
    expect(request.extensions).toHaveLength(1);
    const answer = headOf('handshake-response.txt');
    expect(answer.rawHeaders).toContain(acceptKey(request.key, primitives));
    expect(page).toContain('`258EAFA5-E914-47DA-95CA-C5AB0DC85B11`');
    const agreed = readUpgradeResponse(
      { status: Number(answer.first[1]), httpVersion: '1.1', rawHeaders: answer.rawHeaders },
      { key: request.key, subprotocols: [], extensions: request.extensions },
      primitives,
    );
    expect(agreed).toEqual({ subprotocol: '', extensions: [] });
  });

  it('explains every header field of that handshake', () => {
    const spans = codeSpans(page.replace(/^```[\s\S]*?^```$/gm, ''));
    for (const file of ['handshake-request.txt', 'handshake-response.txt']) {
      const names = headOf(file).rawHeaders.filter((_text, at) => at % 2 === 0);
      expect(names.filter((name) => !spans.includes(name))).toEqual([]);
    }
  });

  it.each(['frames-echo.txt', 'frames-fragments.txt', 'frames-close.txt'])(
    'shows what a server answers: %s',
    async (file) => {
      const [got, wanted] = await exchange(file);
      expect(got).toBe(wanted);
    },
  );

  it('unmasks as the protocol does: unmasking.txt', () => {
    const [masked = '', key = '', plain = '', text = ''] = ['payload', 'key', 'xor', 'text'].map(
      (name) => said('unmasking.txt', name)[0],
    );
    const octets = fromHex(masked);
    expect(key).toBe('ed 7f 06 db ed 7f 06 db ed 7f 06 db');
    maskInPlace(octets, 0, octets.length, 0xed7f06db, 0);
    expect(toHex(octets)).toBe(plain);
    expect(octets.toString().replace(' ', '')).toBe(text.replace(/\s+/g, ''));
    expect(said('frames-echo.txt', 'client')[0]).toBe(`81 8c ed 7f 06 db ${masked}`);
    expect(said('frames-echo.txt', 'server')[0]).toBe(`81 0c ${plain}`);
  });

  it('gives the interval of the pings that holds', () => {
    expect(page).toContain(`every ${DEFAULT_CONNECTION_NUMBERS.pingInterval / 1000} s`);
    expect(page).toContain(`after ${DEFAULT_CONNECTION_NUMBERS.pongTimeout / 1000} s`);
  });
});

describe('docs/explanation/backpressure.md', () => {
  const page = read('docs/explanation/backpressure.md');

  it('gives the defaults that hold', () => {
    const { maxInboxMessages, maxInboxBytes, softQueuedBytes, maxQueuedBytes, closeTimeout } =
      DEFAULT_CONNECTION_NUMBERS;
    for (const text of [
      `${maxInboxMessages} messages or ${maxInboxBytes / 1024} KiB`,
      `\`softQueuedBytes\` (${softQueuedBytes / 1024} KiB)`,
      `\`maxQueuedBytes\` (${maxQueuedBytes / 1024 / 1024} MiB)`,
      `\`closeTimeout\` (${closeTimeout / 1000} s)`,
    ]) {
      expect(page).toContain(text);
    }
  });
});
