import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { connect } from 'meerkat';
import { WebSocket } from 'ws';
import type { AnswerCase } from '../../src/cases/case.ts';
import type { CaseResult } from '../../src/report/result.ts';
import { readHead } from '../../src/runner/read-head.ts';
import { runAnswerCase } from '../../src/runner/run-answer-case.ts';

/** Dials a URL and echoes; resolves when its connection is over, however it ended. */
export type Client = (url: string) => Promise<void>;

/** In which a client has sent its request, however little patience there is for the rest; milliseconds. */
const REQUEST_MS = 5000;

/** Runs a case on the one connection that `client` makes. */
export async function answered(
  test: AnswerCase,
  client: Client,
  patienceMs = 5000,
): Promise<CaseResult> {
  const server = createServer({ noDelay: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const connected = once(server, 'connection');
  const over = client(`ws://127.0.0.1:${port}/`);
  const [socket] = await connected;
  server.close();
  const read = await readHead(socket, 'request', REQUEST_MS);
  if (!('head' in read)) throw new Error(`the client ${read.words}`);
  const from = { socket, head: read.head, headText: read.text, rest: read.rest };
  const result = await runAnswerCase(test, from, { patienceMs, seed: 1 });
  await over;
  return result;
}

/** meerkat's own client. */
export function meerkatClient(...subprotocols: readonly string[]): Client {
  return async (url) => {
    try {
      const connection = await connect(url, {
        subprotocols,
        message: (one, message) => void one.send(message),
      });
      await connection.closed;
    } catch {
      // That is what most cases ask for.
    }
  };
}

/** The client of npm `ws`. */
export async function wsClient(url: string): Promise<void> {
  const socket = new WebSocket(url);
  socket.on('error', () => {});
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
  await new Promise<void>((resolve) => void socket.once('close', () => resolve()));
}
