import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Makes a certificate for this run. Returns the path of a PEM file with it and its key, gone when this process is. */
export async function makeCertificate() {
  const { generate } = await import('selfsigned'); // slow to load, and seldom needed
  const made = await generate([{ name: 'commonName', value: 'meerkat bench' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }],
  });
  const folder = mkdtempSync(join(tmpdir(), 'meerkat-bench-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'tls.pem');
  writeFileSync(file, `${made.private}${made.cert}`, { mode: 0o600 });
  return file;
}
