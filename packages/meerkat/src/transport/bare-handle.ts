/**
 * What meerkat uses of the internals of Node where a TCP connection has no socket: whoever owns the handle hears what Node
 * would tell a socket. `findInternals` looks whether what is taken for granted holds on this Node;
 * `self-test.ts` whether it behaves. Seen on Node 20.19, 22.23, 24.21 and 26.10; see `tcp-handle.ts` for what sockets share.
 */
import { type Server, Socket } from 'node:net';
import { hasInternals, letNodeRead, type OnRead, type TcpHandle } from './tcp-handle.ts';

/** A connection as the system has it (`TCPWrap`). */
export interface BareHandle extends TcpHandle {
  /** Whether it is being read, as sockets note it. */
  reading: boolean;
  /** Octets, since it was made. */
  readonly bytesRead: number;
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

/** Who owns a handle, and is told what happens to it. */
export interface HandleOwner {
  /** `bytesRead` of the handle, as it was when the owner was told last. For {@link own} and what it tells only. */
  bytesRead: number;
  /**
   * Octets came.
   *
   * @param octets - The owner's; undefined where `readBareInto` was told some memory: they are in that.
   * @returns Where the next read goes; undefined for as before. Whoever returns memory keeps it alive.
   */
  received(length: number, octets: Uint8Array | undefined): Uint8Array | undefined;
  /** The peer has ended its direction. */
  ended(): void;
  /** The connection is broken. The handle is the owner's to close. */
  broken(error: Error): void;
}

interface ServerHandle {
  onconnection: (this: ServerHandle, status: number, handle: BareHandle | undefined) => void;
}

/** How this Node does it. */
interface Internals {
  /** Where a handle has its owner: a socket in Node, and who Node's reader tells. */
  readonly owner: symbol;
  readonly ShutdownRequest: new () => ShutdownRequest;
}

type Fields = Record<symbol, unknown>;

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
  const socket = new Socket({ handle: dummy, manualStart: true } as never);
  socket.on('error', () => {});
  const owner = Object.getOwnPropertySymbols(dummy).find(
    ({ description }) => description === 'owner_symbol',
  );
  const update = [
    ...Object.getOwnPropertySymbols(socket),
    ...Object.getOwnPropertySymbols(Socket.prototype),
  ].find(({ description }) => description === 'kUpdateTimer');
  (socket as unknown as { _final(done: () => void): void })._final(() => {});
  socket.destroy();
  if (owner === undefined || update === undefined || shutdown === undefined) return undefined;
  Object.defineProperty(ReadSocket.prototype, update, { value: () => {} });
  return {
    owner,
    ShutdownRequest: shutdown.constructor as new () => ShutdownRequest,
  };
}

/** From here on `owner` hears what happens to the handle. */
export function own(handle: BareHandle, owner: HandleOwner): void {
  const fields = handle as unknown as Fields;
  owner.bytesRead = handle.bytesRead;
  fields[(internals as Internals).owner] = owner;
  handle.onread = onRead as OnRead;
}

/** What a handle calls: see `tcp-handle.ts`. */
function onRead(this: BareHandle, octets: ArrayBuffer | undefined): Uint8Array | undefined {
  const owner = (this as unknown as Fields)[(internals as Internals).owner] as HandleOwner;
  const { bytesRead } = this;
  const length = bytesRead - owner.bytesRead;
  if (length > 0) {
    owner.bytesRead = bytesRead;
    if (octets === undefined) return owner.received(length, undefined);
    if (octets.byteLength === length) return owner.received(length, new Uint8Array(octets));
  }
  // An end; or more memory than octets, where only Node's reader knows which of it they are.
  const read = nodeReads(this, octets);
  if (read.octets !== undefined) return owner.received(length, read.octets);
  if (read.error !== undefined) owner.broken(read.error);
  else if (read.hasEnded) owner.ended();
  return undefined; // or there was nothing to read after all
}

/** In place of a socket: is told by Node's reader. */
class ReadSocket {
  octets: Uint8Array | undefined;
  error: Error | undefined;
  hasEnded = false;
  readonly destroyed = false;
  /** The reader looks whether the end was told before. */
  readonly _readableState = { endEmitted: false };

  clear(): void {
    this.octets = undefined;
    this.error = undefined;
    this.hasEnded = false;
  }

  push(octets: Uint8Array | null): true {
    if (octets === null) this.hasEnded = true;
    else this.octets = octets;
    return true;
  }

  destroy(error: Error): void {
    this.error = error;
  }

  // What else the reader asks of a socket: there is no stream behind this one.
  read(): void {}
  on(): void {}
}

const readSocket = new ReadSocket();

/** What Node's reader says of a read. The answer is valid until the next call. */
function nodeReads(handle: BareHandle, octets: ArrayBuffer | undefined): ReadSocket {
  const { owner: name } = internals as Internals;
  const fields = handle as unknown as Fields;
  const owner = fields[name];
  fields[name] = readSocket;
  readSocket.clear();
  try {
    letNodeRead(handle, octets);
  } catch (error) {
    // An error could not be made, as where somebody's `prepareStackTrace` throws.
    readSocket.error = new Error('read failed', { cause: error });
  }
  fields[name] = owner;
  return readSocket;
}

/** From the next read on octets come into `memory`, which is to be kept alive: the handle has its address only. */
export function readBareInto(handle: BareHandle, memory: Uint8Array): void {
  handle.useUserBuffer(memory);
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
    handle.bytesRead === 0 &&
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

/**
 * Switches Nagle's algorithm off for all that a listening server accepts from here on, unless its requests are to have it: on Linux
 * a connection begins with what its listener has, which is a system call less for each (0.9 µs).
 *
 * @returns whether they need not be told one by one.
 */
export function acceptWithoutDelay(server: Server): boolean {
  if (process.platform !== 'linux') return false;
  const { noDelay, _handle: listening } = server as unknown as {
    noDelay?: boolean;
    _handle?: Partial<BareHandle> | null;
  };
  return noDelay === true && listening?.setNoDelay?.(true) === 0;
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
