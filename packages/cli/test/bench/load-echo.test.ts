import { randomBytes } from 'node:crypto';
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import { FIN, Opcode, RSV1 } from 'meerkat/protocol';
import { describe, expect, it } from 'vitest';
import { selfSigned } from '../../../../test/support/certificate.ts';
import { frameHeader } from '../../src/bench/load/prepared-messages.ts';
import { meerkatServer, tcpServer, wsServer } from '../connect/servers.ts';
import { startLoad, until, words } from './loading.ts';
import { scriptedServer } from './scripted-server.ts';

const certificate = selfSigned();

/** RFC 7692 §7.2.2. */
const TAIL = Buffer.from([0, 0, 0xff, 0xff]);

function frame(head: number, payload: Uint8Array): Buffer {
  return Buffer.concat([frameHeader(head, payload.length, undefined), payload]);
}

describe('an echo in turn', () => {
  it.each([
    ['one message at a time', {}],
    ['many on their way', { depth: 16 }],
    ['texts', { text: true, depth: 3 }],
    [
      'sizes in turn, each length form of a frame',
      { sizes: [0, 1, 7, 125, 126, 65_535, 65_536], depth: 4 },
    ],
    ['large messages', { sizes: [1_048_576], depth: 2 }],
    ['compression', { compression: true, sizes: [20, 5_000], depth: 4 }],
  ])('counts what comes back: %s', async (_what, given) => {
    const url = await meerkatServer({ compression: { threshold: 0 }, maxMessageBytes: 2 ** 21 });
    const load = await startLoad({ url, ...given });
    await load.source.open();
    await load.received(50);
    load.source.halt();
    expect(await load.source.stop()).toBe(0);
    const counts = load.counts();
    expect(words(counts.failures)).toEqual([]);
    expect(counts).toMatchObject({ open: 0, peak: 2, opened: 2, refused: 0, lost: 0, wrong: 0 });
    expect(counts.sent).toBe(counts.received);
  });

  it('keeps as many on their way as it is told, and never more', async () => {
    const held: (() => void)[] = [];
    const url = await scriptedServer((peer) => ({
      message: (opcode, payload) => held.push(() => peer.send(frame(FIN | opcode, payload))),
    }));
    const load = await startLoad({ url, connections: 1, depth: 5 });
    await load.source.open();
    await until(() => held.length === 5);
    held.shift()?.();
    await until(() => held.length === 5);
    expect(load.meter.sent).toBe(6);
    load.source.halt();
    for (const answer of held) answer();
    expect(await load.source.stop()).toBe(0);
  });

  it('tells how many were never answered', async () => {
    const url = await scriptedServer(() => ({ message: () => {} }));
    const load = await startLoad({ url, depth: 3 }, 20);
    await load.source.open();
    load.source.halt();
    expect(await load.source.stop()).toBe(6);
  });

  it('goes through TLS', async () => {
    const url = await meerkatServer({}, certificate);
    const load = await startLoad({ url, ca: certificate.cert, depth: 2 });
    await load.source.open();
    await load.received(20);
    expect(words(load.counts().failures)).toEqual([]);
  });

  it('refuses a certificate that nobody vouches for, unless it is told not to look', async () => {
    const url = await meerkatServer({}, certificate);
    const strict = await startLoad({ url });
    await strict.source.open();
    expect(strict.counts()).toMatchObject({ refused: 2, failures: [{ kind: 'connect' }] });
    const lax = await startLoad({ url, insecure: true });
    await lax.source.open();
    expect(lax.counts()).toMatchObject({ opened: 2, refused: 0 });
  });

  it('is understood by ws, with compression', async () => {
    const url = await wsServer();
    const load = await startLoad({ url, compression: true, depth: 2 });
    await load.source.open();
    await load.received(20);
    expect(words(load.counts().failures)).toEqual([]);
  });
});

