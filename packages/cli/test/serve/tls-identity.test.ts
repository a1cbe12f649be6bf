import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { selfSigned } from '../../../../test/support/certificate.ts';
import { makeTlsIdentity, readTlsIdentity } from '../../src/serve/tls-identity.ts';
import { temporaryFolder } from './serving.ts';

const ours = selfSigned();
const other = selfSigned();
const passphrase = { cipher: 'aes-256-cbc', passphrase: 'secret' };
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
const file = (name: string, content: string): string => {
  const path = join(folder.path, name);
  writeFileSync(path, content);
  return path;
};

beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder.dispose());

describe('readTlsIdentity', () => {
  it('reads certificate and key as they are, with the fingerprint that browsers show', () => {
    const identity = readTlsIdentity(file('c.pem', ours.cert), file('k.pem', ours.key));
    expect(identity).toEqual({
      cert: ours.cert,
      key: ours.key,
      fingerprint: new X509Certificate(ours.cert).fingerprint256,
      selfSigned: false,
    });
    expect(identity.fingerprint).toMatch(/^[0-9A-F]{2}(:[0-9A-F]{2}){31}$/);
  });

  it('shows the fingerprint of the first certificate of a chain', () => {
    const chain = file('chain.pem', ours.cert + other.cert);
    const { cert, fingerprint } = readTlsIdentity(chain, file('k.pem', ours.key));
    expect(cert).toBe(ours.cert + other.cert);
    expect(fingerprint).toBe(new X509Certificate(ours.cert).fingerprint256);
  });

  it('takes certificate and key from one file', () => {
    const both = file('both.pem', ours.key + ours.cert);
    expect(readTlsIdentity(both, both).fingerprint).toBe(
      new X509Certificate(ours.cert).fingerprint256,
    );
  });

  it.each(['pkcs8', 'sec1'] as const)('opens a key with its passphrase: %s', (type) => {
    const key = createPrivateKey(ours.key).export({ type, format: 'pem', ...passphrase }) as string;
    const [c, k] = [file('c.pem', ours.cert), file('k.pem', key)];
    const identity = readTlsIdentity(c, k, 'secret');
    expect(createPrivateKey(identity.key).equals(createPrivateKey(ours.key))).toBe(true);
    expect(() => createSecureContext(identity)).not.toThrow();
    expect(() => readTlsIdentity(c, k, 'guess')).toThrow(
      expect.objectContaining({
        exitCode: 2,
        message: `--key ${k}: MEERKAT_KEY_PASSPHRASE does not open it`,
      }),
    );
  });

  const rsaKey = (): string =>
    generateKeyPairSync('rsa', {
      modulusLength: 2048,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    }).privateKey;

  it.each<[string, () => string, () => string, RegExp]>([
    [
      'a key of another certificate',
      () => ours.cert,
      () => other.key,
      /^--key \S+: it is not the key of \S+c\.pem$/,
    ],
    [
      'a key of another kind',
      () => ours.cert,
      rsaKey,
      /^--key \S+: it is not the key of \S+c\.pem$/,
    ],
    [
      'a key in place of the certificate',
      () => ours.key,
      () => ours.key,
      /^--cert \S+: there is no certificate in PEM form/,
    ],
    [
      'a certificate in place of the key',
      () => ours.cert,
      () => ours.cert,
      /^--key \S+: there is no private key in PEM form/,
    ],
    [
      'a public key in place of the private one',
      () => ours.cert,
      () => publicKey.export({ type: 'spki', format: 'pem' }) as string,
      /^--key \S+: there is no private key in PEM form/,
    ],
    [
      'an encrypted key',
      () => ours.cert,
      () => privateKey.export({ type: 'pkcs8', format: 'pem', ...passphrase }) as string,
      /^--key \S+: the key is encrypted: put its passphrase into MEERKAT_KEY_PASSPHRASE$/,
    ],
    [
      'an encrypted key in the old form',
      () => ours.cert,
      () => privateKey.export({ type: 'sec1', format: 'pem', ...passphrase }) as string,
      /^--key \S+: the key is encrypted: put its passphrase into MEERKAT_KEY_PASSPHRASE$/,
    ],
    ['an empty certificate', () => '', () => ours.key, /^--cert \S+: there is no certificate/],
    ['an empty key', () => ours.cert, () => '', /^--key \S+: there is no private key/],
    [
      'a chain that is broken off',
      () => ours.cert + other.cert.slice(0, 200),
      () => ours.key,
      /^--cert /,
    ],
    [
      'a chain with nonsense in its second place',
      () => `${ours.cert}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n`,
      () => ours.key,
      /^--cert /,
    ],
  ])('refuses %s, and says which file it is', (_what, cert, key, message) => {
    const [c, k] = [file('c.pem', cert()), file('k.pem', key())];
    expect(() => readTlsIdentity(c, k)).toThrow(
      expect.objectContaining({ exitCode: 2, message: expect.stringMatching(message) }),
    );
  });

  it('refuses a file that is not there, and a folder', () => {
    const key = file('k.pem', ours.key);
    const missing = join(folder.path, 'none.pem');
    expect(() => readTlsIdentity(missing, key)).toThrow(
      expect.objectContaining({ exitCode: 2, message: `--cert ${missing}: no such file` }),
    );
    expect(() => readTlsIdentity(file('c.pem', ours.cert), missing)).toThrow(
      expect.objectContaining({ exitCode: 2, message: `--key ${missing}: no such file` }),
    );
    const directory = join(folder.path, 'folder');
    mkdirSync(directory);
    expect(() => readTlsIdentity(directory, key)).toThrow(
      expect.objectContaining({
        exitCode: 2,
        message: `--cert ${directory}: cannot be read (EISDIR)`,
      }),
    );
  });
});

describe('makeTlsIdentity', () => {
  it('makes a certificate for the loopback names and those that it is given, signed by itself', async () => {
    const {
      cert,
      key,
      fingerprint,
      selfSigned: isSelfSigned,
    } = await makeTlsIdentity(['example.test', '192.0.2.7', '2001:db8::7', 'localhost']);
    const x509 = new X509Certificate(cert);
    expect(isSelfSigned).toBe(true);
    expect(fingerprint).toBe(x509.fingerprint256);
    for (const name of ['localhost', 'example.test']) expect(x509.checkHost(name)).toBe(name);
    for (const ip of ['127.0.0.1', '::1', '192.0.2.7', '2001:db8::7']) {
      expect(x509.checkIP(ip)).toBe(ip);
    }
    expect(x509.checkHost('other.test')).toBeUndefined();
    expect(x509.verify(x509.publicKey)).toBe(true);
    expect(x509.ca).toBe(false);
    createSecureContext({ cert, key }); // they belong together
  });

  it('is valid now, for a clock that is behind too, and not for long', async () => {
    const { validFrom, validTo } = new X509Certificate((await makeTlsIdentity([])).cert);
    const [from, to] = [Date.parse(validFrom), Date.parse(validTo)];
    const hour = 3_600_000;
    expect(from).toBeLessThan(Date.now() - 12 * hour);
    expect(to).toBeGreaterThan(Date.now() + 24 * hour);
    expect(to).toBeLessThan(Date.now() + 60 * 24 * hour);
  });

  it('makes another key and another serial number each time', async () => {
    const [one, two] = [await makeTlsIdentity([]), await makeTlsIdentity([])];
    expect(one.key).not.toBe(two.key);
    expect(new X509Certificate(one.cert).serialNumber).not.toBe(
      new X509Certificate(two.cert).serialNumber,
    );
  });
});
