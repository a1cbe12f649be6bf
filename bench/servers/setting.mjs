// What every server here is told, the same way on every runtime: FILE PORT [none|deflate]
import { readFileSync } from 'node:fs';
import process from 'node:process';

const [, file = '', portGiven = '', compression = 'none'] = process.argv;

/** Where to listen, on 127.0.0.1; 0 for any port. */
export const port = Number(portGiven);
/** Whether permessage-deflate is spoken: without context takeover on either side, every message however short. */
export const deflate = compression === 'deflate';
/** Key and certificate of a TLS server; undefined for plain TCP. */
export const tls = readPem(process.env.BENCH_TLS);

if (portGiven === '' || !(port >= 0 && port < 65_536) || !/^(none|deflate)$/.test(compression)) {
  console.error(
    `usage: ${file} PORT [none|deflate]\nBENCH_TLS names a PEM file with a key and its certificate`,
  );
  process.exit(2);
}
// Memory is compared after garbage is collected: before, it tells when the collector ran last.
if (process.env.BENCH_GC === '1') {
  process.on('SIGUSR2', () => (globalThis.Bun === undefined ? globalThis.gc() : Bun.gc(true)));
}

/** Says that the server listens, and where nobody chose the port, at which. */
export function ready(actualPort) {
  console.log(port === 0 ? `READY ${actualPort}` : 'READY');
}

function readPem(path) {
  if (path === undefined) return undefined;
  const pem = readFileSync(path, 'utf8');
  return { key: pem, cert: pem };
}
