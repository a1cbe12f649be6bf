import { X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { selfSigned } from '../../../../test/support/certificate.ts';
import { parseListenUrl } from '../../src/serve/listen-address.ts';
import { planListening } from '../../src/serve/listen-plan.ts';
import { temporaryFolder } from './serving.ts';

async function certificateFiles(): Promise<{ cert: string; key: string }> {
  const folder = await temporaryFolder();
  onTestFinished(() => folder.dispose());
  const { cert, key } = selfSigned();
  const files = { cert: join(folder.path, 'c.pem'), key: join(folder.path, 'k.pem') };
  writeFileSync(files.cert, cert);
  writeFileSync(files.key, key);
  return files;
}

describe('planListening', () => {
  it('A2 listens on localhost, port 8000, without TLS, unless it is told otherwise', async () => {
    expect(await planListening({})).toEqual({
      listen: [{ secure: false, host: '127.0.0.1', port: 8000 }],
      tls: undefined,
    });
  });

  it('takes host and port, with or without brackets', async () => {
    for (const host of ['[::1]', '::1']) {
      expect((await planListening({ host, port: 9 })).listen).toEqual([
        { secure: false, host: '::1', port: 9 },
      ]);
    }
  });

  it('makes the one address secure with --tls, and with --cert and --key', async () => {
    const made = await planListening({ tls: true, port: 0 });
    expect(made.listen).toEqual([{ secure: true, host: '127.0.0.1', port: 0 }]);
    expect(made.tls?.selfSigned).toBe(true);
    const read = await planListening({ ...(await certificateFiles()), port: 0 });
    expect(read.listen).toEqual(made.listen);
    expect(read.tls?.selfSigned).toBe(false);
  });

  it('B5 leaves ws:// and wss:// beside each other as they are', async () => {
    const listen = ['ws://localhost:1', 'wss://a.test:2', 'unix:/s', 'unix+tls:/t'].map(
      parseListenUrl,
    );
    const plan = await planListening({ listen, tls: true });
    expect(plan.listen).toEqual(listen);
    expect(new X509Certificate(plan.tls?.cert ?? '').checkHost('a.test')).toBe('a.test');
  });

  it('makes a certificate for every name of this machine when it listens on all addresses', async () => {
    for (const host of ['0.0.0.0', '::']) {
      const { tls } = await planListening({ host, tls: true });
      expect(new X509Certificate(tls?.cert ?? '').checkHost(hostname())).toBeTruthy();
    }
  });

  it.each([
    ['--cert without --key', { cert: 'c.pem' }, /--cert and --key/],
    ['--key without --cert', { key: 'k.pem' }, /--cert and --key/],
    ['wss:// without a certificate', { listen: [parseListenUrl('wss://x')] }, /--tls.*on the spot/],
    ['unix+tls: without one', { listen: [parseListenUrl('unix+tls:/s')] }, /--tls.*on the spot/],
    [
      '--tls with nothing to use it on',
      { listen: [parseListenUrl('ws://x'), parseListenUrl('unix:/s')], tls: true as const },
      /^--tls: none of the addresses/,
    ],
    [
      '--cert with nothing to use it on',
      { listen: [parseListenUrl('ws://x')], cert: 'c', key: 'k' },
      /^--cert: none of the addresses/,
    ],
  ])('refuses %s as wrong usage', async (_what, flags, message) => {
    await expect(planListening(flags)).rejects.toMatchObject({
      name: 'CliError',
      exitCode: 2,
      message: expect.stringMatching(message),
    });
  });
});
