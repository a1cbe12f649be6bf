import { once } from 'node:events';
import { connect as dialTcp } from 'node:net';
import { connect } from 'meerkat';
import { expect, it } from 'vitest';
import { nextMessage, runExample } from '../support/example.ts';

async function probe(http: string): Promise<number> {
  const response = await fetch(new URL('/ready', http));
  await response.text();
  return response.status;
}

it('graceful-deploy.ts sends everyone away with 1012 on SIGTERM, and ends with 0', async () => {
  const { program, url, http } = await runExample('graceful-deploy', { PROBE_DELAY: '0' });
  expect(await probe(http)).toBe(200);
  const connections = await Promise.all([connect(url), connect(url)]);
  const silent = dialTcp({ host: 'localhost', port: Number(new URL(url).port) }); // says nothing, ever
  await once(silent, 'connect');
  program.kill('SIGTERM');
  await program.prints(/stopping, 2 connected/);
  for (const connection of connections) {
    expect(await connection.closed).toMatchObject({
      code: 1012,
      reason: 'restarting',
      clean: true,
    });
  }
  expect(await program.exited).toBe(0);
  silent.destroy();
  expect(program.stdout).toContain('all connections are closed');
});

it('graceful-deploy.ts is not ready after SIGTERM, though it still accepts; a second one ends it', async () => {
  const { program, url, http } = await runExample('graceful-deploy', { PROBE_DELAY: '60000' });
  program.kill('SIGTERM');
  await program.prints(/stopping, 0 connected/);
  expect(await probe(http)).toBe(503);
  const late = await connect(url);
  late.send('hello');
  expect(await nextMessage(late)).toBe('hello');
  program.kill('SIGTERM');
  expect(await program.exited).toBe(1);
  await late.closed;
});
