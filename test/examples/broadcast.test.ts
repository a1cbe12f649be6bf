import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect as dialTcp, type Socket } from 'node:net';
import { connect } from 'meerkat';
import { expect, it, onTestFinished } from 'vitest';
import { nextMessage, runExample } from '../support/example.ts';

/** A client that upgrades and then does not read; what it gets is in `received` once it does. */
async function slowClient(
  url: string,
): Promise<{ socket: Socket; receives(text: string): Promise<void> }> {
  const { host, hostname, port, pathname, search } = new URL(url);
  const socket = dialTcp({ host: hostname, port: Number(port) });
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  socket.write(
    `GET ${pathname}${search} HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`,
  );
  await once(socket, 'readable');
  const receives = async (text: string): Promise<void> => {
    let tail = '';
    for await (const chunk of socket) {
      tail = tail.slice(-text.length) + (chunk as Buffer).toString('latin1');
      if (tail.includes(text)) return;
    }
    throw new Error(`ended without ${text}`);
  };
  return { socket, receives };
}

it('broadcast.ts tells a room, everyone, or everyone but the speaker', async () => {
  const { program, url } = await runExample('broadcast');
  const enter = async (room: string) => {
    const connection = await connect(`${url}?room=${room}`);
    return { connection, welcome: await nextMessage(connection) };
  };
  const alice = await enter('tea');
  const bob = await enter('tea');
  const carol = await enter('coffee');
  expect([alice.welcome, bob.welcome, carol.welcome]).toEqual([
    '1 in room/tea',
    '2 in room/tea',
    '1 in room/coffee',
  ]);
  alice.connection.send('to the room');
  alice.connection.send('/others to the others');
  alice.connection.send('/all to all');
  const heard = async ({ connection }: typeof alice, count: number) => {
    const messages = [];
    while (messages.length < count) messages.push(await nextMessage(connection));
    return messages;
  };
  expect(await heard(alice, 2)).toEqual(['to the room', 'to all']);
  expect(await heard(bob, 3)).toEqual(['to the room', 'to the others', 'to all']);
  expect(await heard(carol, 2)).toEqual(['to the others', 'to all']);
  await bob.connection[Symbol.asyncDispose]();
  await alice.connection[Symbol.asyncDispose]();
  const dave = await enter('tea');
  expect(dave.welcome).toBe('1 in room/tea'); // who left is not counted
  await expect(connect(`${url}?room=a/b`)).rejects.toMatchObject({ status: 400 });
  program.kill('SIGTERM');
  for (const { connection } of [carol, dave]) {
    expect(await connection.closed).toMatchObject({ code: 1001, clean: true });
  }
  expect(await program.exited).toBe(0);
});

it('broadcast.ts lets a slow client miss messages, tells it how many, and nobody else waits', async () => {
  const { url } = await runExample('broadcast');
  const slow = await slowClient(url);
  await using fast = await connect(url);
  expect(await nextMessage(fast)).toBe('2 in room/lobby');
  const text = 'x'.repeat(65_536);
  // 32 MiB: more than the buffers of both kernels and the queue of the server together.
  for (let sent = 0; sent < 512; sent += 1) {
    fast.send(text);
    expect(await nextMessage(fast)).toHaveLength(text.length);
  }
  await slow.receives('missed ');
});
