import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { constants, deflateRawSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocketServer } from 'ws';
import { outcomeOf } from '../../src/report/result.ts';
import { checkServer } from '../../src/runner/check-server.ts';
import { binary, encodeFrame, ping, text } from '../../src/wire/frame.ts';
import { scriptedServer, switching } from '../support/echo-servers.ts';

/** A server that answers the upgrade, then does as told. */
async function opening(take: (socket: Socket) => void): Promise<string> {
  return await scriptedServer((socket, _head, key) => {
    socket.write(switching(key));
    take(socket);
  });
}

/** The server of npm `ws`, with room for so many connections; the next one is dropped, or told why. */
async function crowded(room: number, drops = false): Promise<string> {
  const http = createServer();
  const server = new WebSocketServer({ noServer: true, perMessageDeflate: true });
  let open = 0;
  http.on('upgrade', (request, socket, head) => {
    socket.on('error', () => {});
    if (open >= room) {
      if (drops) socket.destroy();
      else socket.end('HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
      return;
    }
    open += 1;
    socket.on('close', () => {
      open -= 1;
    });
    server.handleUpgrade(request, socket, head, (one) => {
      one.on('error', () => {});
      one.on('message', (data, isBinary) => one.send(data, { binary: isBinary }));
    });
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  onTestFinished(() => {
    for (const one of server.clients) one.terminate();
    http.close();
  });
  return `ws://127.0.0.1:${(http.address() as AddressInfo).port}/`;
}

/** The server of npm `ws`, which drops all connections when there are too many. */
async function overwhelmed(most: number): Promise<string> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  server.on('connection', (one) => {
    one.on('error', () => {});
    one.on('message', (data, isBinary) => one.send(data, { binary: isBinary }));
    if (server.clients.size > most) for (const each of server.clients) each.terminate();
  });
  await once(server, 'listening');
  onTestFinished(() => {
    for (const one of server.clients) one.terminate();
    server.close();
  });
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

/** Sends the same frames for as long as they are taken. */
function flood(socket: Socket, frames: Buffer): void {
  const many = Buffer.concat(
    Array.from({ length: Math.ceil(65_536 / frames.length) }, () => frames),
  );
  const write = (): void => {
    while (!socket.destroyed && socket.write(many));
  };
  socket.on('drain', write).resume();
  write();
}

describe('checkServer, with a server that means harm', () => {
  it('gives up on one that does not read a large message', { timeout: 5000 }, async () => {
    const url = await opening((socket) => socket.pause());
    const settings = { cases: ['9.1.6', '9.8.6'], patienceMs: 100, pauseMs: 100 };
    const { results } = await checkServer({ url, ...settings });
    expect(results.map(outcomeOf)).toEqual(['fail', 'fail']);
    expect(results[0]?.droppedByMe).toBe(true);
    const rows = results.flatMap(({ log }) => log);
    expect(rows.map((row) => (row.kind === 'note' ? row.text : ''))).toContain(
      'the peer has taken no octets for 200 ms',
    );
  });

  it('does not wait without end for one that pings and does not answer', {
    timeout: 5000,
  }, async () => {
    const url = await opening((socket) => {
      const timer = setInterval(() => socket.write(encodeFrame(ping(), undefined)), 20);
      socket.on('close', () => clearInterval(timer)).resume();
    });
    // Its script waits for an event.
    const { results } = await checkServer({ url, cases: ['F22.6'], patienceMs: 60 });
    expect(results.map(outcomeOf)).toEqual(['fail']);
  });

  it('does not keep what a flood brings', async () => {
    const frames = encodeFrame({ ...text(''), payload: Buffer.alloc(65_536, 97) }, undefined);
    const url = await opening((socket) => flood(socket, frames));
    const { results } = await checkServer({ url, cases: ['2.2', '1.1.1'], patienceMs: 1000 });
    for (const result of results) {
      expect(outcomeOf(result)).toBe('fail');
      expect(result.incoming?.appOctets).toBeLessThan(3 << 20);
    }
  });

  it('does not inflate a bomb', async () => {
    const zeros = deflateRawSync(Buffer.alloc(32 << 20), { finishFlush: constants.Z_SYNC_FLUSH });
    const payload = zeros.subarray(0, -4);
    const bomb = encodeFrame({ ...binary(payload), rsv: 4 }, undefined);
    const url = await scriptedServer((socket, head, key) => {
      const agreed = /^Sec-WebSocket-Extensions: permessage-deflate/im.exec(head)?.[0];
      socket.write(switching(key, agreed === undefined ? '' : `${agreed}\r\n`));
      if (agreed !== undefined) flood(socket, bomb);
    });
    const { results } = await checkServer({ url, cases: ['C6.1'], patienceMs: 500 });
    expect(results[0]).toMatchObject({
      behavior: 'FAILED',
      result: expect.stringMatching(/becomes more than 1,\d{3},\d{3} octets/),
    });
  });

  it('keeps the first octets of messages, and not what they are a part of', async () => {
    const url = await crowded(100);
    const { results } = await checkServer({ url, cases: ['1.2.7', '9.1.1', '9.2.2'] });
    const kept = results.flatMap(({ received, expected, log }) => [
      ...received,
      ...expected.flat(),
      ...log,
    ]);
    const buffers = kept.flatMap((one) => {
      if ('payload' in one) return [one.payload.buffer.byteLength];
      return 'octets' in one ? [one.octets.buffer.byteLength] : [];
    });
    expect(buffers.length).toBeGreaterThan(9);
    // Node makes small buffers out of one of this size.
    expect(Math.max(...buffers)).toBeLessThanOrEqual(65_536);
  });

  it.each([
    ['says so', false],
    ['drops who comes', true],
  ])(
    'judges one that is soon full and %s like any other',
    {
      timeout: 20_000,
    },
    async (_what, drops) => {
      const cases = ['1', '3', 'H3', 'H4', 'H5', 'H6'];
      const verdicts = async (url: string): Promise<string[]> => {
        const { results } = await checkServer({ url, cases, patienceMs: 3000 });
        return results.map(
          ({ id, behavior, behaviorClose }) => `${id} ${behavior} ${behaviorClose}`,
        );
      };
      expect(await verdicts(await crowded(5, drops))).toEqual(await verdicts(await crowded(1000)));
    },
  );

  it('says of one that falls over when many come that it does', async () => {
    const { results } = await checkServer({ url: await overwhelmed(12), cases: ['1', '5', '7.1'] });
    const failed = results.filter((result) => outcomeOf(result) === 'fail');
    expect(failed.map(({ id }) => id)).toEqual(['1.1.1']);
    expect(failed[0]?.findings).toMatchObject([
      { code: 'DIED', text: expect.stringContaining('cases ran side by side') },
    ]);
  });

  it('does not wait for more behind a flood of small frames', async () => {
    const url = await opening((socket) => flood(socket, encodeFrame(ping(), undefined)));
    const { results } = await checkServer({ url, cases: ['2.2'], patienceMs: 500 });
    expect(results[0]?.result).toContain('more than 10000 pings');
  });

  it('says which cases failed only because others ran beside them', async () => {
    const { results } = await checkServer({ url: await crowded(5), cases: ['1', '2'] });
    expect(results.filter((result) => outcomeOf(result) !== 'pass')).toEqual([]);
    const noted = results.filter(({ notes }) => notes.some((note) => note.includes('not alone')));
    expect(noted.length).toBeGreaterThan(0);
  });

  it('judges one with room for a single connection like any other', async () => {
    const verdicts = async (url: string): Promise<string[]> => {
      const { results } = await checkServer({ url, cases: ['1', '3', 'H5'], patienceMs: 2000 });
      return results.map(({ id, behavior, behaviorClose }) => `${id} ${behavior} ${behaviorClose}`);
    };
    expect(await verdicts(await crowded(1))).toEqual(await verdicts(await crowded(1000)));
  });
});
