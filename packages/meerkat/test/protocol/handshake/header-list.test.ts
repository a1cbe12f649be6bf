import { describe, expect, it } from 'vitest';
import { toHeaderList } from '../../../src/protocol/handshake/header-list.ts';

describe('toHeaderList', () => {
  it.each([
    [undefined, []],
    [
      { a: '1', b: '2' },
      [
        ['a', '1'],
        ['b', '2'],
      ],
    ],
    [
      [
        ['a', '1'],
        ['a', '2'],
      ],
      [
        ['a', '1'],
        ['a', '2'],
      ],
    ],
    [new Headers({ a: '1' }), [['a', '1']]],
    [new Map([['a', '1']]), [['a', '1']]],
  ])('brings %o into pairs', (headers, pairs) => {
    expect(toHeaderList(headers as never)).toEqual(pairs);
  });

  it.each(['a: 1', 7, null, true])('throws for %o', (headers) => {
    expect(() => toHeaderList(headers as never)).toThrow(
      expect.objectContaining({ code: 'MEERKAT_HANDSHAKE_VALUE' }),
    );
  });
});
