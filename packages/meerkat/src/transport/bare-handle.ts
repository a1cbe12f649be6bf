/**
 * What meerkat uses of the internals of Node where a TCP connection has no socket: whoever owns the handle hears what Node's
 * own reader, `onStreamRead`, would tell a socket. `findInternals` looks whether what is taken for granted holds on this Node;
 * `self-test.ts` whether it behaves. Seen on Node 20.19, 22.23, 24.21 and 26.10; see `tcp-handle.ts` for what sockets share.
 */
import { type Server, Socket } from 'node:net';
import { hasInternals, type TcpHandle } from './tcp-handle.ts';

/** A connection as the system has it (`TCPWrap`). */
export interface BareHandle extends TcpHandle {
  /** Whether it is being read, as sockets note it. */
  reading: boolean;
  readStart(): number;
  readStop(): number;
  setNoDelay(on: boolean): number;
  /** @param delay - Seconds of silence until the first probe. */
  setKeepAlive(on: boolean, delay: number): number;
  getpeername(address: Partial<HandleAddress>): number;
  getsockname(address: Partial<HandleAddress>): number;
  /** 1 where it is done already. */
  shutdown(request: ShutdownRequest): number;
  /** @param closed - Called from the event loop, once. */
  close(closed?: () => void): void;
}

/** One end of a connection. */
export interface HandleAddress {
  readonly address: string;
  readonly family: 'IPv4' | 'IPv6';
  readonly port: number;
}

/** The end of our direction (`ShutdownWrap`). */
interface ShutdownRequest {
  oncomplete: (this: ShutdownRequest, status: number) => void;
}

/** Who is told that a handle is closed: one for many, since a closure each would cost memory. */
export interface HandleKeeper {
  released(handle: BareHandle): void;
}

/** Who owns a handle: what Node's reader calls of a socket. */
export abstract class HandleOwner {
  /** What is here after this is thrown away. */
  abstract readonly destroyed: boolean;
  /** Octets in memory of their own, or null at the end. False stops reading. */
  abstract push(chunk: Buffer | null): boolean;
  /** Reading failed. */
  abstract destroy(error?: Error): void;
  /** Octets in the memory that `readBareInto` was told. */
  received(_length: number): void {}

  // What else the reader asks of a socket: there is no stream behind an owner, nor a timer.
  read(): void {}
  on(): void {}
}

interface ServerHandle {
  onconnection: (this: ServerHandle, status: number, handle: BareHandle | undefined) => void;
}

/** How this Node does it. */
interface Internals {
  /** Where a handle has its owner. */
  readonly owner: symbol;
  /** Where an owner has the memory that is read into, and what gives the next: see `tcp-handle.ts`. */
  readonly buffer: symbol;
  readonly generator: symbol;
  /** Called of a handle with what was read; tells its owner. */
  readonly onStreamRead: () => void;
  readonly ShutdownRequest: new () => ShutdownRequest;
}

let internals: Internals | undefined;
let looked = false;

/** Whether this Node has what is needed. */
export function hasBareInternals(): boolean {
  if (!looked) {
    looked = true;
    try {
      internals = hasInternals() ? findInternals() : undefined;
    } catch {
      internals = undefined;
    }
  }
  return internals !== undefined;
}

function findInternals(): Internals | undefined {
  let shutdown: ShutdownRequest | undefined;
  const dummy = {
    writeQueueSize: 0,
    onread: undefined as unknown,
    useUserBuffer() {},
    readStart: () => 0,
    readStop: () => 0,
    close: (done?: () => void) => done?.(),
    ref() {},
    unref() {},
    shutdown(request: ShutdownRequest): number {
      shutdown = request;
      return 1;
    },
  };
  const socket = new Socket({
    handle: dummy,
    manualStart: true,
    onread: { buffer: Buffer.alloc(1), callback: () => true },
  } as never);
  socket.on('error', () => {});
  const symbols = [
    ...Object.getOwnPropertySymbols(socket),
    ...Object.getOwnPropertySymbols(Socket.prototype),
  ];
  const named = (name: string): symbol | undefined =>
    symbols.find(({ description }) => description === name);
  const owner = Object.getOwnPropertySymbols(dummy).find(
    ({ description }) => description === 'owner_symbol',
  );
  const buffer = named('kBuffer');
  const callback = named('kBufferCb');
  const generator = named('kBufferGen');
  const update = named('kUpdateTimer');
  (socket as unknown as { _final(done: () => void): void })._final(() => {});
  const { onread } = dummy;
  socket.destroy();
  if (owner === undefined || typeof onread !== 'function' || shutdown === undefined) {
    return undefined;
  }
  if (!buffer || !callback || !generator || !update) return undefined;
  Object.defineProperties(HandleOwner.prototype, {
    [buffer]: { value: null, writable: true },
    [generator]: { value: null, writable: true },
    [callback]: {
      value(this: HandleOwner, length: number): boolean {
        this.received(length);
        return true; // an owner stops reading by itself
      },
    },
    [update]: { value: () => {} },
    // The reader looks whether the end was told before.
    _readableState: { value: { endEmitted: false } },
  });
  return {
    owner,
    buffer,
    generator,
    onStreamRead: onread as () => void,
    ShutdownRequest: shutdown.constructor as new () => ShutdownRequest,
  };
}

