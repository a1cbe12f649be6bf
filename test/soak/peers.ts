import { type Connection, connect } from 'meerkat';
import { WebSocket } from 'ws';
import { fault } from './faults.ts';

/** A connection, of our client or another. */
export interface Peer {
  send(message: string | Buffer): void;
  close(): void;
}

/** Gets each message. */
type Receive = (message: string | Buffer) => void;

let leaving = false;
let left = 0;

/** From now on connections may end, with 1000. */
export function beginLeaving(): void {
  leaving = true;
}

/** How many have ended as they were to. */
export function leftSoFar(): number {
  return left;
}

function ended(where: string, code: number): void {
  if (leaving && code === 1000) left += 1;
  else fault(`client at ${where}: ended with ${code}`);
}

/** Our client. */
export async function ours(
  url: string,
  compression: boolean,
  receive: Receive,
): Promise<Connection<undefined>> {
  return await connect<undefined>(url, {
    compression: compression ? { threshold: 64, serverNoContextTakeover: false } : false,
    message: (_connection, message) => {
      receive(typeof message === 'string' ? message : Buffer.from(message));
    },
    close: (_connection, { code }) => ended(new URL(url).pathname, code),
    error: (error) => fault(`client: ${String(error)}`),
  });
}

/** That of ws. */
export async function theirs(url: string, compression: boolean, receive: Receive): Promise<Peer> {
  const socket = new WebSocket(url, { perMessageDeflate: compression });
  socket.on('message', (data: Buffer, binary: boolean) => {
    receive(binary ? data : data.toString());
  });
  socket.on('error', (error) => fault(`client of ws: ${error.message}`));
  socket.on('close', (code) => ended(`${new URL(url).pathname}, of ws`, code));
  await new Promise<void>((resolve, reject) => {
    socket.on('open', () => resolve());
    socket.on('error', reject);
  });
  return {
    send: (message) => socket.send(message),
    close: () => socket.close(1000),
  };
}
