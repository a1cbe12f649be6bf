import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { createSecureContext } from 'node:tls';
import { CliError } from '../cli-error.ts';

/** What a TLS server shows of itself. */
export interface TlsIdentity {
  /** PEM: the certificate, and those that lead to its authority. */
  readonly cert: string;
  /** PEM, without a passphrase. */
  readonly key: string;
  /** SHA-256 of the certificate, in hex with colons, as browsers show it. */
  readonly fingerprint: string;
  /** Whether it was made on the spot: nobody has a reason to trust it. */
  readonly selfSigned: boolean;
}

/** The variable of the environment that holds the passphrase of a key: on a command line everybody could see it. */
export const KEY_PASSPHRASE = 'MEERKAT_KEY_PASSPHRASE';

const DAY = 86_400_000;
/** Long enough to try something, short enough not to be kept. */
const SELF_SIGNED_DAYS = 30;

/**
 * Reads a certificate and its key.
 *
 * @param passphrase - Of the key, where it has one.
 * @throws {@link CliError} with exit code 2 for files that cannot be read, hold something else, or do not belong together.
 */
export function readTlsIdentity(
  certFile: string,
  keyFile: string,
  passphrase?: string,
): TlsIdentity {
  const cert = read('--cert', certFile);
  const key = decrypted(read('--key', keyFile), keyFile, passphrase);
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(cert);
  } catch {
    throw new CliError(`--cert ${certFile}: there is no certificate in PEM form in it`, 2);
  }
  let privateKey: KeyObject;
  try {
    privateKey = createPrivateKey(key);
  } catch {
    throw new CliError(`--key ${keyFile}: there is no private key in PEM form in it`, 2);
  }
  // A secure context would take the key of another algorithm, and fail every handshake.
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new CliError(`--key ${keyFile}: it is not the key of ${certFile}`, 2);
  }
  try {
    createSecureContext({ cert, key });
  } catch (error) {
    const reason = (error as Error).message;
    throw new CliError(`--cert ${certFile}: TLS cannot be spoken with it: ${reason}`, 2);
  }
  return { cert, key, fingerprint: certificate.fingerprint256, selfSigned: false };
}

/** A key without its passphrase; one that has none as it is. */
function decrypted(key: string, file: string, passphrase: string | undefined): string {
  if (!/BEGIN ENCRYPTED|Proc-Type: 4,ENCRYPTED/.test(key)) return key;
  if (passphrase === undefined) {
    throw new CliError(
      `--key ${file}: the key is encrypted: put its passphrase into ${KEY_PASSPHRASE}`,
      2,
    );
  }
  try {
    const opened = createPrivateKey({ key, passphrase });
    return opened.export({ type: 'pkcs8', format: 'pem' }).toString();
  } catch {
    throw new CliError(`--key ${file}: ${KEY_PASSPHRASE} does not open it`, 2);
  }
}

function read(option: string, file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const problem = code === 'ENOENT' ? 'no such file' : `cannot be read (${code})`;
    throw new CliError(`${option} ${file}: ${problem}`, 2);
  }
}

/**
 * Makes a certificate that is valid for this machine's loopback names and for `hosts`, and signed by nobody but itself.
 *
 * @param hosts - Names and IP addresses.
 */
export async function makeTlsIdentity(hosts: readonly string[]): Promise<TlsIdentity> {
  const { generate } = await import('selfsigned'); // slow to load, and seldom needed
  const names = new Set(['localhost', '127.0.0.1', '::1', ...hosts]);
  const now = Date.now();
  const made = await generate([{ name: 'commonName', value: 'meerkat serve --tls' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate: new Date(now - DAY), // of a client whose clock is behind
    notAfterDate: new Date(now + SELF_SIGNED_DAYS * DAY),
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [...names].map((name) =>
          isIP(name) === 0 ? { type: 2, value: name } : { type: 7, ip: name },
        ),
      },
    ],
  });
  const { fingerprint256 } = new X509Certificate(made.cert);
  return { cert: made.cert, key: made.private, fingerprint: fingerprint256, selfSigned: true };
}
