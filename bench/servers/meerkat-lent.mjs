// The same server, lending binary messages to its handlers.
process.env.BENCH_LEND = '1';
await import('./meerkat.mjs');
