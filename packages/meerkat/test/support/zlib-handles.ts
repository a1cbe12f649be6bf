// Tells whether this process compresses on handles of zlib, and what it was warned of meanwhile.
import { deflateOnLoop } from '../../src/connection/compression/loop-deflater.ts';
import { inflateOnLoop } from '../../src/connection/compression/loop-inflater.ts';
import { deflateNow, inflateNow } from '../../src/connection/compression/raw-deflate.ts';

const warnings: string[] = [];
process.on('warning', ({ name, message }) => {
  // The switch for permissions is one that Node 20 and 22 warn of themselves.
  if (!message.startsWith('Permission is an experimental feature')) {
    warnings.push(`${name}: ${message}`);
  }
});

const settings = { level: 3, memLevel: 5, windowBits: 12 };
const message = Buffer.from('meerkat, meerkat, meerkat');
const compressed = deflateNow(message, undefined, settings);
const inflated = inflateNow(compressed, undefined, 1_000);
const broken = inflateNow(Buffer.from('ffffffff', 'hex'), undefined, 1_000);

setImmediate(() => {
  console.log(
    JSON.stringify({
      deflates: deflateOnLoop(message, settings) !== undefined,
      inflates: inflateOnLoop(compressed, undefined, 1_000) !== undefined,
      inflated: inflated.toString(),
      broken,
      warnings,
    }),
  );
});
