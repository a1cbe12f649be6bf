import { Buffer } from 'node:buffer';
import { connect, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { AnswerCase } from '../../src/cases/case.ts';
import { acceptFor } from '../../src/wire/accept-key.ts';
import { answered, type Client, meerkatClient, wsClient } from '../support/answered-client.ts';

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const REQUEST = `GET /runCase HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ${KEY}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: one, two\r\n\r\n`;
const PROPER =
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n{agreed}\r\n';

function answerCase(
  expected: AnswerCase['expect'],
  answer: string,
  more: Partial<AnswerCase> = {},
): AnswerCase {
  return {
    id: 'K0.1',
    kind: 'answer',
    tested: 'client',
    description: 'Answers.',
    rule: 'RFC 6455 §4.1',
    fault: 'does what it should not',
    expect: expected,
    answer,
    ...more,
  };
}

/** Masked with zeros: the payload is as it is. */
function masked(first: number, payload: string): Buffer {
  const length = Buffer.byteLength(payload, 'latin1');
  const head = Buffer.from([first, 0x80 | length, 0, 0, 0, 0]);
  return Buffer.concat([head, Buffer.from(payload, 'latin1')]);
}

/** A client that asks, and with the first octets of the answer does what it is told. */
function client(act: (socket: Socket, received: () => string) => void): Client {
  return async (url) => {
    const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1', noDelay: true });
    let text = '';
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      const first = text === '';
      text += chunk.toString('latin1');
      if (first) act(socket, () => text);
    });
    socket.write(REQUEST);
    await closed(socket);
  };
}

/** Whatever went wrong before. */
function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => void socket.once('close', () => resolve()));
}

/** Takes whatever is answered, echoes, and answers the Close. */
const credulous = client((socket) => {
  socket.write(masked(0x81, 'meerkat'));
  const closing = (chunk: Buffer): void => {
    if (chunk.includes(Buffer.from('880203e8', 'hex'))) socket.write(masked(0x88, '\x03\xe8'));
  };
  socket.on('data', closing);
});
const dropping = client((socket) => void socket.destroy());
const idle = client(() => {});

describe.concurrent('an answer that opens', () => {
  it('is taken: the message goes round, and the connection is closed', async () => {
    const result = await answered(answerCase('opens', PROPER), meerkatClient('one'));
    expect(result).toMatchObject({
      id: 'K0.1',
      behavior: 'OK',
      behaviorClose: 'OK',
      result: 'opens the connection, and echoes',
      closedByMe: true,
      wasClean: true,
      droppedByMe: false,
      localCloseCode: 1000,
      remoteCloseCode: 1000,
      findings: [],
      notes: [],
    });
    expect(result.httpRequest).toMatch(/^GET \/ HTTP\/1\.1\r\n[\s\S]*\r\n\r\n$/);
    expect(result.httpResponse).toContain('\r\nSec-WebSocket-Protocol: one\r\n\r\n');
    expect(result.log.some((row) => row.kind === 'frame' && row.by === 'peer')).toBe(true);
    expect(result.duration).toBeGreaterThan(0);
  });

  it.each([
    ['octet by octet', PROPER, 1],
    ['with the message in its segment', `${PROPER}\x81\x07meerkat`, undefined],
    ['with the message in pieces', `${PROPER}\x81\x07meerkat`, 3],
    ['behind a 100', `HTTP/1.1 100 Continue\r\n\r\n${PROPER}`, undefined],
  ])('may come %s', async (_title, answer, pieces) => {
    const more = pieces === undefined ? {} : { pieces };
    const result = await answered(answerCase('opens', answer, more), wsClient);
    expect(result).toMatchObject({ behavior: 'OK', behaviorClose: 'OK' });
    expect(result.received.length).toBe(1);
  });

  it('has the Accept of the client’s key in it, and what it offered', async () => {
    const answer = `${PROPER.replace('{agreed}', 'A: {accept-lower} {key} {protocol}\r\n')}`;
    const { httpResponse } = await answered(answerCase('opens', answer), credulous);
    expect(httpResponse).toContain(`Sec-WebSocket-Accept: ${acceptFor(KEY)}\r\n`);
    expect(httpResponse).toContain(`A: ${acceptFor(KEY).toLowerCase()} ${KEY} one, two\r\n`);
  });

  it.each([
    ['FAILED', undefined, 'FAILED'],
    ['NON-STRICT', 'NON-STRICT', 'OK'],
  ] as const)('is %s when the client drops it', async (behavior, otherwise, behaviorClose) => {
    const more = otherwise === undefined ? {} : { otherwise };
    const result = await answered(answerCase('opens', PROPER, more), dropping);
    expect(result).toMatchObject({ behavior, behaviorClose, result: 'does what it should not' });
  });

  it('is FAILED when nothing is echoed', async () => {
    const result = await answered(answerCase('opens', PROPER), idle, 300);
    expect(result).toMatchObject({ behavior: 'FAILED', behaviorClose: 'FAILED' });
  });

  it.each([
    ['another message', masked(0x81, 'MEERKAT'), 'something else'],
    ['binary', masked(0x82, 'meerkat'), 'as binary'],
    ['no mask', Buffer.from('\x81\x07meerkat', 'latin1'), 'without a mask'],
  ])('is FAILED when the echo has %s', async (_title, echo, words) => {
    const wrong = client((socket) => void socket.write(echo));
    const result = await answered(answerCase('opens', PROPER), wrong, 300);
    expect(result.behavior).toBe('FAILED');
    expect(result.result).toContain(words);
  });
});