describe('octets as they may come', () => {
  it('accepts an answer cut anywhere', async () => {
    for (const size of [1, 3, 5, 22, 127, 131]) {
      const url = await scriptedServer((peer) => ({
        message: (opcode, payload) => peer.sendInPieces(frame(FIN | opcode, payload), size),
      }));
      const load = await startLoad({ url, connections: 1, depth: 2, sizes: [20, 126] });
      await load.source.open();
      await load.received(6);
      expect(words(load.counts().failures)).toEqual([]);
      await load.source.stop();
    }
  });

  it('accepts fragments with a Ping between them, answers the Ping, and goes on comparing', async () => {
    const pongs: string[] = [];
    let messages = 0;
    const url = await scriptedServer((peer) => ({
      message(opcode, payload) {
        messages += 1;
        if (messages % 3 !== 0) return peer.send(frame(FIN | opcode, payload));
        return peer.send(
          Buffer.concat([
            frame(opcode, payload.subarray(0, 7)),
            frame(FIN | Opcode.Ping, Buffer.from(`${messages}`)),
            frame(Opcode.Continuation, payload.subarray(7, 9)),
            frame(FIN | Opcode.Continuation, payload.subarray(9)),
          ]),
        );
      },
      pong: (payload) => pongs.push(payload.toString()),
    }));
    const load = await startLoad({ url, connections: 1 });
    await load.source.open();
    await load.received(12);
    expect(words(load.counts().failures)).toEqual([]);
    expect(pongs.slice(0, 2)).toEqual(['3', '6']);
  });

  it('inflates what is compressed in whatever way, and compares it', async () => {
    let level = 0;
    const url = await scriptedServer(
      (peer) => ({
        message(opcode, payload) {
          level = (level + 1) % 10;
          const finishFlush = constants.Z_SYNC_FLUSH;
          const message = inflateRawSync(Buffer.concat([payload, TAIL]), { finishFlush });
          const deflated = deflateRawSync(message, { level, finishFlush });
          peer.send(frame(FIN | RSV1 | opcode, deflated.subarray(0, -4)));
        },
      }),
      'Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover\r\n',
    );
    const load = await startLoad({ url, connections: 1, compression: true, sizes: [500] });
    await load.source.open();
    await load.received(30);
    expect(words(load.counts().failures)).toEqual([]);
  });

  it('begins with what came in one piece with the 101', async () => {
    const ping = frame(FIN | Opcode.Ping, Buffer.from('x'));
    const pongs: string[] = [];
    const url = await scriptedServer(
      (peer) => ({
        message: (opcode, payload) => peer.send(frame(FIN | opcode, payload)),
        pong: (payload) => pongs.push(payload.toString()),
      }),
      '',
      ping,
    );
    const load = await startLoad({ url });
    await load.source.open();
    await load.received(10);
    expect(words(load.counts().failures)).toEqual([]);
    expect(pongs).toEqual(['x', 'x']);
  });
});

