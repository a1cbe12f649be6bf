import { createPrivateKey } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { selfSigned } from '../../../../test/support/certificate.ts';
import { readReport } from '../../src/bench/report/read-report.ts';
import { readTlsFlags, type TlsFlags } from '../../src/dialling/tls-flags.ts';
import { runScenario } from '../bench/scenario/running.ts';
import { Command } from '../connect/command.ts';
import { meerkatServer } from '../connect/servers.ts';

const server = selfSigned();
const client = selfSigned();
const folder = mkdtempSync(join(tmpdir(), 'meerkat-tls-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const ca = file('ca.pem', server.cert);
const cert = file('cert.pem', client.cert);
const key = file('key.pem', client.key);
const locked = file(
  'locked.pem',
  createPrivateKey(client.key)
    .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'open sesame' })
    .toString(),
);

/** A server that lets in who shows the certificate of the client. */
async function wantsCertificate(): Promise<string> {
  const terms = { ...server, requestCert: true, rejectUnauthorized: true, ca: client.cert };
  return await meerkatServer({}, terms);
}

async function run(...args: readonly string[]): Promise<{ code: number; said: string }> {
  const command = new Command();
  command.stdin.end();
  const code = await command.run(...args);
  return { code, said: command.output + command.errors };
}

describe('the flags of TLS', () => {
  const secure = [new URL('wss://a.example/')];

  it('are what tls.connect takes, and nothing else', () => {
    expect(readTlsFlags(secure, {}, {})).toEqual({});
    expect(readTlsFlags(secure, { ca, cert, key }, {})).toEqual({
      ca: server.cert,
      cert: client.cert,
      key: client.key,
    });
    expect(readTlsFlags(secure, { insecure: true }, {})).toEqual({ rejectUnauthorized: false });
  });

  it('open a key by the passphrase of the environment', () => {
    const env = { MEERKAT_KEY_PASSPHRASE: 'open sesame' };
    const read = readTlsFlags(secure, { cert, key: locked }, env);
    expect(createPrivateKey(read.key ?? '').equals(createPrivateKey(client.key))).toBe(true);
  });

  it.each<[string, TlsFlags, NodeJS.ProcessEnv, string]>([
    ['a certificate alone', { cert }, {}, '--cert and --key: one does not go without the other'],
    ['a key alone', { key }, {}, '--cert and --key: one does not go without the other'],
    ['the key of another', { cert: ca, key }, {}, `--key ${key}: it is not the key of ${ca}`],
    ['no file', { cert: 'no.pem', key }, {}, '--cert no.pem: no such file'],
    [
      'a key that is locked',
      { cert, key: locked },
      {},
      `--key ${locked}: the key is encrypted: put its passphrase into MEERKAT_KEY_PASSPHRASE`,
    ],
    [
      'another passphrase',
      { cert, key: locked },
      { MEERKAT_KEY_PASSPHRASE: 'open barley' },
      `--key ${locked}: MEERKAT_KEY_PASSPHRASE does not open it`,
    ],
    ['no authority', { ca: 'no.pem' }, {}, '--ca no.pem: no such file'],
  ])('refuse %s', (_what, flags, env, message) => {
    expect(() => readTlsFlags(secure, flags, env)).toThrow(
      expect.objectContaining({ exitCode: 2, message }),
    );
  });

  it.each(['--ca', '--cert', '--key'])('refuse %s without wss://', async (flag) => {
    for (const command of ['connect', 'check', 'bench', 'diagnose']) {
      const { code, said } = await run(command, 'ws://localhost:1/', flag, cert);
      expect(said).toBe(`meerkat: ${flag} is for wss://; ws:// is not encrypted at all\n`);
      expect(code).toBe(2);
    }
  });
});

describe('a server that wants a certificate', () => {
  const trusting = ['--ca', ca];
  const known = [...trusting, '--cert', cert, '--key', key];

  it.each<[string, readonly string[], code: number]>([
    ['connect', ['-m', 'a'], 1],
    ['check', ['--cases', '1.1.1'], 2],
    ['diagnose', [], 1],
  ])('lets %s in with --cert and --key, and nobody without', async (command, args, refused) => {
    const url = await wantsCertificate();
    expect((await run(command, ...args, ...trusting, url)).code).toBe(refused);
    expect((await run(command, ...args, ...known, url)).code).toBe(0);
  });

  it('lets a load in with them, whose report holds neither, and says to one without what it wants', async () => {
    const url = await wantsCertificate();
    const bench = ['bench', url, '-c', '1', '-t', '50ms', '--warm-up', '0', '--quiet'];
    const stranger = await run(...bench, ...trusting);
    expect(stranger.said.replace(/\s+/g, ' ')).toContain('--cert FILE --key FILE');
    expect(stranger.code).toBe(1);
    const guest = await run(...bench, ...known, '--json', '-');
    expect(guest.code).toBe(0);
    const [json = ''] = /^\{$[\s\S]*^\}$/m.exec(guest.said) ?? [];
    expect(json).not.toContain('-----BEGIN');
    expect(readReport(json).plan).toMatchObject({ cert: '(given)', key: '(redacted)' });
  });

  it('lets users of a scenario in with them', async () => {
    const plan = { ca: server.cert, cert: client.cert, key: client.key };
    const done = await runScenario(
      await wantsCertificate(),
      'steps: [send: a, expect: a]',
      ({ turns }) => turns.length > 0,
      { plan },
    );
    expect(done.failures).toEqual([]);
  });
});
