import { createServer } from 'node:http';
import type { CompressionOptions, Connection, Message } from 'meerkat';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket as Ws, WebSocketServer as WsServer } from 'ws';
import { manyOrAll } from '../../../../../test/support/long.ts';
import { sampleMessages } from '../../../../../test/support/sample-messages.ts';
import { dial } from '../../support/dialling.ts';
import { expectNothingUnhandled } from '../../support/failures.ts';
import { observe } from '../../support/observed.ts';
import { listen, serve } from '../../support/serving.ts';
import { until } from '../../support/waiting.ts';

// C11: whatever was agreed on, what arrives is what was sent. Each connection carries the messages there and back.

beforeEach(expectNothingUnhandled);

const COUNT = manyOrAll(250, 1_000, 'messages with each window and takeover');
const MESSAGES = sampleMessages(COUNT, 7_692);
const WINDOWS: readonly number[] = [8, 9, 10, 11, 12, 13, 14, 15];

/** Every message is compressed, with as little work as it takes. */
const QUICK: CompressionOptions = { threshold: 0, level: 1 };

/** Sends every message, waits for the network, and expects to hear all of them again. */
async function expectEchoes(
  connection: Connection<undefined>,
  heard: readonly Message[],
): Promise<void> {
  for (const message of MESSAGES) {
    if (connection.send(message) !== 'sent') await connection.drained();
  }
  await until(() => heard.length >= COUNT || connection.state !== 'open');
  const faults = MESSAGES.flatMap((message, at) => (same(message, heard[at]) ? [] : [at]));
  expect([heard.length, faults, connection.droppedMessages]).toEqual([COUNT, [], 0]);
}

function same(one: Message, other: Message | undefined): boolean {
  if (typeof one === 'string' || typeof other === 'string' || other === undefined) {
    return one === other;
  }
  return Buffer.compare(one, other) === 0;
}

/** Echoes, and reads on only when what it sent has left. */
async function echo(connection: Connection<undefined>, message: Message): Promise<void> {
  connection.send(message);
  await connection.drained();
}

const NEITHER = ['neither side keeps its context', {}] as const;
const TAKEOVERS: readonly (readonly [string, CompressionOptions])[] = [
  NEITHER,
  ['the server keeps its context', { serverNoContextTakeover: false }],
  ['the client keeps its context', { clientNoContextTakeover: false }],
  [
    'both sides keep their context',
    { serverNoContextTakeover: false, clientNoContextTakeover: false },
  ],
];
const MIXED_WINDOWS: readonly number[] = [8, 12, 15];
const THEIR_WINDOWS: readonly number[] = [8, 9, 12, 15];

describe('with our server and our client', () => {
  const matrix = TAKEOVERS.flatMap(([title, takeover], at) =>
    (at === 0 || at === 3 ? WINDOWS : MIXED_WINDOWS).map(
      (windowBits) => [title, windowBits, takeover] as const,
    ),
  );

  it.each(matrix)(
    'C11 what is sent comes back the same, where %s and the window has %i bits',
    async (_title, windowBits, takeover) => {
      const compression = { ...takeover, windowBits, ...QUICK };
      const site = await serve({ compression, message: echo });
      const { connection, messages } = await dial(site.url, { compression });
      const agreed = connection.extensions;
      observe(agreed);
      expectAgreed(agreed, takeover);
      expect(agreed.includes(`client_max_window_bits=${windowBits}`)).toBe(windowBits < 15);
      await expectEchoes(connection, messages);
    },
  );
});

describe('with ws on the other side', () => {
  const matrix = [TAKEOVERS[0], TAKEOVERS[3]].flatMap((row = NEITHER) =>
    THEIR_WINDOWS.map((windowBits) => [row[0], windowBits, row[1]] as const),
  );

  it.each(matrix)(
    'C11 what our client sends to ws comes back the same, where %s and the window has %i bits',
    async (_title, windowBits, takeover) => {
      const server = createServer();
      const theirs = new WsServer({
        server,
        perMessageDeflate: {
          ...theirTakeover(takeover),
          serverMaxWindowBits: windowBits,
          clientMaxWindowBits: windowBits,
          threshold: 0,
          zlibDeflateOptions: { level: 1 },
        },
      });
      theirs.on('connection', theirEcho);
      onTestFinished(() => theirs.close());
      const { port } = await listen(server);
      const compression = { ...takeover, windowBits, ...QUICK };
      const { connection, messages } = await dial(`ws://127.0.0.1:${port}/`, { compression });
      observe(connection.extensions);
      expectAgreed(connection.extensions, takeover);
      expect(connection.extensions).toContain(`server_max_window_bits=${windowBits}`);
      expect(connection.extensions).toContain(`client_max_window_bits=${windowBits}`);
      await expectEchoes(connection, messages);
    },
  );

  it.each(matrix)(
    'C11 what our server sends to ws comes back the same, where %s and the window has %i bits',
    async (_title, windowBits, takeover) => {
      const heard: Message[] = [];
      const site = await serve({
        compression: { ...takeover, windowBits: 15, ...QUICK },
        message: (_connection, message) => void heard.push(message),
      });
      const theirs = new Ws(site.url, {
        perMessageDeflate: {
          ...theirTakeover(takeover),
          serverMaxWindowBits: windowBits,
          clientMaxWindowBits: windowBits,
          threshold: 0,
          zlibDeflateOptions: { level: 1 },
        },
      });
      theirEcho(theirs);
      onTestFinished(() => theirs.terminate());
      await until(() => site.opened.length === 1);
      const connection = site.opened[0] as Connection<undefined>;
      observe(connection.extensions);
      expectAgreed(connection.extensions, takeover);
      expect(connection.extensions).toContain(`server_max_window_bits=${windowBits}`);
      await expectEchoes(connection, heard);
    },
  );
});

/** What `ws` is told of the same. */
function theirTakeover({ serverNoContextTakeover = true, clientNoContextTakeover = true }): {
  serverNoContextTakeover: boolean;
  clientNoContextTakeover: boolean;
} {
  return { serverNoContextTakeover, clientNoContextTakeover };
}

function theirEcho(theirs: Ws): void {
  theirs.on('message', (data: Buffer, binary) => theirs.send(data, { binary }));
  theirs.on('error', () => {}); // seen by the other side
}

function expectAgreed(
  agreed: string,
  { serverNoContextTakeover = true, clientNoContextTakeover = true }: CompressionOptions,
): void {
  expect(agreed.includes('server_no_context_takeover')).toBe(serverNoContextTakeover);
  expect(agreed.includes('client_no_context_takeover')).toBe(clientNoContextTakeover);
}
