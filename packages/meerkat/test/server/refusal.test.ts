import type { Socket } from 'node:net';
import { createServer } from 'node:net';
import { HandshakeError } from 'meerkat';
import { ManualClock, type RawPeer } from 'meerkat/testing';
import { describe, expect, it } from 'vitest';
import type { HandshakeErrorDetails } from '../../src/protocol/handshake/handshake-error.ts';
import { refuse } from '../../src/server/refusal.ts';
import { expectRefusal, rawPeer } from '../support/handshake.ts';
import { parseResponse } from '../support/http-response.ts';
import { listen } from '../support/serving.ts';
import { until } from '../support/waiting.ts';

/** The two ends of a TCP connection: a server's socket, as node:http hands it over, and a raw peer. */
async function socketPair(): Promise<{ socket: Socket; peer: RawPeer }> {
  const { port, sockets } = await listen(createServer({ allowHalfOpen: true }));
  const peer = await rawPeer(port);
  await until(() => sockets.length === 1);
  const socket = sockets[0] as Socket;
  socket.on('error', () => {});
  return { socket, peer };
}

function refusal(details: HandshakeErrorDetails = {}): HandshakeError {
  return new HandshakeError('MEERKAT_REFUSED', details);
}

describe('refuse', () => {
  it('sends one complete response and ends the connection', async () => {
    const { socket, peer } = await socketPair();
    refuse(socket, refusal({ detail: 'go away' }), new ManualClock(), 10_000);
    const response = parseResponse(await peer.takeText());
    expectRefusal(response);
    expect(response.status).toBe(403);
    expect(response.body).toBe('the upgrade was refused: go away\n');
    expect(response.header('content-type')).toBe('text/plain; charset=utf-8');
    peer.end();
    await until(() => socket.destroyed);
  });

  it('counts the octets of a body, not its characters', async () => {
    const { socket, peer } = await socketPair();
    refuse(socket, refusal({ body: '„größer“' }), new ManualClock(), 10_000);
    const response = parseResponse(await peer.takeText());
    expect(response.header('content-length')).toBe('14');
    expect(Buffer.from(response.body, 'latin1').toString()).toBe('„größer“');
  });

  it('sends a status without a name, and header fields that replace its own', async () => {
    const { socket, peer } = await socketPair();
    const headers = [
      ['content-TYPE', 'text/html'],
      ['x-content-type-options', 'nosniff'],
      ['Set-Cookie', 'a'],
      ['Set-Cookie', 'b'],
    ] as const;
    refuse(socket, refusal({ status: 499, headers, body: '' }), new ManualClock(), 10_000);
    const response = parseResponse(await peer.takeText());
    expectRefusal(response);
    expect(response.status).toBe(499);
    expect(response.header('content-type')).toBe('text/html');
    expect(response.header('x-content-type-options')).toBe('nosniff');
    expect(response.header('set-cookie')).toBe('a, b');
  });

  it('reads and forgets what the client still sends, so that the answer is not lost to a reset', async () => {
    const { socket, peer } = await socketPair();
    const clock = new ManualClock();
    refuse(socket, refusal(), clock, 10_000);
    const head = await peer.takeHead();
    await peer.send(Buffer.alloc(5_000_000));
    const response = parseResponse(head + (await peer.takeText()));
    expectRefusal(response);
    peer.end();
    await until(() => socket.destroyed);
    expect(socket.bytesRead).toBe(5_000_000);
    await until(() => clock.pending === 0);
  });

  it('destroys the connection of a client that never ends it, after closeTimeout', async () => {
    const { socket, peer } = await socketPair();
    const clock = new ManualClock();
    refuse(socket, refusal(), clock, 3_000);
    await peer.takeText();
    clock.advance(2_999);
    expect(socket.destroyed).toBe(false);
    clock.advance(1);
    expect(socket.destroyed).toBe(true);
    expect(clock.pending).toBe(0);
  });

  it('sends no body in answer to HEAD, and the header fields that GET would get', async () => {
    const answers: string[] = [];
    for (const method of ['GET', 'HEAD']) {
      const { socket, peer } = await socketPair();
      refuse(socket, refusal({ body: 'go away' }), new ManualClock(), 10_000, method);
      answers.push(await peer.takeText());
    }
    expect(answers[0]).toBe(`${answers[1]}go away`);
    expect(answers[1]).toContain('\r\nContent-Length: 7\r\n');
  });

  it.each([
    [204, undefined],
    [205, '0'],
    [304, undefined],
  ])('sends no content with %i', async (status, length) => {
    const { socket, peer } = await socketPair();
    refuse(socket, refusal({ status, body: 'content' }), new ManualClock(), 10_000);
    const response = parseResponse(await peer.takeText());
    expect(response.status).toBe(status);
    expect(response.header('content-length')).toBe(length);
    expect(response.header('content-type')).toBeUndefined();
    expect(response.body).toBe('');
  });

  it('does nothing with a socket that is destroyed', async () => {
    const { socket, peer } = await socketPair();
    const errors: unknown[] = [];
    socket.on('error', (error) => errors.push(error));
    const clock = new ManualClock();
    socket.destroy();
    refuse(socket, refusal(), clock, 3_000);
    expect(clock.pending).toBe(0);
    expect(await peer.takeText()).toBe('');
    expect(errors).toEqual([]);
  });

  it.each(['when the client ends', 'after closeTimeout'])(
    'adds nothing to what somebody ended, and destroys the connection %s',
    async (when) => {
      const { socket, peer } = await socketPair();
      const errors: unknown[] = [];
      socket.on('error', (error) => errors.push(error));
      const clock = new ManualClock();
      socket.pause();
      socket.end('bye');
      refuse(socket, refusal(), clock, 3_000);
      expect(await peer.takeText()).toBe('bye');
      if (when === 'after closeTimeout') clock.advance(3_000);
      else peer.end();
      await until(() => socket.destroyed);
      await until(() => clock.pending === 0);
      expect(errors).toEqual([]);
    },
  );
});
