import { createServer, connect as dial, type Server, type Socket } from 'node:net';
import { type BareHandle, type HandleAddress, interceptConnections } from './bare-handle.ts';
import { BareTransport } from './bare-transport.ts';
import { HandleTransport } from './handle-transport.ts';
import { tcpHandle } from './tcp-handle.ts';
import type { Transport, TransportReceiver } from './transport.ts';

/** How long it may take, in milliseconds. It takes 15 to 30. */
const TIME = 2_000;
/** In as many steps is it counted: a loop that stands still, as where a program is being loaded, only takes one of them. */
const STEPS = 20;
/** Written again and again until it has to wait: more than the kernel takes by itself. */
const BULK_BYTES = 1 << 20;
const MOST_BULKS = 64;
const NO_HEAD = Buffer.alloc(0);

/**
 * Whether octets travel through handles as they should: a connection of this process to itself, over the loopback
 * address, with a write that has to wait, reads into memory of the receiver, and an end in each direction. Never rejects.
 *
 * @param memory - What the transports will read into. It is used during the test.
 * @param accepted - Whether the accepted side is a socket, or a handle alone.
 */
export function selfTest(
  memory: Uint8Array,
  accepted: 'socket' | 'bare' = 'socket',
): Promise<boolean> {
  if (isNetDenied()) return Promise.resolve(false);
  return new Promise((resolve) => {
    const ends: { destroy(): void }[] = [];
    let server: Server | undefined;
    const settle = (passed: boolean): void => {
      clearInterval(timer);
      for (const end of ends) end.destroy();
      server?.close();
      resolve(passed);
    };
    const fail = (): void => settle(false);
    let steps = 0;
    const timer = setInterval(() => {
      steps += 1;
      if (steps === STEPS) fail();
    }, TIME / STEPS);
    timer.unref();
    try {
      server = createServer({ pauseOnConnect: true });
      server.unref();
      server.on('error', fail);
      // In a worker of node:cluster a port is shared with the others otherwise, and so are the connections.
      server.listen({ port: 0, host: '127.0.0.1', exclusive: true }, () => {
        const address = server?.address();
        if (typeof address !== 'object' || address === null) return fail();
        const dialled = dial(address.port, address.address);
        dialled.unref();
        ends.push(dialled);
        dialled.on('error', fail);
        dialled.on('close', fail); // somebody else accepted it
        /** Whether this is ours: anybody on this machine may have dialled. */
        const isOurs = (peer: Partial<HandleAddress>): boolean =>
          peer.port === dialled.localPort &&
          peer.address === dialled.localAddress &&
          ends.length === 1;
        const begin = (near: Transport | undefined): void => {
          dialled.off('close', fail); // from here on its transport tells
          try {
            exchange(near, open(dialled, memory), memory, settle);
          } catch {
            fail();
          }
        };
        if (accepted === 'bare') {
          const taking = interceptConnections(server as Server, (handle) => {
            try {
              const peer: Partial<HandleAddress> = {};
              handle.getpeername(peer);
              if (!isOurs(peer)) {
                handle.close();
                return true;
              }
              const near = openBare(handle, memory);
              ends.push(near);
              begin(near);
            } catch {
              handle.close(); // nobody else would: there is no transport that could
              fail();
            }
            return true;
          });
          if (taking === undefined) fail();
          return;
        }
        server?.on('connection', (socket: Socket) => {
          if (!isOurs({ address: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 })) {
            socket.destroy();
            return;
          }
          socket.unref();
          ends.push(socket);
          socket.on('error', fail);
          begin(open(socket, memory));
        });
      });
    } catch {
      fail();
    }
  });
}

function exchange(
  near: Transport | undefined,
  far: Transport | undefined,
  memory: Uint8Array,
  settle: (passed: boolean) => void,
): void {
  if (near === undefined || far === undefined) {
    settle(false);
    return;
  }
  const pattern = Uint8Array.from({ length: 251 }, (_, index) => index);
  const bulk = Buffer.alloc(BULK_BYTES, pattern);
  /** Whether `octets[start, end)` are those of the bulk from `at` on. */
  const equal = (octets: Uint8Array, start: number, end: number, at: number): boolean =>
    bulk.compare(octets, start, end, at, at + end - start) === 0;
  const wish = Buffer.alloc(4096);
  let sent = 0;
  let received = 0;
  let wished = 0;
  let answer = '';
  let right = true;
  let closed = 0;
  const gone = (error: Error | undefined): void => {
    closed += 1;
    if (error !== undefined) right = false;
    if (!right || closed === 2) settle(right && received === sent && answer === 'end');
  };
  near.start({
    chunk(octets, start, end) {
      const length = end - start;
      const at = received % BULK_BYTES;
      const first = Math.min(length, BULK_BYTES - at);
      right &&= equal(octets, start, start + first, at) && equal(octets, start + first, end, 0);
      right &&=
        octets.buffer === (wished > 0 && octets.length === wish.length ? wish : memory).buffer;
      received += length;
      // The first megabytes are read in both places in turn.
      wished = received < 2 * BULK_BYTES && wished === 0 ? 1 : 0;
      return wished === 1 ? wish : undefined;
    },
    drained() {},
    ended() {
      near.write(Buffer.from('end'), 0, 3);
      near.end();
    },
    closed: gone,
  });
  const receiver: TransportReceiver = {
    chunk(octets, start, end) {
      answer += Buffer.from(octets.subarray(start, end)).toString();
      return undefined;
    },
    drained() {
      if (far.queuedBytes === 0) far.end();
    },
    ended() {},
    closed: gone,
  };
  far.start(receiver);
  near.pause();
  while (far.queuedBytes === 0 && sent < MOST_BULKS * BULK_BYTES) {
    far.write(bulk, 0, BULK_BYTES);
    sent += BULK_BYTES;
  }
  // That it was seen to wait is what matters: all memory that is written from depends on it.
  if (far.queuedBytes === 0) settle(false);
  // Two pieces behind it leave together.
  far.write(bulk, 0, 1000);
  far.write(bulk, 1000, BULK_BYTES);
  sent += BULK_BYTES;
  near.resume();
}

function open(socket: Socket, memory: Uint8Array): HandleTransport | undefined {
  const handle = tcpHandle(socket);
  return handle === undefined ? undefined : new HandleTransport(socket, handle, memory);
}

function openBare(handle: BareHandle, memory: Uint8Array): BareTransport {
  (handle as BareHandle & { unref(): void }).unref();
  return new BareTransport(handle, memory, NO_HEAD, { released() {} });
}

/** Whether the permission model keeps this process from the network: where it does, asking throws beyond anybody's reach. */
function isNetDenied(): boolean {
  const { permission } = process as { permission?: { has(scope: string): boolean } };
  // Nodes that know no such permission say that they do not have it.
  const restricted = process.allowedNodeEnvironmentFlags.has('--allow-net');
  return restricted && permission !== undefined && !permission.has('net');
}
