/**
 * Dialling without a socket: for load generators, which open connections faster than Node makes streams. What is taken for
 * granted of Node's internals, beyond `bare-handle.ts`, stands in `findInternals`. Seen on Node 20.20, 22.23, 24.21 and 26.10.
 */
import { isIPv6, Socket } from 'node:net';
import { getSystemErrorName } from 'node:util';
import type { BareHandle, HandleKeeper } from './bare-handle.ts';
import { BareTransport } from './bare-transport.ts';
import { bareTransportsWork } from './open-transport.ts';
import type { Transport, TransportReceiver } from './transport.ts';

/** A handle that is not connected yet (`TCPWrap`). */
interface DialHandle extends BareHandle {
  connect(request: ConnectRequest, address: string, port: number): number;
  connect6(request: ConnectRequest, address: string, port: number): number;
  bind(address: string, port: number): number;
  bind6(address: string, port: number, flags: number): number;
  /** Closes it with a reset. Not while our direction is being ended. */
  reset(closed: () => void): number;
}

/** A connect that is under way (`TCPConnectWrap`). */
interface ConnectRequest {
  oncomplete: (status: number) => void;
}

interface Internals {
  readonly TCP: new (type: 0) => DialHandle;
  readonly ConnectRequest: new () => ConnectRequest;
}

let internals: Internals | undefined;

/** Where a connection is dialled to, and from. */
export interface BareTarget {
  /** An IP address. */
  readonly address: string;
  readonly port: number;
  /** An address of this machine. @default any */
  readonly localAddress?: string | undefined;
}

/** A transport that is dialled. */
export interface DialledTransport extends Transport {
  /** Ends both directions at once with a reset, so that no port is left waiting. */
  reset(): void;
}

/**
 * Finds out for the process whether {@link dialBare} works here. Never rejects.
 *
 * @param memory - What all connections read into.
 */
export async function bareDialsWork(memory: Uint8Array): Promise<boolean> {
  if (!(await bareTransportsWork('handle', memory))) return false;
  try {
    internals ??= await findInternals();
  } catch {
    return false;
  }
  return internals !== undefined;
}

async function findInternals(): Promise<Internals | undefined> {
  const probe = new Socket();
  probe.on('error', () => {});
  probe.connect({ host: '127.0.0.1', port: 9 });
  const { _handle: handle } = probe as unknown as { _handle?: Partial<DialHandle> | null };
  probe.destroy(); // before it comes to dialling
  if (handle?.constructor.name !== 'TCP') return undefined;
  const { connect, connect6, bind, bind6, reset } = handle;
  if (![connect, connect6, bind, bind6, reset].every((method) => typeof method === 'function')) {
    return undefined;
  }
  const request = await requestOfDummy();
  if (request === undefined) return undefined;
  return {
    TCP: handle.constructor as Internals['TCP'],
    ConnectRequest: request.constructor as Internals['ConnectRequest'],
  };
}

/** What a socket gives its handle to connect with. */
async function requestOfDummy(): Promise<ConnectRequest | undefined> {
  let given: ConnectRequest | undefined;
  const dummy = {
    writeQueueSize: 0,
    connect(request: ConnectRequest): number {
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
  socket.connect({ host: '127.0.0.1', port: 9 });
  await new Promise((resolve) => setImmediate(resolve)); // it connects in a tick of its own
  socket.destroy();
  return given;
}

/**
 * Dials without a socket, where {@link bareDialsWork}. A dial that fails is told as the transport's end: `closed(error)`.
 *
 * @param memory - Every transport may read into the same: what it holds is used before the next read.
 * @param connected - Called when the connection is there, unless it was destroyed before. `start` is called before that.
 */
export function dialBare(
  target: BareTarget,
  memory: Uint8Array,
  connected: () => void,
): DialledTransport {
  const { TCP, ConnectRequest: Request } = internals as Internals;
  const transport = new DiallingTransport(new TCP(0), memory, connected);
  transport.dial(target, new Request());
  return transport;
}

const NOTHING = Buffer.alloc(0);
const NOBODY: HandleKeeper = { released() {} };

class DiallingTransport extends BareTransport implements DialledTransport {
  readonly #handle: DialHandle;
  readonly #whenConnected: () => void;
  /** Until the connection is there, or will never be. */
  #dialling = true;
  #ended = false;
  #receiver: TransportReceiver | undefined;

  constructor(handle: DialHandle, memory: Uint8Array, connected: () => void) {
    super(handle, memory, NOTHING, NOBODY);
    handle.setNoDelay(true);
    this.#handle = handle;
    this.#whenConnected = connected;
  }

  dial({ address, port, localAddress }: BareTarget, request: ConnectRequest): void {
    const handle = this.#handle;
    const six = isIPv6(address);
    request.oncomplete = (status) => this.#connected(status, address, port);
    let status = 0;
    if (localAddress !== undefined) {
      status = six ? handle.bind6(localAddress, 0, 0) : handle.bind(localAddress, 0);
    }
    if (status === 0) {
      status = six
        ? handle.connect6(request, address, port)
        : handle.connect(request, address, port);
    }
    if (status !== 0) process.nextTick(() => this.#connected(status, address, port));
  }

  override start(receiver: TransportReceiver): void {
    if (this.#dialling) this.#receiver = receiver;
    else super.start(receiver);
  }

  override end(): void {
    this.#ended = true;
    super.end();
  }

  override destroy(error?: Error): void {
    super.destroy(error);
    this.#settle();
  }

  reset(): void {
    const handle = this.#handle;
    if (!this.#dialling && !this.#ended) {
      handle.close = (closed) => void handle.reset(closed ?? (() => {}));
    }
    this.destroy();
  }

  #connected(status: number, address: string, port: number): void {
    if (this.destroyed) return;
    if (status < 0) {
      const code = getSystemErrorName(status);
      const message = `connect ${code} ${address}:${port}`;
      this.destroy(Object.assign(new Error(message), { code, errno: status, syscall: 'connect' }));
      return;
    }
    this.#settle();
    this.#whenConnected();
  }

  #settle(): void {
    if (!this.#dialling) return;
    this.#dialling = false;
    if (this.#receiver !== undefined) super.start(this.#receiver);
  }
}
