// What of Node's internals the compression uses: nothing else in meerkat knows them. As found in Node 20, 22, 24 and 26:
//
// - `stream._handle` of a DeflateRaw or InflateRaw has `writeSync`, `reset` and `onerror`, all on the calling thread;
// - `writeSync(flush, input, at, length, output, at, length)` takes exactly these seven, or ends the process;
// - `stream._writeState` has two integers after it: what is left of the output's room, and of the input;
// - it throws nothing: broken data call `onerror` before it returns;
// - `reset` begins a new stream, which knows nothing of the last one.
//
// `zlibHandlesWork` proves each of them once. Where one does not hold, there are no handles, and the public calls do the work.
import { AsyncResource } from 'node:async_hooks';
import { constants, DeflateRaw, deflateRawSync, InflateRaw, type ZlibOptions } from 'node:zlib';

/** Node's classes, or others that look like them. */
export interface ZlibStreams {
  readonly DeflateRaw: new (options: ZlibOptions) => object;
  readonly InflateRaw: new (options: ZlibOptions) => object;
}

/** What is used of a stream's handle. */
interface NodeHandle {
  onerror: unknown;
  reset(): void;
  writeSync(
    flush: number,
    input: Uint8Array,
    inputAt: number,
    inputLength: number,
    output: Uint8Array,
    outputAt: number,
    outputLength: number,
  ): void;
}

/** What is used of a stream. */
interface NodeStream {
  readonly _handle: NodeHandle;
  readonly _writeState: Uint32Array;
  _processChunk(input: Uint8Array, flush: number): unknown;
  on(event: 'error', listener: () => void): unknown;
  close(): void;
}

/** The least that Node takes: the stream's own output is not used. */
const LEAST_CHUNK = 64;

/** Handles remember in which asynchronous context they were made, so that is not the one of whoever came first. */
const outside = new AsyncResource('MEERKAT_ZLIB');

/** A raw stream of zlib that is driven on the calling thread, and used again. */
export class ZlibHandle {
  readonly #stream: NodeStream;
  readonly #handle: NodeHandle;
  readonly #state: Uint32Array;
  #failed = false;

  /** @throws Where a stream is not what is expected of it. */
  constructor(stream: object) {
    if (!isNodeStream(stream)) throw new TypeError('not a stream of zlib as it is known');
    this.#stream = stream;
    this.#handle = stream._handle;
    this.#state = stream._writeState;
    this.#handle.onerror = (): void => {
      this.#failed = true;
    };
    // Without a listener, an error that took another way would end the process.
    stream.on('error', () => {
      this.#failed = true;
    });
  }

  /** Octets of the output that the last write did not need. None: there may be more to come. */
  get outputLeft(): number {
    return this.#state[0] as number;
  }

  /** Octets of the input that the last write did not take: it ran out of output, or came to a final block's end. */
  get inputLeft(): number {
    return this.#state[1] as number;
  }

  /** Forgets everything that was written. */
  reset(): void {
    this.#handle.reset();
  }

  /**
   * Writes octets, and flushes: all that they give is put out, to the octet.
   *
   * @returns False for data that are broken: it is of no use any more.
   */
  write(
    input: Uint8Array,
    inputAt: number,
    inputLength: number,
    output: Uint8Array,
    outputAt: number,
    outputLength: number,
  ): boolean {
    this.#handle.writeSync(
      constants.Z_SYNC_FLUSH,
      input,
      inputAt,
      inputLength,
      output,
      outputAt,
      outputLength,
    );
    return !this.#failed;
  }

  /** Gives its memory back. */
  close(): void {
    this.#stream.close();
  }
}

/** Makes a handle that compresses. Undefined where there are none. */
export function deflateHandle(options: ZlibOptions): ZlibHandle | undefined {
  if (!handlesWork()) return undefined;
  return outside.runInAsyncScope(
    () => new ZlibHandle(new DeflateRaw({ ...options, chunkSize: LEAST_CHUNK })),
  );
}

/** Makes a handle that inflates, with the largest window. Undefined where there are none. */
export function inflateHandle(): ZlibHandle | undefined {
  if (!handlesWork()) return undefined;
  return outside.runInAsyncScope(() => new ZlibHandle(new InflateRaw({ chunkSize: LEAST_CHUNK })));
}

let proven: boolean | undefined;

function handlesWork(): boolean {
  proven ??= outside.runInAsyncScope(() => zlibHandlesWork({ DeflateRaw, InflateRaw }));
  return proven;
}

