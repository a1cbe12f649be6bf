import { createServer } from 'node:http';
import { type Connection, connect, type Message, WebSocketServer } from 'meerkat';
import { describe, expect, it, onTestFinished } from 'vitest';
import { echo, isQuitWord } from '../../src/serve/echo.ts';
import { listen, until } from './serving.ts';

describe('echo', () => {
  it('A3 sends text back as text and binary as binary, empty ones too, in order', async () => {
    const server = createServer();
    const wss = new WebSocketServer({ message: echo }).attach(server);
    const { port, close } = await listen(server);
    onTestFinished(async () => {
      await wss.close();
      await close();
    });
    const back: Message[] = [];
    const connection = await connect(`ws://127.0.0.1:${port}/`, {
      message: (_connection, message) => void back.push(message),
    });
    const sent: Message[] = ['Grüße 👋', new Uint8Array([0, 255]), '', new Uint8Array(0), 'end'];
    for (const message of sent) connection.send(message);
    await until(() => back.length === sent.length);
    expect(back).toEqual(sent);
    connection.close();
    await connection.closed;
  });

  it.each(['queued', 'dropped'] as const)(
    'waits for a client that is behind: its next message is not read while this one is %s',
    async (result) => {
      let drain = (): void => {};
      const drained = new Promise<void>((resolve) => {
        drain = resolve;
      });
      const connection = { send: () => result, drained: () => drained };
      let done = false;
      const echoing = echo(connection as unknown as Connection, 'x').then(() => {
        done = true;
      });
      await new Promise((resolve) => setImmediate(resolve));
      expect(done).toBe(false);
      drain();
      await echoing;
      expect(done).toBe(true);
    },
  );
});

describe('isQuitWord', () => {
  it.each<[Message, string | undefined, boolean]>([
    ['quit', 'quit', true],
    [' quit\r\n', 'quit', true],
    ['quitter', 'quit', false],
    ['do not quit', 'quit', false],
    ['QUIT', 'quit', false],
    ['', 'quit', false],
    [new TextEncoder().encode('quit'), 'quit', false],
    ['quit', undefined, false],
    ['good bye', 'good bye', true],
  ])('%j for the word %j is %j', (message, word, is) => {
    expect(isQuitWord(message, word)).toBe(is);
  });
});
