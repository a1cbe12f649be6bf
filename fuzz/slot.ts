import { closeSync, openSync, readSync, writeSync } from 'node:fs';

const HEADER = 8;
const LONGEST = 2 ** 21;

/**
 * The input that a child is working on, in a file: it is there for the parent whatever becomes of the child. A number
 * that goes up with every input shows whether the child gets on.
 */
export class SlotWriter {
  readonly #file: number;
  readonly #memory = Buffer.alloc(HEADER + LONGEST);
  #turn = 0;

  constructor(path: string) {
    this.#file = openSync(path, 'r+');
  }

  /** Work on `input` begins. */
  begin(input: Uint8Array): void {
    const length = Math.min(input.length, LONGEST);
    this.#turn = (this.#turn + 1) >>> 0 || 1;
    this.#memory.writeUInt32BE(this.#turn, 0);
    this.#memory.writeUInt32BE(length, 4);
    this.#memory.set(length === input.length ? input : input.subarray(0, length), HEADER);
    writeSync(this.#file, this.#memory, 0, HEADER + length, 0);
  }

  /** No input is worked on. */
  idle(): void {
    this.#memory.writeUInt32BE(0, 0);
    writeSync(this.#file, this.#memory, 0, 4, 0);
  }
}

/** The parent's side of a slot. */
export class SlotReader {
  readonly #file: number;

  /** Makes the file. */
  constructor(path: string) {
    this.#file = openSync(path, 'w+');
    writeSync(this.#file, Buffer.alloc(HEADER), 0, HEADER, 0);
  }

  /** The number of the input that is worked on; 0 when none is. */
  get turn(): number {
    return this.#header().readUInt32BE(0);
  }

  /** The input. */
  get input(): Uint8Array {
    const octets = Buffer.alloc(this.#header().readUInt32BE(4));
    readSync(this.#file, octets, 0, octets.length, HEADER);
    return Uint8Array.from(octets);
  }

  close(): void {
    closeSync(this.#file);
  }

  #header(): Buffer {
    const header = Buffer.alloc(HEADER);
    readSync(this.#file, header, 0, HEADER, 0);
    return header;
  }
}
