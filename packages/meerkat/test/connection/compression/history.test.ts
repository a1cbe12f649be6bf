import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { History } from '../../../src/connection/compression/history.ts';

describe('History', () => {
  it('is undefined as long as nothing was taken in', () => {
    expect(new History(8).octets).toBeUndefined();
  });

  it('copies what it is given, since it may be changed', () => {
    const history = new History(8);
    const message = Buffer.from('before');
    history.push(message);
    message.fill('x');
    expect(history.octets?.toString()).toBe('before');
  });

  it('is the end of all messages in a row, copied or referred to, whenever it is asked for', () => {
    const message = fc.record({
      length: fc.oneof(fc.nat(20), fc.nat(300), fc.constantFrom(255, 256, 257, 511, 512, 513)),
      refer: fc.boolean(),
      ask: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(message, { maxLength: 60 }), (messages) => {
        const history = new History(8);
        let all = Buffer.alloc(0);
        for (const [at, { length, refer, ask }] of messages.entries()) {
          const octets = Buffer.alloc(length, at + 1);
          all = Buffer.concat([all, octets]);
          if (refer) history.refer(octets);
          else history.push(octets);
          if (ask) expect(history.octets ?? Buffer.alloc(0)).toEqual(all.subarray(-256));
        }
        expect(history.octets ?? Buffer.alloc(0)).toEqual(all.subarray(-256));
      }),
    );
  });

  it('does not change what it gave', () => {
    const history = new History(8);
    history.push(Buffer.from('one '));
    const before = history.octets;
    history.refer(Buffer.from('two '));
    history.push(Buffer.from('three'));
    expect(before?.toString()).toBe('one ');
    expect(history.octets?.toString()).toBe('one two three');
  });
});
