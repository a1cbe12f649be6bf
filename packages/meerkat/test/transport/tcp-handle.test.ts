import { Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  awaitWrite,
  hasInternals,
  type TcpHandle,
  tcpHandle,
  type WriteRequest,
  writeNow,
} from '../../src/transport/tcp-handle.ts';
import { settled } from './recorder.ts';
import { tcpPair } from './tcp-pair.ts';

const LARGE = Buffer.alloc(8 << 20);

/** A handle whose peer reads nothing, and its socket. */
async function open(): Promise<{ socket: Socket; handle: TcpHandle }> {
  const { accepted, dispose } = await tcpPair();
  onTestFinished(dispose);
  const handle = tcpHandle(accepted);
  if (handle === undefined) throw new Error('this Node has no handles that are known');
  return { socket: accepted, handle };
}

/** A write that waits. */
function begin(handle: TcpHandle): WriteRequest {
  const request = writeNow(handle, LARGE);
  if (typeof request === 'number') throw new Error(`did not wait, but ended with ${request}`);
  return request;
}

describe('the TCP handle', () => {
  it('is known on every Node that is supported', () => {
    expect(hasInternals()).toBe(true);
  });

  it('has requests that say whether they are at work', async () => {
    const { handle } = await open();
    expect(writeNow(handle, Buffer.alloc(10))).toBe(0);
    expect(writeNow(handle, [Buffer.alloc(10), Buffer.alloc(20)])).toBe(0);
    expect(begin(handle).getAsyncId()).toBeGreaterThan(0);
  });

  it('tells whoever waits when its socket is destroyed, once, and lets go of the memory', async () => {
    const { socket, handle } = await open();
    const request = begin(handle);
    const told: number[] = [];
    awaitWrite(request, { writeEnded: (status) => told.push(status) }, LARGE);
    expect(request.memory).toBe(LARGE);
    socket.destroy();
    expect(told).toEqual([]);
    await settled(() => told.length);
    expect(told).toEqual([expect.any(Number)]);
    expect(told[0]).toBeLessThan(0);
    expect(request.memory).toBe(undefined);
    expect(request.owner).toBe(undefined);
    expect(request.getAsyncId()).toBe(-1);
  });

  it('refuses a write once its socket is destroyed, with an error number', async () => {
    const { socket, handle } = await open();
    const request = begin(handle);
    awaitWrite(request, { writeEnded() {} }, LARGE);
    socket.destroy();
    // libuv tries nothing while octets wait, and refuses to queue more: Node 26 hands out a request for that.
    expect(writeNow(handle, Buffer.alloc(10))).toBeLessThan(0);
    await settled(() => (socket.closed ? 1 : 0));
    expect(writeNow(handle, Buffer.alloc(10))).toBeLessThan(0);
  });

  it('is nothing that a socket without a connection has', () => {
    const socket = new Socket();
    onTestFinished(() => void socket.destroy());
    expect(tcpHandle(socket)).toBe(undefined);
    expect(tcpHandle({})).toBe(undefined);
    expect(tcpHandle(Object.create(null) as object)).toBe(undefined);
  });

  it('is none of one that has octets waiting', async () => {
    const { socket, handle } = await open();
    awaitWrite(begin(handle), { writeEnded() {} }, LARGE);
    expect(tcpHandle(socket)).toBe(undefined);
  });
});
