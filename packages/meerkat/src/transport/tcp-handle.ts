/**
 * Everything that meerkat uses of the internals of Node's sockets; `bare-handle.ts` and `bare-dial.ts` have what it takes
 * without one. What it takes for granted stands in `findInternals`, which looks whether it holds on this Node, and answers
 * undefined if not; `self-test.ts` looks whether it also behaves. Seen on Node 20.19, 22.23, 24.21 and 26.10. No
 * `process.binding`: that is deprecated, and refused under `--permission`.
 */
import { Socket, type SocketConstructorOpts } from 'node:net';
import { getSystemErrorMap } from 'node:util';

/** The TCP handle of a socket, as far as it is used (`TCPWrap`, `LibuvStreamWrap`). */
export interface TcpHandle {
  /** Octets that libuv holds and the kernel has not taken. */
  readonly writeQueueSize: number;
  /** Octets, since it was made. */
  readonly bytesRead: number;
  /** Called with what was read. */
  onread: OnRead;
  /** Directs what is read from here on into `octets`. */
  useUserBuffer(octets: Uint8Array): void;
  /** Undefined where the handle is closed. */
  writeBuffer(request: WriteRequest | null, octets: Uint8Array): number | WriteRequest | undefined;
  writev(
    request: WriteRequest | null,
    octets: readonly Uint8Array[],
    allBuffers: true,
  ): number | WriteRequest | undefined;
}

/** What a handle calls; octets are given where it reads into no memory of ours. Memory that is returned is read into next. */
export type OnRead = (this: TcpHandle, octets: ArrayBuffer | undefined) => Uint8Array | undefined;

/** A write that did not complete at once (`WriteWrap`). The memory has to stay as it is until it does. */
export interface WriteRequest {
  /** 0, or the negative error number. Called once, from the event loop. */
  oncomplete: (this: WriteRequest, status: number) => void;
  /** Newer Nodes: how it ended, where that was before `oncomplete` was set; else null. */
  writeStatus?: number | null;
  /** -1 as long as nothing in C++ belongs to it. */
  getAsyncId(): number;
  /** Ours: whom to tell. */
  owner?: WriteOwner | undefined;
  /** Ours: keeps the memory alive, libuv does not. */
  memory?: unknown;
}

/** Who waits for a write. */
export interface WriteOwner {
  /** @param status - 0, or the negative error number. */
  writeEnded(status: number): void;
}

/** Who reads a socket past its stream. */
export interface SocketReader {
  readonly socket: Socket;
  /** `bytesRead` of the handle, as it was when the reader was told last. For {@link readInto} and what it tells only. */
  bytesRead: number;
  /** Octets came into `memory`. Answers where the next read goes, undefined for as before. */
  received(length: number, memory: Uint8Array): Uint8Array | undefined;
}

/** How this Node does it. */
interface Internals {
  /** Where a socket has the memory that it reads into; its own `onread` option sets it. */
  readonly buffer: symbol;
  /** Node's own reader, which tells the socket. Only there it is known how a connection ended. */
  readonly onStreamRead: OnRead;
  /** The class of write requests; undefined where `writeBuffer` takes null and makes them itself (Node 26). */
  readonly Request: (new () => WriteRequest) | undefined;
}

let internals: Internals | undefined;
let looked = false;

/** Whether this Node has what is needed. */
export function hasInternals(): boolean {
  if (!looked) {
    looked = true;
    try {
      internals = findInternals();
    } catch {
      internals = undefined;
    }
  }
  return internals !== undefined;
}

function findInternals(): Internals | undefined {
  // They have sockets that look like Node's, on other internals.
  if (process.versions['bun'] !== undefined || process.versions['deno'] !== undefined)
    return undefined;
  const memory = Buffer.alloc(1);
  const probe = new Socket({
    onread: { buffer: memory, callback: () => true },
  } as SocketConstructorOpts);
  probe.destroy();
  const buffer = Object.getOwnPropertySymbols(probe).find(
    ({ description }) => description === 'kBuffer',
  );
  if (buffer === undefined || Reflect.get(probe, buffer) !== memory) return undefined;
  const { request, onread: onStreamRead } = usesOfDummy();
  if (request === undefined || onStreamRead === undefined) return undefined;
  if (request === null) return { buffer, onStreamRead, Request: undefined };
  const Request = request.constructor as new () => WriteRequest;
  if (typeof request.getAsyncId !== 'function' || new Request().getAsyncId() !== -1) {
    return undefined;
  }
  return { buffer, onStreamRead, Request };
}

/** What a socket gives its handle: to write with, and to call. */
function usesOfDummy(): { request: WriteRequest | null | undefined; onread: OnRead | undefined } {
  let request: WriteRequest | null | undefined;
  const dummy = {
    writeQueueSize: 0,
    onread: undefined as OnRead | undefined,
    writeBuffer(given: WriteRequest | null): number {
      request = given;
      return 0;
    },
    readStart: () => 0,
    readStop: () => 0,
    close: (done?: () => void) => done?.(),
    ref() {},
    unref() {},
  };
  const socket = new Socket({ handle: dummy, manualStart: true } as never);
  socket.on('error', () => {});
  socket.write(Buffer.alloc(1));
  const { onread } = dummy;
  socket.destroy();
  return { request, onread: typeof onread === 'function' ? onread : undefined };
}

