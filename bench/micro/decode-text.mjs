// Octets to text: meerkat's way, one `toString`, and checking first.
import { isUtf8 } from 'node:buffer';
import { nodePrimitives } from '../../packages/meerkat/dist/connection/node-primitives.js';
import { measure, print, sink } from './measure.mjs';

const SIZES = [4, 8, 16, 20, 128, 1024, 4096, 16_384, 65_536];
const TEXTS = [
  ['ASCII', 'The quick brown fox. '],
  ['Russian', 'Широкая электрификация южных губерний. '],
];
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function toStringThenCheck(octets, start, end) {
  const text = octets.toString('utf8', start, end);
  return text.includes('\ufffd') && !isUtf8(octets.subarray(start, end)) ? undefined : text;
}

function checkThenToString(octets, start, end) {
  return isUtf8(octets.subarray(start, end)) ? octets.toString('utf8', start, end) : undefined;
}

const way = (decode, octets) => (times) => {
  for (let time = 0; time < times; time += 1) sink.value += decode(octets, 0, octets.length).length;
};

for (const [language, unit] of TEXTS) {
  const rows = SIZES.map((size) => {
    const long = unit.repeat(Math.ceil(size / unit.length));
    let units = size;
    while (Buffer.byteLength(long.slice(0, units)) > size) units -= 1;
    const octets = Buffer.from(Uint8Array.from(Buffer.from(long.slice(0, units))).buffer);
    return [
      octets.length,
      measure({
        'checked first': way(checkThenToString, octets),
        TextDecoder: way((all, start, end) => decoder.decode(all.subarray(start, end)), octets),
        toString: way(toStringThenCheck, octets),
        meerkat: way(nodePrimitives.decodeUtf8, octets),
      }),
    ];
  });
  print(`Decoding ${language}`, rows);
}