/** From here on `owner` hears what happens to the handle. */
export function own(handle: BareHandle, owner: HandleOwner): void {
  const { owner: name, onStreamRead } = internals as Internals;
  const fields = handle as unknown as Record<symbol, unknown> & { onread: unknown };
  fields[name] = owner;
  fields.onread = onStreamRead;
}

/** From the next read on octets come into `memory`, and `owner.received` is told how many. */
export function readBareInto(handle: BareHandle, owner: HandleOwner, memory: Uint8Array): void {
  // The owner's field is what keeps the memory alive: the handle has its address only.
  (owner as unknown as Record<symbol, unknown>)[(internals as Internals).buffer] = memory;
  handle.useUserBuffer(memory);
}

/** The memory of the next read of the handle that is just being read. */
let nextMemory: Uint8Array | undefined;
const giveNext = (): Uint8Array | undefined => {
  const memory = nextMemory;
  nextMemory = undefined;
  return memory;
};

/** From within `received`: the next read goes into `memory`. Undefined for as it is. */
export function readBareNextInto(owner: HandleOwner, memory: Uint8Array | undefined): void {
  nextMemory = memory;
  (owner as unknown as Record<symbol, unknown>)[(internals as Internals).generator] =
    memory === undefined ? null : giveNext;
}

/** The memory that a read of `owner` went into. */
export function bareMemory(owner: HandleOwner): Uint8Array {
  return (owner as unknown as Record<symbol, Uint8Array>)[
    (internals as Internals).buffer
  ] as Uint8Array;
}

/**
 * Ends our direction of the connection.
 *
 * @param done - Called with 0 or a negative error number, maybe before this returns.
 */
export function shutDown(handle: BareHandle, done: (status: number) => void): void {
  const request = new (internals as Internals).ShutdownRequest();
  request.oncomplete = done;
  const status = handle.shutdown(request);
  if (status === 1) done(0);
  else if (status !== 0) done(status);
}

/** A socket on the handle, as a server of Node makes one: half-open, not being read yet. */
export function socketOf(handle: BareHandle): Socket {
  handle.readStop();
  handle.reading = false;
  return new Socket({ handle, allowHalfOpen: true, pauseOnCreate: true } as never);
}

/** Takes a connection that was accepted; false leaves it to Node. */
export type Take = (handle: BareHandle) => boolean;

/**
 * Lets `take` see each connection that a listening server accepts before Node makes a socket of it.
 *
 * @returns Gives one that was taken back to Node; undefined where this server does not accept TCP connections as it should.
 */
export function interceptConnections(
  server: Server,
  take: Take,
): ((handle: BareHandle) => void) | undefined {
  const { _handle: listening } = server as unknown as { _handle?: Partial<ServerHandle> | null };
  if (!hasBareInternals() || listening === null || listening === undefined) return undefined;
  const { onconnection } = listening;
  if (typeof onconnection !== 'function') return undefined;
  listening.onconnection = function (status, handle) {
    if (status === 0 && handle !== undefined && isBareHandle(handle) && take(handle)) return;
    onconnection.call(this, status, handle);
  };
  return (handle) => {
    handle.readStop();
    handle.reading = false;
    onconnection.call(listening as ServerHandle, 0, handle);
  };
}

/** Sockets in files and named pipes are none. */
function isBareHandle(handle: Partial<BareHandle>): handle is BareHandle {
  return (
    handle.constructor?.name === 'TCP' &&
    typeof handle.useUserBuffer === 'function' &&
    typeof handle.getpeername === 'function' &&
    typeof handle.setKeepAlive === 'function' &&
    typeof handle.shutdown === 'function'
  );
}

/** Does what node:net does to a connection for options of its server. */
export function prepareHandle(server: Server, handle: BareHandle): void {
  const { keepAlive, keepAliveInitialDelay = 0 } = server as {
    keepAlive?: boolean;
    keepAliveInitialDelay?: number;
  };
  if (keepAlive === true) handle.setKeepAlive(true, keepAliveInitialDelay);
}

/** What node:net counts of a server: its limit, `getConnections` and 'close' depend on it. */
interface Counting {
  _connections: number;
  _emitCloseIfDrained(): void;
}

/** Whether one more may be accepted. */
export function hasRoom(server: Server): boolean {
  const { maxConnections } = server as { maxConnections?: number | null };
  const { _connections: connections } = server as unknown as Counting;
  return typeof maxConnections !== 'number' || connections < maxConnections;
}

/** Counts a connection that node:net does not see, or no longer. */
export function countConnection(server: Server, change: 1 | -1): void {
  (server as unknown as Counting)._connections += change;
}

/** Tells a server that one of those is gone: it may have waited for that to be closed. */
export function connectionGone(server: Server): void {
  countConnection(server, -1);
  (server as unknown as Counting)._emitCloseIfDrained();
}

/** Whether node:net counts as it is taken for granted here. */
export function countsConnections(server: Server): boolean {
  const { _connections, _emitCloseIfDrained } = server as unknown as Partial<Counting>;
  return typeof _connections === 'number' && typeof _emitCloseIfDrained === 'function';
}
