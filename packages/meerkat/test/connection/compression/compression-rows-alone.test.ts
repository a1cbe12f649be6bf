// The rows of group C once more, where Node has no streams of zlib that meerkat could use again.
import { expect, it, vi } from 'vitest';
import { deflateOnLoop } from '../../../src/connection/compression/loop-deflater.ts';
import { inflateOnLoop } from '../../../src/connection/compression/loop-inflater.ts';

vi.mock('../../../src/connection/compression/zlib-handle.ts', () => ({
  deflateHandle: () => undefined,
  inflateHandle: () => undefined,
}));

it('nothing is compressed and inflated on streams that are used again', () => {
  const hello = Buffer.from('ca48cdc9c90700', 'hex');
  expect(inflateOnLoop(hello, undefined, 100)).toBeUndefined();
  expect(
    deflateOnLoop(Buffer.from('hello'), { level: 3, memLevel: 5, windowBits: 12 }),
  ).toBeUndefined();
});

await import('./compression-rows.test.ts');
await import('./sent-window.test.ts');
