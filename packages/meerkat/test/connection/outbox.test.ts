import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Outbox } from '../../src/connection/outbox.ts';
import { ManualTransport } from './manual-transport.ts';

const SLAB_BYTES = 16_384;

function make(): { outbox: Outbox; transport: ManualTransport } {
  const transport = new ManualTransport();
  return { outbox: new Outbox(transport), transport };
}

/** Writes as the frame writer does: room for more than is used. */
function put(outbox: Outbox, octets: Uint8Array, spare = 14): void {
  const at = outbox.reserve(octets.length + spare);
  outbox.octets.set(octets, at);
  outbox.commit(at + octets.length);
}

describe('Outbox', () => {
  it('keeps what is committed until the flush, which is one write', () => {
    const { outbox, transport } = make();
    put(outbox, Buffer.from('one'));
    put(outbox, Buffer.from('two'));
    expect([outbox.pendingBytes, transport.writes]).toEqual([6, []]);
    outbox.flush();
    expect([outbox.pendingBytes, transport.writes.map(String)]).toEqual([0, ['onetwo']]);
  });

  it('writes nothing when there is nothing', () => {
    const { outbox, transport } = make();
    outbox.flush();
    put(outbox, Buffer.from('a'));
    outbox.flush();
    outbox.flush();
    expect(transport.writes).toHaveLength(1);
  });

  it('holds no memory while nothing waits', () => {
    const { outbox } = make();
    expect(outbox.octets.length).toBe(0);
    put(outbox, Buffer.from('a'));
    expect(outbox.octets.length).toBe(SLAB_BYTES);
    outbox.flush();
    expect(outbox.octets.length).toBe(0);
  });

  it('flushes by itself when the slab is full', () => {
    const { outbox, transport } = make();
    put(outbox, Buffer.alloc(SLAB_BYTES - 14 - 10, 'a'));
    expect(transport.writes).toHaveLength(0);
    put(outbox, Buffer.alloc(20, 'b'), 0);
    expect(transport.writes).toHaveLength(0);
    put(outbox, Buffer.alloc(1, 'c'));
    expect(transport.writes).toHaveLength(1);
    outbox.flush();
    const expected = ['a'.repeat(SLAB_BYTES - 24), 'b'.repeat(20), 'c'];
    expect(transport.sent.toString()).toBe(expected.join(''));
  });

  it('gives a frame that is larger than a slab away, memory and all', () => {
    const { outbox, transport } = make();
    const owned: Uint8Array[] = [];
    transport.writeOwned = (octets) => {
      owned.push(octets);
    };
    put(outbox, Buffer.alloc(SLAB_BYTES + 1, 'a'), 0);
    const memory = outbox.octets.buffer;
    outbox.flush();
    expect(owned.map(({ length, buffer }) => [length, buffer === memory])).toEqual([
      [SLAB_BYTES + 1, true],
    ]);
    put(outbox, Buffer.from('b'));
    expect(outbox.octets.buffer).not.toBe(memory);
    outbox.flush();
  });

  it('reuses slabs, among all connections, and emits nothing that was left in one', () => {
    const one = make();
    const other = make();
    put(one.outbox, Buffer.alloc(10_000, 's'));
    one.outbox.flush();
    put(other.outbox, Buffer.from('mine'));
    const at = other.outbox.reserve(100);
    expect(at).toBe(4);
    other.outbox.commit(at + 2); // less than was reserved
    other.outbox.octets.set(Buffer.from('!?'), at);
    other.outbox.flush();
    expect(other.transport.sent.toString()).toBe('mine!?');
  });

  it('two connections never write into the same slab', () => {
    const one = make();
    const other = make();
    put(one.outbox, Buffer.from('one'));
    put(other.outbox, Buffer.from('other'));
    expect(one.outbox.octets.buffer).not.toBe(other.outbox.octets.buffer);
    one.outbox.flush();
    other.outbox.flush();
    expect([one.transport.sent.toString(), other.transport.sent.toString()]).toEqual([
      'one',
      'other',
    ]);
  });

  it('counts what waited before a chunk as congestion, and what the chunk brought about not', () => {
    const { outbox, transport } = make();
    transport.flowing = false;
    outbox.chunkBegins();
    put(outbox, Buffer.from('a'));
    outbox.flush();
    expect(outbox.congested).toBe(false);
    outbox.chunkBegins();
    expect(outbox.congested).toBe(true);
    transport.queuedBytes = 0;
    outbox.chunkBegins();
    expect(outbox.congested).toBe(false);
  });

  it('emits exactly what was put in, in order, whatever the sizes', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(fc.nat(200), fc.integer({ min: SLAB_BYTES - 30, max: SLAB_BYTES + 30 })),
          {
            maxLength: 40,
          },
        ),
        fc.array(fc.boolean(), { minLength: 1, maxLength: 7 }),
        (sizes, flushes) => {
          const { outbox, transport } = make();
          const expected: Buffer[] = [];
          sizes.forEach((size, index) => {
            const octets = Buffer.alloc(size, index + 1);
            expected.push(octets);
            put(outbox, octets);
            if (flushes[index % flushes.length] === true) outbox.flush();
          });
          outbox.flush();
          expect(transport.sent.equals(Buffer.concat(expected))).toBe(true);
        },
      ),
    );
  });

  it('writes one frame that was ready as it is', () => {
    const { outbox, transport } = make();
    const frame = Buffer.from('frame');
    outbox.append(frame);
    expect([outbox.pendingBytes, outbox.octets.length]).toEqual([5, 0]);
    outbox.flush();
    expect(transport.given).toEqual([frame]);
    expect(transport.given[0]).toBe(frame);
    expect(outbox.pendingBytes).toBe(0);
  });

  it('joins the same ready frames once for all outboxes that wait for them', () => {
    const frames = ['one', 'two', 'three'].map((text) => Buffer.from(text));
    const [same, alike, other] = [make(), make(), make()];
    for (const frame of frames) for (const { outbox } of [same, alike]) outbox.append(frame);
    for (const frame of frames.toReversed()) other.outbox.append(frame);
    for (const { outbox } of [same, alike, other]) outbox.flush();
    expect(same.transport.given.map(String)).toEqual(['onetwothree']);
    expect(alike.transport.given[0]).toBe(same.transport.given[0]);
    expect(other.transport.given.map(String)).toEqual(['threetwoone']);
  });

  it('keeps the order of frames that were ready and others', () => {
    const { outbox, transport } = make();
    put(outbox, Buffer.from('a'));
    outbox.append(Buffer.from('b'));
    put(outbox, Buffer.from('c'));
    outbox.flush();
    outbox.append(Buffer.from('d'));
    outbox.append(Buffer.from('e'));
    put(outbox, Buffer.from('f'));
    outbox.append(Buffer.from('g'));
    expect(outbox.pendingBytes).toBe(4);
    outbox.flush();
    expect(transport.writes.map(String)).toEqual(['abc', 'defg']);
  });

  it('copies ready frames behind what the network has not taken: so many small ones cost their octets', () => {
    const { outbox, transport } = make();
    transport.flowing = false;
    put(outbox, Buffer.from('first'));
    outbox.flush();
    outbox.append(Buffer.from('second'));
    expect(outbox.octets.length).toBe(SLAB_BYTES);
    outbox.flush();
    expect(transport.sent.toString()).toBe('firstsecond');
  });

  it('never copies a large ready frame, in whatever company', () => {
    const large = Buffer.alloc(100_000, 'x');
    const { outbox, transport } = make();
    outbox.append(Buffer.from('a'));
    outbox.append(large);
    put(outbox, Buffer.from('b'));
    outbox.append(large);
    transport.flowing = false;
    put(outbox, Buffer.from('c'));
    outbox.flush();
    outbox.append(large);
    expect(transport.given.filter((octets) => octets === large)).toHaveLength(3);
    const x = large.toString();
    expect(transport.sent.toString()).toBe(`a${x}b${x}c${x}`);
  });

  it('keeps the order, and what waits, whatever is written', () => {
    const kinds = fc.constantFrom('put', 'append', 'flush', 'block', 'take');
    const step = fc.tuple(kinds, fc.oneof(fc.nat(60), fc.nat(40_000)));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const { outbox, transport } = make();
        const sent: Buffer[] = [];
        for (const [index, [kind, length]] of steps.entries()) {
          const octets = Buffer.alloc(length, index + 1);
          if (kind === 'put') put(outbox, octets);
          else if (kind === 'append' && length > 0) outbox.append(octets);
          else if (kind === 'flush') outbox.flushUnlessCongested();
          else if (kind === 'block') transport.flowing = false;
          else if (kind === 'take') {
            transport.flowing = true;
            transport.queuedBytes = 0;
          }
          if (kind === 'put' || (kind === 'append' && length > 0)) sent.push(octets);
          const expected = Buffer.concat(sent).length;
          expect(transport.sent.length + outbox.pendingBytes).toBe(expected);
        }
        outbox.flush();
        expect(transport.sent.equals(Buffer.concat(sent))).toBe(true);
      }),
      { numRuns: 200 },
    );
  });
});