/** The handle of a plain TCP socket that nobody has changed; undefined for anything else. */
export function tcpHandle(socket: object): TcpHandle | undefined {
  if (!hasInternals() || Object.getPrototypeOf(socket) !== Socket.prototype) return undefined;
  const { _handle: handle } = socket as { _handle?: Partial<TcpHandle> | null };
  if (handle?.constructor.name !== 'TCP') return undefined;
  const usable =
    typeof handle.useUserBuffer === 'function' &&
    typeof handle.writeBuffer === 'function' &&
    typeof handle.writev === 'function' &&
    typeof handle.bytesRead === 'number' &&
    handle.onread === internals?.onStreamRead &&
    handle.writeQueueSize === 0;
  return usable ? (handle as TcpHandle) : undefined;
}

/** Where a handle has its reader. */
const READER = Symbol('meerkat.reader');

type ReadHandle = TcpHandle & { [READER]: SocketReader };

/** Lets the socket of `reader` read into `memory`, from the next read on. */
export function readInto(reader: SocketReader, handle: TcpHandle, memory: Uint8Array): void {
  holdMemory(reader.socket, memory);
  reader.bytesRead = handle.bytesRead;
  (handle as ReadHandle)[READER] = reader;
  handle.useUserBuffer(memory);
  handle.onread = onRead as OnRead;
}

/** The handle has the address of the memory only. The socket also takes a look whether there is some. */
function holdMemory(socket: Socket, memory: Uint8Array): void {
  Reflect.set(socket, (internals as Internals).buffer, memory);
}

/**
 * How much was read, or what went wrong, is where only Node's own reader sees it. But a handle counts what it has read: so
 * only ends are left to that reader, which is 0.3 of 9.5 µs less for a read.
 */
function onRead(this: ReadHandle, octets: ArrayBuffer | undefined): Uint8Array | undefined {
  const reader = this[READER];
  const { bytesRead } = this;
  const length = bytesRead - reader.bytesRead;
  if (length === 0) return letNodeRead(this, octets);
  reader.bytesRead = bytesRead;
  const { socket } = reader;
  if (socket.destroyed) return undefined;
  const { timeout = 0 } = socket;
  if (timeout > 0) socket.setTimeout(timeout); // it is of silence
  const memory = (socket as unknown as Record<symbol, Uint8Array>)[
    (internals as Internals).buffer
  ] as Uint8Array;
  const next = reader.received(length, memory);
  if (next !== undefined) holdMemory(socket, next);
  return next;
}

/** Lets Node's own reader tell the socket of the handle what was read, or how the connection ended. */
export function letNodeRead(handle: TcpHandle, octets: ArrayBuffer | undefined): undefined {
  // Where in Node a peer's reset was heard says nothing to anybody, and takes 5 of the 80 µs of a short connection.
  const limit = limitStackTraces(0);
  try {
    (internals as Internals).onStreamRead.call(handle, octets);
  } finally {
    limitStackTraces(limit);
  }
}

/** How many lines errors have of where they were made, from here on. Answers how many they had. */
function limitStackTraces(lines: number): number {
  let before = lines;
  try {
    before = Error.stackTraceLimit;
    Error.stackTraceLimit = lines;
  } catch {
    // It is frozen, or somebody's accessor: they stay as they are. An end has to be told all the same.
  }
  return before;
}

/** A request that was given to a write and not needed: the next one takes it. */
let spare: WriteRequest | undefined;

/**
 * Writes `octets`, one piece or several.
 *
 * @returns 0 when the kernel took all of it; a negative error number; else what waits: see {@link awaitWrite}.
 */
export function writeNow(
  handle: TcpHandle,
  octets: Uint8Array | readonly Uint8Array[],
): number | WriteRequest {
  const { Request } = internals as Internals;
  if (Request === undefined) {
    const result = issue(handle, null, octets);
    if (typeof result === 'number') return result;
    return result === undefined || isGivenUp(result) ? brokenPipe() : result;
  }
  const request = spare ?? new Request();
  spare = undefined;
  const error = issue(handle, request, octets);
  if (error !== 0) return error ?? brokenPipe();
  // Only a write that did not complete makes something in C++. The queue's size would not tell: it may be empty again.
  if (request.getAsyncId() !== -1) return request;
  spare = request;
  return 0;
}

/** Node 26: libuv refused it, which is said where we cannot see it. Nothing in C++ belongs to it, and nothing did. */
function isGivenUp(request: WriteRequest): boolean {
  return request.getAsyncId() === -1 && request.writeStatus === null;
}

/** For a write that is refused without a reason: its direction was ended, or its handle is closed. */
function brokenPipe(): number {
  for (const [status, [name]] of getSystemErrorMap()) if (name === 'EPIPE') return status;
  return -1;
}

/** Nothing that it throws may get into the event loop. */
function issue(
  handle: TcpHandle,
  request: WriteRequest | null,
  octets: Uint8Array | readonly Uint8Array[],
): number | WriteRequest | undefined {
  try {
    return octets instanceof Uint8Array
      ? handle.writeBuffer(request, octets)
      : handle.writev(request, octets, true);
  } catch {
    return undefined;
  }
}

/** Tells `owner` when a write has ended, never before this returns, and keeps its memory alive until then. */
export function awaitWrite(request: WriteRequest, owner: WriteOwner, memory: unknown): void {
  request.owner = owner;
  request.memory = memory;
  request.oncomplete = onComplete;
  const status = request.writeStatus;
  if (typeof status === 'number') process.nextTick(() => onComplete.call(request, status));
}

const onComplete = function (this: WriteRequest, status: number): void {
  const { owner } = this;
  this.owner = undefined;
  this.memory = undefined;
  owner?.writeEnded(status);
};
