import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Closed } from 'meerkat';
import { ManualClock } from 'meerkat/testing';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { dial } from '../support/dialling.ts';
import { expectNothingUnhandled } from '../support/failures.ts';
import { BINARY, CLOSE, closeFrame, frame, TEXT, takeFrame } from '../support/frames.ts';
import { upgraded, upgradeRequest } from '../support/handshake.ts';
import { observe } from '../support/observed.ts';
import { echo, serve } from '../support/serving.ts';
import { turns, until } from '../support/waiting.ts';

beforeEach(expectNothingUnhandled);

/** A client process: it opens connections, sends on each of them without end, and reads or not. */
const CLIENT = `
  const { connect } = require('node:net');
  const [port, count, request] = process.argv.slice(1);
  const text = Buffer.from('81fe07d000000000' + '61'.repeat(2000), 'hex');
  const flood = Buffer.concat([...Array(20).fill(text), text.subarray(0, 1000)]);
  let answered = 0;
  for (let at = 0; at < Number(count); at += 1) {
    const socket = connect(Number(port), '127.0.0.1');
    socket.on('error', () => {});
    socket.write(request);
    socket.once('data', () => {
      socket.write(flood);
      answered += 1;
      if (answered === Number(count)) console.log('ready');
    });
  }
`;

function clientProcess(port: number, count: number): ChildProcess {
  const args = ['-e', CLIENT, `${port}`, `${count}`, upgradeRequest()];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

describe('a client process that is killed', () => {
  it('F24 SIGKILL in the middle of frames ends its connections with 1006, each once, and nobody else’s', async () => {
    const count = 30;
    const closes: Closed[] = [];
    let messages = 0;
    const site = await serve({
      message: (connection, message) => {
        messages += 1;
        connection.send(message);
      },
      close: (_connection, closed) => void closes.push(closed),
    });
    const other = await dial(site.url);
    const child = clientProcess(site.port, count);
    await once(child.stdout as NodeJS.EventEmitter, 'data');
    await until(() => messages >= count * 20);
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
    await until(() => closes.length === count);
    for (const closed of closes) expect(closed).toMatchObject({ code: 1006, clean: false });
    expect(messages).toBe(count * 20);
    expect(site.wss.connections.size).toBe(1);
    other.connection.send('still there?');
    expect(await other.next()).toBe('still there?');
    expect(site.errors).toEqual([]);
  });
});

describe('a client that never reads', () => {
  it('R1 is sent no more than the hard cap and one message; then `send` answers dropped, and others go on', async () => {
    const clock = new ManualClock();
    const maxQueuedBytes = 300_000;
    const site = await serve({ ...echo, clock, maxQueuedBytes, pingInterval: 0 });
    const { peer } = await upgraded(site.port);
    peer.stream.pause();
    await until(() => site.opened.length === 1);
    const connection = site.opened[0];
    if (connection === undefined) throw new Error('no connection');
    const message = Buffer.alloc(50_000);
    const answers = new Set<string>();
    let sent = 0;
    while (!answers.has('dropped')) {
      const answer = connection.send(message);
      answers.add(answer);
      if (answer !== 'dropped') sent += 1;
      expect(connection.queuedBytes).toBeLessThan(maxQueuedBytes + message.length + 20);
      if (answer === 'queued') await turns(1); // let the kernel take what it can
    }
    expect(answers).toEqual(new Set(['sent', 'queued', 'dropped']));
    const waiting = connection.queuedBytes;
    for (let at = 0; at < 1_000; at += 1) expect(connection.send(message)).toBe('dropped');
    expect(connection.queuedBytes).toBeLessThan(maxQueuedBytes + message.length + 20);
    const other = await dial(site.url);
    other.connection.send('hello');
    expect(await other.next()).toBe('hello');
    // It never makes room: given up with 1013, which it does not read either.
    clock.advance(10_000);
    expect(connection.state).toBe('closeSent');
    clock.advance(10_000);
    const closed = await connection.closed;
    observe(
      `close ${closed.sent?.code} after closeTimeout; ${waiting} octets waited (maxQueuedBytes: ${maxQueuedBytes}), then ${closed.droppedMessages} messages dropped`,
    );
    expect(closed).toMatchObject({
      code: 1006,
      because: 'overflow',
      sent: { code: 1013 },
      droppedMessages: 1_001,
    });
    expect(sent).toBeGreaterThan(5);
  });

  it('R1 and floods an echo costs no more than the cap', async () => {
    const clock = new ManualClock();
    const site = await serve({ ...echo, clock, maxQueuedBytes: 200_000, pingInterval: 0 });
    const { peer } = await upgraded(site.port);
    peer.stream.pause();
    const flood = frame(BINARY, Buffer.alloc(60_000));
    let highest = 0;
    for (let at = 0; at < 300; at += 1) {
      await peer.send(flood); // it is read all the same
      highest = Math.max(highest, site.opened[0]?.queuedBytes ?? 0);
    }
    observe(`a flood: at most ${highest} octets waited where maxQueuedBytes is 200000`);
    expect(highest).toBeGreaterThan(200_000);
    expect(highest).toBeLessThan(260_020);
    peer.stream.resume();
    await peer.send(closeFrame(1000));
    let last = await takeFrame(peer);
    while (last?.opcode === BINARY) last = await takeFrame(peer);
    expect(last?.opcode).toBe(CLOSE);
  });
});

describe('a client that trickles', () => {
  it('octet by octet is understood, as if it had come at once', async () => {
    const site = await serve(echo);
    const { peer } = await upgraded(site.port);
    const octets = Buffer.concat([
      frame(TEXT, 'sl', { fin: false }),
      frame(0, 'ow'),
      frame(BINARY, Buffer.alloc(200, 7)),
      closeFrame(1000, 'at last'),
    ]);
    const before = site.sockets[0]?.bytesRead ?? 0;
    for (const [at, octet] of octets.entries()) {
      await peer.send(Buffer.of(octet));
      await until(() => site.sockets[0]?.bytesRead === before + at + 1);
    }
    expect((await takeFrame(peer))?.payload.toString()).toBe('slow');
    expect((await takeFrame(peer))?.payload).toEqual(Buffer.alloc(200, 7));
    expect(await peer.takeText()).toBe('\x88\x02\x03\xe8');
    peer.end();
    expect(await site.opened[0]?.closed).toMatchObject({
      code: 1000,
      reason: 'at last',
      clean: true,
    });
  });
});