describe('what is wrong', () => {
  it.each<[string, (payload: Buffer, opcode: number) => Buffer[], string]>([
    [
      'another octet',
      (payload, opcode) => {
        payload[payload.length - 1] = 0;
        return [frame(FIN | opcode, payload)];
      },
      'payload: other octets than were sent',
    ],
    [
      'text for binary',
      (payload) => [frame(FIN | Opcode.Text, payload)],
      'payload: text, and binary was sent',
    ],
    [
      'an octet more',
      (payload, opcode) => [frame(FIN | opcode, Buffer.concat([payload, Buffer.from('x')]))],
      'payload: a message of another length (21 octets)',
    ],
    [
      'nothing of it',
      (_payload, opcode) => [frame(FIN | opcode, Buffer.alloc(0))],
      'payload: a message of another length (0 octets)',
    ],
  ])('sees %s, each time', async (_what, answer, failure) => {
    const url = await scriptedServer((peer) => ({
      message: (opcode, payload) => {
        for (const octets of answer(payload, opcode)) peer.send(octets);
      },
    }));
    const load = await startLoad({ url, connections: 1 });
    await load.source.open();
    await load.received(10);
    const { failures, wrong, received } = load.counts();
    expect(words(failures)).toEqual([failure]);
    expect(wrong).toBe(received);
  });

  it('sees messages that are swapped, doubled or lost', async () => {
    const tricks: ((one: Buffer, other: Buffer) => Buffer[])[] = [
      (one, other) => [other, one],
      (one) => [one, one],
      (_one, other) => [other],
    ];
    for (const trick of tricks) {
      let first: Buffer | undefined;
      const url = await scriptedServer((peer) => ({
        message(opcode, payload) {
          const octets = frame(FIN | opcode, payload);
          if (first === undefined) first = octets;
          else {
            peer.send(Buffer.concat(trick(first, octets)));
            first = undefined;
          }
        },
      }));
      const load = await startLoad({ url, connections: 1, depth: 2 }, 20);
      await load.source.open();
      await until(() => load.meter.wrong > 0);
      expect(words(load.counts().failures)[0]).toBe(
        'payload: a message out of turn: one was lost, doubled or swapped',
      );
      await load.source.stop();
    }
  });

  it("sees another connection's answer", async () => {
    let waiting: { send(octets: Uint8Array): void; octets: Buffer } | undefined;
    const url = await scriptedServer((peer) => ({
      message(opcode, payload) {
        const octets = frame(FIN | opcode, payload);
        if (waiting === undefined) waiting = { send: (data) => peer.send(data), octets };
        else {
          waiting.send(octets);
          peer.send(waiting.octets);
          waiting = undefined;
        }
      },
    }));
    const load = await startLoad({ url });
    await load.source.open();
    await until(() => load.meter.wrong > 0);
    expect(words(load.counts().failures)[0]).toMatch(/^payload: /);
  });

  it('sees a message that answers nothing', async () => {
    const url = await scriptedServer((peer) => ({
      message: (opcode, payload) => peer.send(frame(FIN | opcode, payload)),
      open: () => peer.send(frame(FIN | Opcode.Text, Buffer.from('welcome'))),
    }));
    const load = await startLoad({ url, connections: 1 });
    await load.source.open();
    await until(() => load.meter.wrong > 0);
    expect(words(load.counts().failures)[0]).toMatch(/^payload: /);
  });

  it('sees a compressed message that holds something else, or cannot be inflated', async () => {
    const deflated = deflateRawSync(Buffer.from('something else'), {
      finishFlush: constants.Z_SYNC_FLUSH,
    });
    for (const [octets, failure] of [
      [deflated.subarray(0, -4), 'payload: a message of another length (14 octets)'],
      [randomBytes(3).fill(0xff), 'protocol: '],
    ] as const) {
      const url = await scriptedServer(
        (peer) => ({
          message: (opcode) => peer.send(frame(FIN | RSV1 | opcode, octets)),
        }),
        'Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover\r\n',
      );
      const load = await startLoad({ url, connections: 1, compression: true }, 20);
      await load.source.open();
      await until(() => load.meter.wrong > 0 || load.meter.lost > 0);
      expect(words(load.counts().failures)[0]).toContain(failure);
      await load.source.stop();
    }
  });

  it.each([
    ['a reserved bit', Buffer.from([0xc2, 0x00]), 'protocol: a reserved bit is set'],
    [
      'a mask',
      Buffer.from([0x82, 0x80, 0, 0, 0, 0]),
      'protocol: a frame from the server is masked',
    ],
    [
      'a stray continuation',
      Buffer.from([0x80, 0x00]),
      'protocol: a continuation without a message',
    ],
    [
      'a Close',
      frame(FIN | Opcode.Close, Buffer.from('03f06e6f', 'hex')),
      'closed: the server closed: 1008 no',
    ],
    [
      'an empty Close',
      frame(FIN | Opcode.Close, Buffer.alloc(0)),
      'closed: the server closed: 1005',
    ],
  ])('says why a connection was lost: %s', async (_what, octets, failure) => {
    const url = await scriptedServer((peer) => ({
      message: () => peer.send(octets),
      closed: () => peer.end(),
    }));
    const load = await startLoad({ url, connections: 1 });
    await load.source.open();
    await until(() => load.meter.open === 0);
    const { failures, lost } = load.counts();
    expect(words(failures)).toEqual([failure]);
    expect(lost).toBe(1);
  });

  it.each([
    ['an end', 'end', 'closed: the server ended the connection without a Close'],
    ['a reset', 'reset', 'closed: ECONNRESET: the server reset the connection'],
  ] as const)('says that a connection ended without a Close: %s', async (_what, how, failure) => {
    const url = await scriptedServer((peer) => ({ message: () => peer[how]() }));
    const load = await startLoad({ url });
    await load.source.open();
    await until(() => load.meter.open === 0);
    expect(words(load.counts().failures)).toEqual([failure]);
  });
});

