// Small messages of JSON, compressed and inflated on the loop: with a stream of zlib for each of them, as the public calls
// have it, and meerkat's way, a stream for all. `window` is what a connection keeps that takes its context over, 4 KiB.
import {
  deflateAlone,
  deflateNow,
  inflateAlone,
  inflateNow,
} from '../../packages/meerkat/dist/connection/compression/raw-deflate.js';
import { measure, print, sink } from './measure.mjs';

const SIZES = [64, 256, 1024, 4096, 16_384];
const SETTINGS = { level: 3, memLevel: 5, windowBits: 12 };
const MOST = 16_384;
const COUNT = 64;
const WORDS = ['meerkat', 'sentinel', 'price', 'quantity', 'timestamp', 'null', 'true', 'channel'];

let seed = 1;
function random(below) {
  seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff;
  return (seed >>> 8) % below;
}

function json(length) {
  let text = '[';
  while (text.length < length) {
    const [name, value] = [WORDS[random(WORDS.length)], WORDS[random(WORDS.length)]];
    text += `{"id":${random(1_000_000)},"${name}":"${value}"},`;
  }
  return Buffer.from(text.slice(0, length));
}

const window = json(4096);

/** One message after the other. */
const way = (messages, work) => (times) => {
  for (let time = 0; time < times; time += 1) sink.value += work(messages[time % COUNT]).length;
};

const [deflating, inflating] = [[], []];
for (const size of SIZES) {
  const messages = Array.from({ length: COUNT }, () => json(size));
  const compressed = messages.map((message) => deflateAlone(message, undefined, SETTINGS));
  const referring = messages.map((message) => deflateAlone(message, window, SETTINGS));
  const deflate = {
    'a stream each': way(messages, (octets) => deflateAlone(octets, undefined, SETTINGS)),
    meerkat: way(messages, (octets) => deflateNow(octets, undefined, SETTINGS)),
    'with a window: a stream each': way(messages, (octets) =>
      deflateAlone(octets, window, SETTINGS),
    ),
    'with a window: meerkat': way(messages, (octets) => deflateNow(octets, window, SETTINGS)),
  };
  deflating.push([size, measure(deflate)]);
  const inflate = {
    'a stream each': way(compressed, (octets) => inflateAlone(octets, undefined, MOST)),
    meerkat: way(compressed, (octets) => inflateNow(octets, undefined, MOST)),
    'with a window: a stream each': way(referring, (octets) => inflateAlone(octets, window, MOST)),
    'with a window: meerkat': way(referring, (octets) => inflateNow(octets, window, MOST)),
  };
  inflating.push([size, measure(inflate)]);
}

print('Compressing', deflating);
print('Inflating', inflating);
