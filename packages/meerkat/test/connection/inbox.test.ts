import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Inbox, type Message } from '../../src/connection/inbox.ts';

describe('Inbox', () => {
  it('is empty at first', () => {
    const inbox = new Inbox();
    expect([inbox.length, inbox.bytes, inbox.shift()]).toEqual([0, 0, undefined]);
  });

  it('counts what a message took on the wire, not what it takes here', () => {
    const inbox = new Inbox();
    inbox.push('€', 3);
    inbox.push(new Uint8Array(5), 5);
    expect([inbox.length, inbox.bytes]).toEqual([2, 8]);
    expect(inbox.shift()).toBe('€');
    expect([inbox.length, inbox.bytes]).toEqual([1, 5]);
  });

  it('keeps empty messages apart', () => {
    const inbox = new Inbox();
    inbox.push('', 0);
    inbox.push(new Uint8Array(0), 0);
    expect([inbox.length, inbox.bytes]).toEqual([2, 0]);
    expect([inbox.shift(), inbox.shift(), inbox.shift()]).toEqual([
      '',
      new Uint8Array(0),
      undefined,
    ]);
  });

  it('behaves as an array, whatever is done with it', () => {
    const action = fc.oneof(
      { weight: 5, arbitrary: fc.record({ push: fc.nat(100) }) },
      { weight: 4, arbitrary: fc.constant('shift' as const) },
      { weight: 1, arbitrary: fc.constant('clear' as const) },
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 200 }), (actions) => {
        const inbox = new Inbox();
        let model: [Message, number][] = [];
        let count = 0;
        for (const each of actions) {
          if (each === 'clear') {
            inbox.clear();
            model = [];
          } else if (each === 'shift') {
            expect(inbox.shift()).toBe(model.shift()?.[0]);
          } else {
            count += 1;
            inbox.push(`${count}`, each.push);
            model.push([`${count}`, each.push]);
          }
          expect(inbox.length).toBe(model.length);
          expect(inbox.bytes).toBe(model.reduce((sum, [, bytes]) => sum + bytes, 0));
        }
      }),
    );
  });

  it('counts right although it is never empty', () => {
    const inbox = new Inbox();
    for (let count = 0; count < 10; count += 1) inbox.push(`${count}`, count);
    for (let count = 10; count < 10_000; count += 1) {
      inbox.push(`${count}`, count);
      expect(inbox.shift()).toBe(`${count - 10}`);
      expect([inbox.length, inbox.bytes]).toEqual([10, 10 * count - 45]);
    }
  });
});
