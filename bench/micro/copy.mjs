// A message that is handed over: a copy in memory of its own, meerkat's way and others. `pooled` is what meerkat does not do:
// whoever keeps such a message keeps 8 KiB.
import { copyOctets } from '../../packages/meerkat/dist/protocol/octets.js';
import { measure, print, sink } from './measure.mjs';

const SIZES = [4, 8, 20, 24, 25, 64, 65, 125, 256, 1024, 4096, 16_384, 65_536];
const octets = Buffer.alloc(66_000, 7);

function setView(source, start, end) {
  const copy = new Uint8Array(end - start);
  copy.set(source.subarray(start, end));
  return copy;
}

function ofView(source, start, end) {
  return new Uint8Array(source.subarray(start, end));
}

function pooled(source, start, end) {
  const copy = Buffer.allocUnsafe(end - start);
  source.copy(copy, 0, start, end);
  return copy;
}

function view(source, start, end) {
  return new Uint8Array(source.buffer, source.byteOffset + start, end - start);
}

const way = (copy, size) => (times) => {
  for (let time = 0; time < times; time += 1) {
    const start = 6 + (time & 7);
    sink.value += copy(octets, start, start + size)[0];
  }
};

print(
  'Copying',
  SIZES.map((size) => [
    size,
    measure({
      'set(view)': way(setView, size),
      'new Uint8Array(view)': way(ofView, size),
      pooled: way(pooled, size),
      'a view, no copy': way(view, size),
      meerkat: way(copyOctets, size),
    }),
  ]),
);
