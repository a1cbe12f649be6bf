import type { WireRow } from '../report/result.ts';
import { firstOctets } from '../wire/first-octets.ts';
import type { FrameSpec } from '../wire/frame.ts';
import { type ReceivedFrame, SHOWN_OCTETS } from '../wire/frame-reader.ts';

/** Rows kept from the beginning, and from the end: between them a flood of frames may lie. */
const FIRST = 40;
const LAST = 40;

/** A row before it is known when the connection opened. */
type Row = WireRow extends infer One ? (One extends WireRow ? Omit<One, 'at'> : never) : never;

/** What crossed the wire, the first and the last rows of it. */
export class WireLog {
  readonly #begun = performance.now();
  readonly #first: WireRow[] = [];
  readonly #last: WireRow[] = [];
  #leftOut = 0;

  get rows(): readonly WireRow[] {
    const [next] = this.#last;
    if (this.#leftOut === 0 || next === undefined) return [...this.#first, ...this.#last];
    const text = `${this.#leftOut} rows are left out here`;
    const gap: WireRow = { kind: 'note', at: next.at, text, leftOut: this.#leftOut };
    return [...this.#first, gap, ...this.#last];
  }

  /** Milliseconds since the connection opened. */
  get now(): number {
    return Math.round((performance.now() - this.#begun) * 10) / 10;
  }

  sent(spec: FrameSpec, octets: Uint8Array, key: Uint8Array | undefined): void {
    this.#add({
      kind: 'frame',
      by: 'runner',
      opcode: spec.opcode,
      fin: spec.fin,
      rsv: spec.rsv,
      masked: key !== undefined,
      ...(key === undefined ? {} : { key: Buffer.from(key).toString('hex') }),
      length: spec.payload.length,
      payload: firstOctets(spec.payload, SHOWN_OCTETS),
      octets: firstOctets(octets, SHOWN_OCTETS),
    });
  }

  received(frame: ReceivedFrame): void {
    this.#add({
      kind: 'frame',
      by: 'peer',
      opcode: frame.opcode,
      fin: frame.fin,
      rsv: frame.rsv,
      masked: frame.masked,
      ...(frame.key === undefined ? {} : { key: Buffer.from(frame.key).toString('hex') }),
      length: frame.length,
      payload: firstOctets(frame.payload, SHOWN_OCTETS),
      octets: firstOctets(frame.octets, SHOWN_OCTETS),
      ...(frame.defect === undefined ? {} : { defect: frame.defect.text }),
    });
  }

  octets(by: 'runner' | 'peer', octets: Uint8Array): void {
    const shown = firstOctets(octets, SHOWN_OCTETS);
    this.#add({ kind: 'octets', by, length: octets.length, octets: shown });
  }

  note(text: string): void {
    this.#add({ kind: 'note', text });
  }

  #add(row: Row): void {
    const whole = { ...row, at: this.now } as WireRow;
    if (this.#first.length < FIRST) {
      this.#first.push(whole);
      return;
    }
    this.#last.push(whole);
    if (this.#last.length > LAST) {
      this.#last.shift();
      this.#leftOut += 1;
    }
  }
}