describe('an opening handshake that fails', () => {
  const upgrade = 'HTTP/1.1 101 Fine\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n';

  it.each([
    [
      'a refusal',
      'HTTP/1.1 401 Unauthorized\r\n\r\n',
      'handshake: the server did not upgrade: 401',
    ],
    ['another protocol', 'SSH-2.0-OpenSSH\r\n\r\n', 'the answer is not HTTP'],
    ['no end', `${upgrade}X: ${'x'.repeat(20_000)}`, 'handshake: the answer has no end'],
    [
      "another key's answer",
      `${upgrade}Sec-WebSocket-Accept: no\r\n\r\n`,
      'does not belong to our key',
    ],
    ['nothing', '', 'connect: the server ended the connection before the 101'],
  ])('says so: %s', async (_what, answer, failure) => {
    const url = await tcpServer((socket) => {
      socket.once('data', () => socket.end(answer));
    });
    const load = await startLoad({ url });
    await load.source.open();
    const { failures, refused, opened } = load.counts();
    expect({ refused, opened }).toEqual({ refused: 2, opened: 0 });
    expect(failures).toHaveLength(1);
    expect(words(failures)[0]).toContain(failure);
  });

  it('refuses a context that is kept, which was not offered', async () => {
    const url = await scriptedServer(
      () => ({}),
      'Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover\r\n',
    );
    const load = await startLoad({ url, compression: true });
    await load.source.open();
    expect(words(load.counts().failures)[0]).toContain('keeps its compression context');
  });

  it('reads an interim answer before the 101', async () => {
    const url = await scriptedServer(
      (peer) => ({ message: (opcode, payload) => peer.send(frame(FIN | opcode, payload)) }),
      '',
      Buffer.alloc(0),
      'HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n',
    );
    const load = await startLoad({ url });
    await load.source.open();
    await load.received(4);
    expect(words(load.counts().failures)).toEqual([]);
  });

  it('gives up a dial that takes too long', async () => {
    const url = await tcpServer(() => {});
    const load = await startLoad({ url, connectTimeout: 20 });
    await load.source.open();
    expect(words(load.counts().failures)).toEqual([
      'timeout: no answer to the opening handshake in time',
    ]);
  });

  it('says that nobody listens', async () => {
    const load = await startLoad({ url: 'ws://127.0.0.1:1/' });
    await load.source.open();
    expect(words(load.counts().failures)).toEqual(['connect: ECONNREFUSED: nobody listens there']);
  });

  it('sends what the plan says', async () => {
    const heads: string[] = [];
    const url = await tcpServer((socket) => {
      socket.once('data', (head) => {
        heads.push(head.toString());
        socket.destroy();
      });
    });
    const load = await startLoad({
      url: url.replace('://', '://me:secret@').replace(/\/$/, '/chat?room=1'),
      connections: 1,
      headers: [['X-Test', 'yes']],
      subprotocols: ['one', 'two'],
      compression: true,
    });
    await load.source.open();
    expect(heads[0]).toMatch(/^GET \/chat\?room=1 HTTP\/1\.1\r\nHost: localhost:\d+\r\n/);
    expect(heads[0]).toContain('\r\nX-Test: yes\r\n');
    expect(heads[0]).toContain('\r\nSec-WebSocket-Protocol: one, two\r\n');
    expect(heads[0]).toContain(
      '\r\nSec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover\r\n',
    );
    expect(heads[0]).toContain(`\r\nAuthorization: Basic ${btoa('me:secret')}\r\n`);
  });
});
