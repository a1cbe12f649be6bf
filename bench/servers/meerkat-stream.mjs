// The same server on Node's own streams: what a Node without the internals of the other transport gets.
process.env.MEERKAT_TRANSPORT = 'stream';
await import('./meerkat.mjs');
