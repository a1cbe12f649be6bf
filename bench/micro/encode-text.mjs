// Text to octets, into memory that is there: meerkat's way, `Buffer.write`, and TextEncoder.
import { nodePrimitives } from '../../packages/meerkat/dist/connection/node-primitives.js';
import { measure, print, sink } from './measure.mjs';

const SIZES = [4, 8, 20, 128, 1024, 4096, 16_384];
const TEXTS = [
  ['ASCII', 'The quick brown fox. '],
  ['Russian', 'Широкая электрификация южных губерний. '],
];
const slab = Buffer.allocUnsafeSlow(65_536);
const encoder = new TextEncoder();

const way = (encode, text) => (times) => {
  for (let time = 0; time < times; time += 1) sink.value += encode(text, slab, 10 + (time & 7));
};

for (const [language, unit] of TEXTS) {
  const rows = SIZES.map((size) => {
    const text = Buffer.from(unit.repeat(Math.ceil(size / unit.length)).slice(0, size)).toString();
    return [
      Buffer.byteLength(text),
      measure({
        TextEncoder: way(
          (all, octets, at) => encoder.encodeInto(all, octets.subarray(at)).written,
          text,
        ),
        write: way((all, octets, at) => octets.write(all, at), text),
        meerkat: way(nodePrimitives.encodeUtf8Into, text),
      }),
    ];
  });
  print(`Encoding ${language}`, rows);
}
