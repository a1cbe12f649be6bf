/**
 * Everything that meerkat uses of the internals of Node's sockets; `bare-handle.ts` and `bare-dial.ts` have what it takes without one. What it takes for granted stands in `findInternals`, which looks
 * whether it holds on this Node, and answers undefined if not; `self-test.ts` looks whether it also behaves. Seen on Node
 * 20.19, 22.23, 24.21 and 26.10. No `process.binding`: that is deprecated, and refused under `--permission`.
 */
import { Socket, type SocketConstructorOpts } from 'node:net';
import { getSystemErrorMap } from 'node:util';

/** The TCP handle of a socket, as far as it is used (`TCPWrap`, `LibuvStreamWrap`). */
export interface TcpHandle {
  /** Octets that libuv holds and the kernel has not taken. */
  readonly writeQueueSize: number;
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

/** What a socket does with octets that were read into memory of ours; `this` is the socket. */
export type OnRead = (this: Socket, length: number, memory: Uint8Array) => boolean;

/** How this Node does it. */
interface Internals {
  /** The memory that a socket reads into; its own `onread` option sets it. */
  readonly buffer: symbol;
  /** Called with what was read; false stops reading. */
  readonly callback: symbol;
  /** Called after that for the memory of the next read, where it is not null. */
  readonly generator: symbol;
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
  const onRead = (): boolean => true;
  const probe = new Socket({
    onread: { buffer: memory, callback: onRead },
  } as SocketConstructorOpts);
  probe.destroy();
  const symbols = Object.getOwnPropertySymbols(probe);
  const named = (name: string): symbol | undefined =>
    symbols.find(({ description }) => description === name);
  const buffer = named('kBuffer');
  const callback = named('kBufferCb');
  const generator = named('kBufferGen');
  if (buffer === undefined || callback === undefined || generator === undefined) return undefined;
  const fields = probe as unknown as Record<symbol, unknown>;
  if (fields[buffer] !== memory || fields[callback] !== onRead || fields[generator] !== null) {
    return undefined;
  }
  const request = requestOfDummy();
  if (request === undefined) return undefined;
  if (request === null) return { buffer, callback, generator, Request: undefined };
  const Request = request.constructor as new () => WriteRequest;
  if (typeof request.getAsyncId !== 'function' || new Request().getAsyncId() !== -1) {
    return undefined;
  }
  return { buffer, callback, generator, Request };
}

/** What a socket gives its handle to write with. */
function requestOfDummy(): WriteRequest | null | undefined {
  let given: WriteRequest | null | undefined;
  const dummy = {
    writeQueueSize: 0,
    writeBuffer(request: WriteRequest | null): number {
      given = request;
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
  socket.destroy();
  return given;
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
    handle.writeQueueSize === 0;
  return usable ? (handle as TcpHandle) : undefined;
}

/** Lets `socket` read into `memory`, and hands what came to `onRead`, from the next read on. */
export function readInto(
  socket: Socket,
  handle: TcpHandle,
  memory: Uint8Array,
  onRead: OnRead,
): void {
  const { buffer, callback, generator } = internals as Internals;
  const fields = socket as unknown as Record<symbol, unknown>;
  // The socket's field is what keeps the memory alive: the handle has its address only.
  fields[buffer] = memory;
  fields[callback] = onRead;
  fields[generator] = null;
  handle.useUserBuffer(memory);
}

/** The memory of the next read of the socket that is just being read. */
let nextMemory: Uint8Array | undefined;
const giveNext = (): Uint8Array | undefined => {
  const memory = nextMemory;
  nextMemory = undefined; // the socket holds it
  return memory;
};

/** From within `onRead`: the next read goes into `memory`. Undefined for as it is. */
export function readNextInto(socket: Socket, memory: Uint8Array | undefined): void {
  nextMemory = memory;
  (socket as unknown as Record<symbol, unknown>)[(internals as Internals).generator] =
    memory === undefined ? null : giveNext;
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
