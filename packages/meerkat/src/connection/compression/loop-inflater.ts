import { LOOP_BYTES } from './loop-share.ts';
import { inflateHandle, type ZlibHandle } from './zlib-handle.ts';

/** The end of every flush, which the sender leaves out (RFC 7692 §7.2.1). */
const TAIL = Buffer.from([0x00, 0x00, 0xff, 0xff]);
/** The header of a block that is not compressed (RFC 1951 §3.2.4): its length stands behind the first octet, twice. */
const STORED_HEADER = 5;
/** The largest window. */
const WINDOW = 32_768;

/**
 * The inflater of the loop: one stream of zlib for all connections, which begins anew with each message. It takes a sixth
 * of the time of a stream for each at 64 octets, half of it at 1 KiB, two thirds at 16 KiB.
 *
 * It takes 45 KiB, and 32 KiB for what comes out, as long as the process lives.
 */
class LoopInflater {
  #handle: ZlibHandle | undefined;
  readonly #header = Buffer.alloc(STORED_HEADER);
  /** Room for a window, or a message and the octet that is too many. */
  readonly #output = Buffer.allocUnsafeSlow(WINDOW);

  /** See {@link inflateOnLoop}. */
  inflate(
    compressed: Uint8Array,
    dictionary: Uint8Array | undefined,
    maxBytes: number,
  ): Buffer | 'data' | 'size' | undefined {
    // An async hook of the application may run when zlib tells of an error: it has to do without.
    const handle = this.#handle ?? inflateHandle();
    this.#handle = undefined;
    if (handle === undefined) return undefined;
    const result = this.#run(handle, compressed, dictionary, maxBytes);
    // What failed once is not used again, though zlib would allow it.
    if (result === 'data') handle.close();
    else this.#handle = handle;
    return result;
  }

  #run(
    handle: ZlibHandle,
    compressed: Uint8Array,
    dictionary: Uint8Array | undefined,
    maxBytes: number,
  ): Buffer | 'data' | 'size' | undefined {
    const output = this.#output;
    const room = Math.min(maxBytes, LOOP_BYTES) + 1;
    handle.reset();
    if (dictionary !== undefined && !this.#fill(handle, dictionary)) return 'data';
    if (!handle.write(compressed, 0, compressed.length, output, 0, room)) return 'data';
    if (handle.inputLeft > 0 && handle.outputLeft > 0) return undefined; // behind a final block
    let left = handle.outputLeft;
    if (left > 0) {
      if (!handle.write(TAIL, 0, TAIL.length, output, room - left, left)) return 'data';
      left = handle.outputLeft;
    }
    if (left === 0) return maxBytes <= LOOP_BYTES ? 'size' : undefined;
    return output.subarray(0, room - left);
  }

  /** Puts octets into the window, as a block that is not compressed: what the next message may refer to. */
  #fill(handle: ZlibHandle, dictionary: Uint8Array): boolean {
    const header = this.#header;
    const { length } = dictionary;
    header.writeUInt16LE(length, 1);
    header.writeUInt16LE(~length & 0xffff, 3);
    return (
      handle.write(header, 0, STORED_HEADER, this.#output, 0, WINDOW) &&
      handle.write(dictionary, 0, length, this.#output, 0, WINDOW)
    );
  }
}

let inflater: LoopInflater | undefined;

/**
 * Inflates a small message.
 *
 * @param compressed - Without the tail.
 * @param dictionary - What it may refer to, 32 KiB at most.
 * @param maxBytes - Octets that it may become; one more of them is made at most.
 * @returns The octets, which hold until the next call. Undefined for what it cannot do: large messages, those that go on
 * behind a final block, and all of them where Node has no such stream.
 */
export function inflateOnLoop(
  compressed: Uint8Array,
  dictionary: Uint8Array | undefined,
  maxBytes: number,
): Buffer | 'data' | 'size' | undefined {
  if (compressed.length > LOOP_BYTES) return undefined;
  inflater ??= new LoopInflater();
  return inflater.inflate(compressed, dictionary, maxBytes);
}
