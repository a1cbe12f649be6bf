// Checking a part of a text that goes on: octet by octet, and with the platform's own check for what is long.
import { nodePrimitives } from '../../packages/meerkat/dist/connection/node-primitives.js';
import { Utf8Validator } from '../../packages/meerkat/dist/protocol/utf8.js';
import { measure, print, sink } from './measure.mjs';

const SIZES = [20, 64, 127, 128, 256, 1024, 4096, 16_384, 65_536];
const TEXTS = [
  ['ASCII', 'The quick brown fox. '],
  ['Russian', 'Широкая электрификация южных губерний. '],
];

const way = (validator, octets) => (times) => {
  for (let time = 0; time < times; time += 1) {
    sink.value += validator.accept(octets, 0, octets.length) ? 1 : 0;
    validator.finish();
  }
};

for (const [language, unit] of TEXTS) {
  const whole = Buffer.from(unit.repeat(Math.ceil(65_536 / unit.length)));
  const rows = SIZES.map((size) => [
    size,
    measure({
      'octet by octet': way(new Utf8Validator(), whole.subarray(0, size)),
      meerkat: way(new Utf8Validator(nodePrimitives.isUtf8), whole.subarray(0, size)),
    }),
  ]);
  print(`Checking ${language}`, rows);
}
