import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { copyOctets, toOctets } from '../../src/protocol/octets.ts';
import { pattern } from './support/octets.ts';

describe('copyOctets', () => {
  it('copies the octets from start to before end', () => {
    expect(copyOctets(Uint8Array.of(1, 2, 3, 4), 1, 3)).toEqual(Uint8Array.of(2, 3));
  });

  it('copies any number of octets, of a Uint8Array and of a Buffer', () => {
    const source = pattern(80);
    for (let length = 0; length <= 70; length += 1) {
      const wanted = Uint8Array.from([...source].slice(5, 5 + length));
      expect(copyOctets(source, 5, 5 + length)).toEqual(wanted);
      expect(copyOctets(Buffer.from(source), 5, 5 + length)).toEqual(wanted);
    }
  });

  it('copies nothing where start is end', () => {
    expect(copyOctets(Uint8Array.of(1, 2), 1, 1)).toEqual(new Uint8Array(0));
  });

  it.each([
    ['a Uint8Array', Uint8Array.of(1, 2, 3)],
    ['a Buffer, whose slice() would be a view', Buffer.of(1, 2, 3)],
  ])('gives memory of its own, of just that size, for %s', (_of, source) => {
    const copy = copyOctets(source, 0, 2);
    source[0] = 9;
    expect(copy).toEqual(Uint8Array.of(1, 2));
    expect(copy.buffer.byteLength).toBe(2);
  });
});

describe('toOctets', () => {
  const memory = Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7).buffer;
  const elsewhere = (code: string): unknown => runInNewContext(code);
  const shared = new SharedArrayBuffer(2);
  new Uint8Array(shared).set([1, 2]);

  it.each<[string, unknown, number[]]>([
    ['a Uint8Array', new Uint8Array(memory, 1, 2), [1, 2]],
    ['a Buffer', Buffer.from(memory, 6), [6, 7]],
    ['a view of wider elements', new Uint16Array(memory, 2, 2), [2, 3, 4, 5]],
    ['a DataView', new DataView(memory, 3, 1), [3]],
    ['an ArrayBuffer', memory, [0, 1, 2, 3, 4, 5, 6, 7]],
    ['an empty ArrayBuffer', new ArrayBuffer(0), []],
    ['a SharedArrayBuffer', shared, [1, 2]],
    ['a Uint8Array of another realm', elsewhere('new Uint8Array([1, 2])'), [1, 2]],
    ['an ArrayBuffer of another realm', elsewhere('new Uint8Array([1, 2]).buffer'), [1, 2]],
    ['a SharedArrayBuffer of another realm', elsewhere('new SharedArrayBuffer(2)'), [0, 0]],
  ])('gives the octets of %s', (_what, value, octets) => {
    expect([...toOctets(value, 'MEERKAT_MESSAGE_TYPE')]).toEqual(octets);
  });

  it('copies nothing', () => {
    const octets = toOctets(memory, 'MEERKAT_MESSAGE_TYPE');
    expect(octets.buffer).toBe(memory);
    expect(toOctets(octets, 'MEERKAT_MESSAGE_TYPE')).toBe(octets);
  });

  const detached = new ArrayBuffer(8);
  structuredClone(detached, { transfer: [detached] });

  it.each<[string, unknown]>([
    ['a string', 'text'],
    ['null', null],
    ['undefined', undefined],
    ['a number, which would be a length', 4],
    ['an array', [1, 2]],
    ['an object with the name of a buffer', { byteLength: 1, [Symbol.toStringTag]: 'ArrayBuffer' }],
    ['an object with the prototype of one', Object.create(ArrayBuffer.prototype)],
    ['a proxy of one', new Proxy(new ArrayBuffer(1), {})],
    ['a buffer that is detached', detached],
  ])('refuses %s', (_what, value) => {
    expect(() => toOctets(value, 'MEERKAT_CONTROL_PAYLOAD')).toThrow(
      expect.objectContaining({ name: 'UsageError', code: 'MEERKAT_CONTROL_PAYLOAD' }),
    );
  });
});
