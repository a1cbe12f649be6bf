// The same server, attached to one of node:http, which accepts the connections and reads the requests.
process.env.BENCH_ATTACH = '1';
await import('./meerkat.mjs');
