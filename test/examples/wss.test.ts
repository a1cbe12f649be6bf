import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'meerkat';
import { expect, it, onTestFinished } from 'vitest';
import { type Certificate, selfSigned } from '../support/certificate.ts';
import { nextMessage, runExample } from '../support/example.ts';

function certificateFiles() {
  const folder = mkdtempSync(join(tmpdir(), 'meerkat-wss-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const files = [join(folder, 'cert.pem'), join(folder, 'key.pem')] as const;
  const write = ({ cert, key }: Certificate): void => {
    writeFileSync(files[0], cert);
    writeFileSync(files[1], key);
  };
  return { files, write };
}

it('B5 wss.ts speaks wss: at its port and path, and ends with 0 on SIGTERM', async () => {
  const { files, write } = certificateFiles();
  const certificate = selfSigned();
  write(certificate);
  const { program, url, http } = await runExample('wss', {}, files);
  expect(http).toMatch(/^https:/);
  expect(url).toMatch(/^wss:\/\/localhost:\d+\/websocket$/);
  const connection = await connect(url, { tls: { ca: certificate.cert } });
  connection.send('hello');
  expect(await nextMessage(connection)).toBe('hello');
  await expect(connect(url)).rejects.toMatchObject({ code: 'MEERKAT_CONNECT_FAILED' });
  program.kill('SIGTERM');
  expect(await connection.closed).toMatchObject({ code: 1001, clean: true });
  expect(await program.exited).toBe(0);
});

it('wss.ts reads a renewed certificate on SIGHUP, keeps who is connected, and survives a bad one', async () => {
  const { files, write } = certificateFiles();
  const [old, renewed] = [selfSigned(), selfSigned()];
  write(old);
  const { program, url } = await runExample('wss', {}, files);
  const before = await connect(url, { tls: { ca: old.cert } });
  write(renewed);
  program.kill('SIGHUP');
  await program.prints(/the certificate was read again/);
  const after = await connect(url, { tls: { ca: renewed.cert } });
  write({ cert: renewed.cert, key: old.key });
  program.kill('SIGHUP');
  await program.prints(/the old certificate stays/, 'stderr');
  await using third = await connect(url, { tls: { ca: renewed.cert } });
  expect(await third.ping()).toBeGreaterThan(0);
  for (const connection of [before, after]) {
    expect(await connection.ping()).toBeGreaterThan(0);
    await connection[Symbol.asyncDispose]();
  }
});
