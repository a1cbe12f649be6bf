/** What Buffer's methods for text call. They take any Uint8Array, and cost about 30 ns less than the methods. */
export interface BufferInternals {
  readonly utf8Slice: (this: Uint8Array, start: number, end: number) => string;
  readonly latin1Slice: (this: Uint8Array, start: number, end: number) => string;
  /** Answers how many octets it wrote. */
  readonly utf8Write: (this: Uint8Array, text: string, at: number) => number;
}

/** In their place where they are missing: they are not documented. */
const DOCUMENTED: BufferInternals = {
  utf8Slice(start, end) {
    return asBuffer(this).toString('utf8', start, end);
  },
  latin1Slice(start, end) {
    return asBuffer(this).toString('latin1', start, end);
  },
  utf8Write(text, at) {
    return asBuffer(this).write(text, at);
  },
};

/** @param prototype - `Buffer.prototype`. */
export function findInternals(prototype: object): BufferInternals {
  const { utf8Slice, latin1Slice, utf8Write } = prototype as Partial<BufferInternals>;
  return {
    utf8Slice: utf8Slice ?? DOCUMENTED.utf8Slice,
    latin1Slice: latin1Slice ?? DOCUMENTED.latin1Slice,
    utf8Write: utf8Write ?? DOCUMENTED.utf8Write,
  };
}

function asBuffer(octets: Uint8Array): Buffer {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength);
}
