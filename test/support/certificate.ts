import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';

/** A key and a certificate, both as PEM. */
export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

/** What a certificate says. */
export interface CertificateSubject {
  /** Names that it is valid for. @default localhost */
  readonly names?: readonly string[];
  /** IPv4 addresses that it is valid for. @default 127.0.0.1 */
  readonly addresses?: readonly string[];
  /** Who says that it signed it; nobody has the certificate of another one than the subject itself. @default the subject */
  readonly issuer?: string;
  /** @default yesterday */
  readonly notBefore?: Date;
  /** @default tomorrow */
  readonly notAfter?: Date;
}

const DAY = 86_400_000;

/** Makes a self-signed certificate (RFC 5280): Node has no call for it, and openssl is not on every machine. */
export function selfSigned(subject: CertificateSubject = {}): Certificate {
  const { names = ['localhost'], addresses = ['127.0.0.1'] } = subject;
  const { notBefore = new Date(Date.now() - DAY), notAfter = new Date(Date.now() + DAY) } = subject;
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const commonName = (name: string): Buffer =>
    sequence(der(0x31, sequence(identifier('2.5.4.3'), utf8(name))));
  const { issuer = 'meerkat test' } = subject;
  const algorithm = sequence(identifier('1.2.840.10045.4.3.2')); // ecdsa-with-SHA256
  const alternatives = sequence(
    ...names.map((name) => der(0x82, Buffer.from(name, 'latin1'))),
    ...addresses.map((address) => der(0x87, Buffer.from(address.split('.').map(Number)))),
  );
  const extensions = sequence(sequence(identifier('2.5.29.17'), der(0x04, alternatives)));
  const toBeSigned = sequence(
    der(0xa0, integer(Buffer.of(2))), // version 3
    integer(Buffer.concat([Buffer.of(1), randomBytes(8)])), // serial number
    algorithm,
    commonName(issuer), // issuer
    sequence(time(notBefore), time(notAfter)),
    commonName('meerkat test'), // subject
    publicKey.export({ format: 'der', type: 'spki' }),
    der(0xa3, extensions),
  );
  const signature = der(0x03, Buffer.of(0), sign('sha256', toBeSigned, privateKey));
  const certificate = sequence(toBeSigned, algorithm, signature);
  return {
    key: privateKey.export({ format: 'pem', type: 'pkcs8' }) as string,
    cert: `-----BEGIN CERTIFICATE-----\n${wrapped(certificate)}\n-----END CERTIFICATE-----\n`,
  };
}

/** One element of the distinguished encoding rules: tag, length, contents. */
function der(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  const length =
    content.length < 0x80
      ? [content.length]
      : content.length < 0x100
        ? [0x81, content.length]
        : [0x82, content.length >>> 8, content.length & 0xff];
  return Buffer.concat([Buffer.of(tag, ...length), content]);
}

function sequence(...contents: readonly Uint8Array[]): Buffer {
  return der(0x30, ...contents);
}

function integer(octets: Uint8Array): Buffer {
  return der(0x02, octets);
}

function utf8(text: string): Buffer {
  return der(0x0c, Buffer.from(text));
}

function time(date: Date): Buffer {
  const digits = date.toISOString().replace(/[-:T]|\.\d+/g, '');
  return der(0x18, Buffer.from(digits, 'latin1'));
}

function identifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const octets = [first * 40 + second];
  for (const arc of rest) {
    const groups = [arc & 0x7f];
    for (let left = arc >>> 7; left > 0; left >>>= 7) groups.unshift((left & 0x7f) | 0x80);
    octets.push(...groups);
  }
  return der(0x06, Buffer.from(octets));
}

function wrapped(octets: Buffer): string {
  return (octets.toString('base64').match(/.{1,64}/g) ?? []).join('\n');
}
