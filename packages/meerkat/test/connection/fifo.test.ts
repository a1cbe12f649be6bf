import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Fifo } from '../../src/connection/fifo.ts';

describe('Fifo', () => {
  it('is empty at first', () => {
    const fifo = new Fifo<number>();
    expect([fifo.length, fifo.first, fifo.shift(), fifo.takeAll()]).toEqual([
      0,
      undefined,
      undefined,
      [],
    ]);
  });

  it('behaves as an array, whatever is done with it', () => {
    const action = fc.oneof(
      { weight: 12, arbitrary: fc.constant('push' as const) },
      { weight: 8, arbitrary: fc.constant('shift' as const) },
      { weight: 1, arbitrary: fc.constantFrom('clear' as const, 'takeAll' as const) },
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 200 }), (actions) => {
        const fifo = new Fifo<number>();
        let model: number[] = [];
        for (const [at, each] of actions.entries()) {
          if (each === 'push') {
            fifo.push(at);
            model.push(at);
          } else if (each === 'shift') {
            expect(fifo.shift()).toBe(model.shift());
          } else {
            if (each === 'clear') fifo.clear();
            else expect(fifo.takeAll()).toEqual(model);
            model = [];
          }
          expect([fifo.length, fifo.first]).toEqual([model.length, model[0]]);
        }
      }),
    );
  });

  it('keeps its order over thousands of items while it is never empty', () => {
    const fifo = new Fifo<number>();
    let due = 0;
    for (let at = 0; at < 20_000; at += 1) {
      fifo.push(at);
      if (at % 3 > 0) expect(fifo.shift()).toBe(due++);
      expect(fifo.length).toBe(at + 1 - due);
    }
    expect(fifo.takeAll()).toEqual(Array.from({ length: 20_000 - due }, (_, at) => due + at));
  });
});