/** Whether handles do all that is expected of them: tries it, with a few octets. */
export function zlibHandlesWork(streams: ZlibStreams): boolean {
  const made: ZlibHandle[] = [];
  const handle = (stream: object): ZlibHandle => {
    const one = new ZlibHandle(stream);
    made.push(one);
    return one;
  };
  const options = { chunkSize: LEAST_CHUNK };
  try {
    return (
      isWrittenAsKnown(new streams.DeflateRaw(options)) &&
      isWrittenAsKnown(new streams.InflateRaw(options)) &&
      deflates(handle(new streams.DeflateRaw(options))) &&
      inflates(handle(new streams.InflateRaw(options))) &&
      tellsOfBrokenData(handle(new streams.InflateRaw(options)))
    );
  } catch {
    return false;
  } finally {
    for (const one of made) one.close();
  }
}

function isNodeStream(stream: object): stream is NodeStream {
  const { _handle: handle, _writeState: state } = stream as Partial<NodeStream>;
  return (
    typeof handle === 'object' &&
    typeof handle.writeSync === 'function' &&
    typeof handle.reset === 'function' &&
    'onerror' in handle &&
    state instanceof Uint32Array &&
    state.length === 2
  );
}

/**
 * Looks at how Node itself calls `writeSync`: another number of arguments ends the process. (`_processChunk` closes the
 * stream when it is done.)
 */
function isWrittenAsKnown(stream: object): boolean {
  if (!isNodeStream(stream)) return false;
  const { _handle: handle } = stream;
  const { writeSync } = handle;
  const input = Buffer.from([0x00]);
  const calls: unknown[][] = [];
  handle.writeSync = (...args): void => {
    calls.push(args);
    writeSync.apply(handle, args);
  };
  stream._processChunk(input, constants.Z_SYNC_FLUSH);
  const [call = []] = calls;
  const [flush, from, at, length, output, outputAt, outputLength] = call;
  return (
    call.length === 7 &&
    flush === constants.Z_SYNC_FLUSH &&
    from === input &&
    at === 0 &&
    length === input.length &&
    output instanceof Uint8Array &&
    outputAt === 0 &&
    outputLength === LEAST_CHUNK
  );
}

const SAMPLE = Buffer.from('meerkat, meerkat, meerkat and another one');
/** "hello", not compressed. */
const STORED = Buffer.from('000500faff68656c6c6f', 'hex');
/** An "h", and four octets from five back. */
const REPEATED = Buffer.from('ca001100000000ffff', 'hex');
/** "hello" in a final block, with two octets behind it. */
const FINAL = Buffer.from('cb48cdc9c90700ca48', 'hex');

/** What the public call makes of a message, to the end of the flush. */
function deflated(message: Uint8Array): Buffer {
  return deflateRawSync(message, { finishFlush: constants.Z_SYNC_FLUSH });
}

/** The same octets as the public call, also after a reset, and no more than there is room for. */
function deflates(handle: ZlibHandle): boolean {
  const expected = deflated(SAMPLE);
  return (
    gives(handle, [SAMPLE], 100, expected, 0) &&
    gives(handle, [SAMPLE], 100, expected, 0) &&
    gives(handle, [SAMPLE], 5, expected.subarray(0, 5))
  );
}

/** In parts, with little room, with a final block, and with a window that was filled before. */
function inflates(handle: ZlibHandle): boolean {
  const compressed = deflated(SAMPLE);
  const middle = compressed.length >> 1;
  const [start, end] = [compressed.subarray(0, middle), compressed.subarray(middle)];
  return (
    gives(handle, [start, end], 100, SAMPLE, 0) &&
    gives(handle, [FINAL], 100, Buffer.from('hello'), 2) &&
    gives(handle, [STORED, REPEATED], 100, Buffer.from('hellohello'), 0) &&
    gives(handle, [compressed], 10, SAMPLE.subarray(0, 10))
  );
}

/** Whether a stream that begins anew makes this of these parts, and leaves so much of the last one. */
function gives(
  handle: ZlibHandle,
  parts: readonly Uint8Array[],
  room: number,
  expected: Uint8Array,
  inputLeft?: number,
): boolean {
  const output = Buffer.alloc(room);
  let left = room;
  handle.reset();
  for (const part of parts) {
    if (!handle.write(part, 0, part.length, output, room - left, left)) return false;
    left = handle.outputLeft;
  }
  if (inputLeft !== undefined && handle.inputLeft !== inputLeft) return false;
  return output.subarray(0, room - left).equals(expected);
}

/** At once, for what refers to what was before a reset as well. */
function tellsOfBrokenData(handle: ZlibHandle): boolean {
  const output = Buffer.alloc(100);
  if (!handle.write(STORED, 0, STORED.length, output, 0, 100)) return false;
  handle.reset();
  return !handle.write(REPEATED, 0, REPEATED.length, output, 0, 100);
}
