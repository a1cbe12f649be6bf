import { maskInPlace as maskPlainly } from '../protocol/mask.ts';
import type { Primitives } from '../protocol/primitives.ts';

const READ_BYTES = 65_536;
/** From here on a call into the module pays: 13 ns for any short payload, against 15 for 8 octets in JavaScript and 24 for 20. */
const MODULE_FROM = 8;

/** What `mask-module.wat` assembles to: `node scripts/mask-module.mjs`. */
const MODULE =
  'AGFzbQEAAAABCAFgBH9/f38AAwIBAAUEAQEBAQcRAgZtZW1vcnkCAARtYXNrAAAKxQIBwgICAXsBfyACIANBA3R3/REh' +
  'BCAEIAT9DQMCAQAHBgUECwoJCA8ODQwhBCAAIAEgAGtBQHFqIQUCQANAIAAgBUYNASAAIAD9AAQAIAT9Uf0LBAAgACAA' +
  '/QAEECAE/VH9CwQQIAAgAP0ABCAgBP1R/QsEICAAIAD9AAQwIAT9Uf0LBDAgAEHAAGohAAwACwsgACABIABrQXBxaiEF' +
  'AkADQCAAIAVGDQEgACAA/QAEACAE/VH9CwQAIABBEGohAAwACwsgASAAayEFIAVBCHEEQCAAIAApAwAgBP0dAIU3AwAg' +
  'AEEIaiEACyAE/RsAIQIgBUEEcQRAIAAgACgCACACczYCACAAQQRqIQALIAVBAnEEQCAAIAAvAQAgAnM7AQAgAkEQdiEC' +
  'IABBAmohAAsgBUEBcQRAIAAgAC0AACACczoAAAsL';

interface MaskModule {
  readonly memory: { readonly buffer: ArrayBuffer };
  mask(start: number, end: number, key: number, phase: number): void;
}

const maskModule = instantiate();

/**
 * What every socket of the process (of the worker thread) reads into: a chunk is used before the next is read. It is the memory
 * of the module that masks, where there is WebAssembly, else a Buffer like any other.
 */
export const readMemory: Buffer =
  maskModule === undefined
    ? Buffer.allocUnsafeSlow(READ_BYTES)
    : Buffer.from(maskModule.memory.buffer, 0, READ_BYTES);

/**
 * XORs with a masking key in place, see `Primitives.maskInPlace`.
 *
 * Hot path: octets that are given as {@link readMemory} itself are masked by the module, 16 KiB in 0.37 µs; any others, views of
 * it too, in JavaScript, which takes 1.3 µs. To ask each for its `buffer` would take 40 ns.
 */
export const maskInPlace: Primitives['maskInPlace'] =
  maskModule === undefined ? maskPlainly : maskWith(maskModule.mask);

function maskWith(mask: MaskModule['mask']): Primitives['maskInPlace'] {
  return (octets, start, end, key, phase) => {
    if (octets === readMemory && end - start >= MODULE_FROM) mask(start, end, key, phase);
    else maskPlainly(octets, start, end, key, phase);
  };
}

/** What is used of WebAssembly: the types of Node have nothing of it. */
interface WebAssembly {
  readonly Module: new (octets: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: MaskModule };
}

/**
 * Takes a third of a millisecond, and 1.5 MB. Undefined without WebAssembly (`--jitless`), and where it does not get the address space that it
 * reserves (`ulimit -v`).
 */
function instantiate(): MaskModule | undefined {
  try {
    const { Module, Instance } = (globalThis as unknown as { WebAssembly: WebAssembly })
      .WebAssembly;
    return new Instance(new Module(Buffer.from(MODULE, 'base64'))).exports;
  } catch {
    return undefined;
  }
}
