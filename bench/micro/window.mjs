// A published message enters the window of a subscriber that takes its context over: by reference, meerkat's way, or copied.
import { History } from '../../packages/meerkat/dist/connection/compression/history.js';
import { measure, print } from './measure.mjs';

const SIZES = [64, 1024, 4096];

const way = (windowBits, take, size) => {
  const message = new Uint8Array(size);
  const history = new History(windowBits);
  return (times) => {
    for (let time = 0; time < times; time += 1) take(history, message);
  };
};

const copied = (history, message) => history.push(message);
const referred = (history, message) => history.refer(message);

print(
  'The window',
  SIZES.map((size) => [
    size,
    measure({
      'copied, 4 KiB': way(12, copied, size),
      'meerkat, 4 KiB': way(12, referred, size),
      'copied, 32 KiB': way(15, copied, size),
      'meerkat, 32 KiB': way(15, referred, size),
    }),
  ]),
);