describe.concurrent('an answer that fails the handshake', () => {
  const WRONG = PROPER.replace('{accept}', '{key}');

  it.each([
    ['drops TCP', dropping, 'fails the handshake and drops TCP'],
    [
      'sends a Close',
      client((socket) => void socket.write(masked(0x88, '\x03\xea'))),
      'fails the handshake, with a Close frame',
    ],
    ['is meerkat', meerkatClient(), 'fails the handshake and drops TCP'],
    ['is ws', wsClient, 'fails the handshake and drops TCP'],
  ])('is OK with a client that %s', async (_title, one, words) => {
    const result = await answered(answerCase('fails', WRONG), one);
    expect(result).toMatchObject({ behavior: 'OK', behaviorClose: 'OK', result: words });
    expect(result.received).toEqual([]);
    expect(result.expected).toEqual([[]]);
  });

  it.each([
    ['FAILED', undefined],
    ['NON-STRICT', 'NON-STRICT'],
    ['INFORMATIONAL', 'INFORMATIONAL'],
  ] as const)('is %s with a client that takes it', async (behavior, otherwise) => {
    const more = otherwise === undefined ? {} : { otherwise };
    const result = await answered(answerCase('fails', WRONG, more), credulous);
    expect(result).toMatchObject({ behavior, result: 'does what it should not' });
    expect(result).toMatchObject({ behaviorClose: 'OK', closedByMe: true });
  });

  it.each([
    ['a ping', masked(0x89, '')],
    ['a frame that is wrong', Buffer.from('c18000000000', 'hex')],
    ['a Close behind a message', Buffer.concat([masked(0x81, 'x'), masked(0x88, '\x03\xe8')])],
  ])('is FAILED with a client that sends %s', async (_title, octets) => {
    const one = client((socket) => void socket.write(octets));
    const result = await answered(answerCase('fails', WRONG), one, 300);
    expect(result).toMatchObject({ behavior: 'FAILED', result: 'does what it should not' });
  });

  it('is FAILED with a client that neither uses nor drops it', async () => {
    const result = await answered(answerCase('fails', WRONG), idle, 300);
    expect(result).toMatchObject({ behavior: 'FAILED', behaviorClose: 'FAILED' });
    expect(result.result).toBe('neither uses the connection nor drops it');
  });

  it('without a 101 may keep TCP, until the runner ends it', async () => {
    const answer = 'HTTP/1.1 401 Who\r\nContent-Length: 0\r\n\r\n';
    const result = await answered(answerCase('fails', answer), idle, 300);
    expect(result).toMatchObject({ behavior: 'OK', behaviorClose: 'OK' });
    expect(result.notes.length).toBe(1);
  });

  it('without a 101 is FAILED when it is taken all the same', async () => {
    const answer = 'HTTP/1.1 401 Who\r\nContent-Length: 0\r\n\r\n';
    expect((await answered(answerCase('fails', answer), credulous)).behavior).toBe('FAILED');
  });

  it.each([
    ['that breaks off', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n'],
    ['that is garbage', '\x00\xff\r\n\r\n'],
  ])('%s is followed by the end of TCP, not by a message', async (_title, answer) => {
    let all = '';
    const listening = client((socket, received) => {
      socket.on('end', () => {
        all = received();
      });
    });
    const result = await answered(answerCase('fails', answer), listening);
    expect(result).toMatchObject({ behavior: 'OK', behaviorClose: 'OK' });
    expect(all).toBe(answer);
  });

  it('does not hang when the client reads nothing', async () => {
    const test = answerCase('fails', `${WRONG}${'x'.repeat(8_000_000)}`);
    const deaf: Client = async (url) => {
      const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1' });
      socket.on('error', () => {});
      socket.pause();
      socket.write(REQUEST);
      // Only a write shows a socket that does not read that the other side is gone.
      const nudge = setInterval(() => socket.write('x'), 50);
      await closed(socket);
      clearInterval(nudge);
    };
    const result = await answered(test, deaf, 300);
    expect(result.behavior).toBe('FAILED');
  });
});
