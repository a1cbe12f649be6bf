// Masking by size: in the memory that sockets read into (by the WebAssembly module), elsewhere (in words), and octet by octet.
import { maskInPlace, readMemory } from '../../packages/meerkat/dist/connection/mask-module.js';
import { measure, print } from './measure.mjs';

const SIZES = [4, 8, 20, 64, 128, 256, 1024, 4096, 16_384, 65_000];
const elsewhere = Buffer.alloc(66_000);

function byOctets(octets, start, end, key, phase) {
  const turn = (phase & 3) * 8;
  const turned = (key << turn) | (turn === 0 ? 0 : key >>> (32 - turn));
  const k0 = turned >>> 24;
  const k1 = (turned >>> 16) & 0xff;
  const k2 = (turned >>> 8) & 0xff;
  const k3 = turned & 0xff;
  const whole = end - ((end - start) & 3);
  let at = start;
  for (; at < whole; at += 4) {
    octets[at] ^= k0;
    octets[at + 1] ^= k1;
    octets[at + 2] ^= k2;
    octets[at + 3] ^= k3;
  }
  if (at < end) octets[at] ^= k0;
  if (at + 1 < end) octets[at + 1] ^= k1;
  if (at + 2 < end) octets[at + 2] ^= k2;
}

// Behind headers of any length, as payload stands.
const way = (mask, octets, size) => (times) => {
  for (let time = 0; time < times; time += 1) {
    const start = 6 + (time & 7);
    mask(octets, start, start + size, 0x37fa213d + time, time & 3);
  }
};

print(
  'Masking',
  SIZES.map((size) => [
    size,
    measure({
      'by octets': way(byOctets, elsewhere, size),
      elsewhere: way(maskInPlace, elsewhere, size),
      'in the read memory': way(maskInPlace, readMemory, size),
    }),
  ]),
);
