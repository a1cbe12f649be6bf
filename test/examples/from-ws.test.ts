import { connect } from 'meerkat';
import { expect, it } from 'vitest';
import { nextMessage, runExample } from '../support/example.ts';

it('from-ws.ts passes text on to everyone, gives octets back, and ends with 0', async () => {
  const { program, url } = await runExample('from-ws');
  await expect(connect(url)).rejects.toMatchObject({ status: 401, body: 'Who are you?\n' });
  const alice = await connect(`${url}?name=alice`);
  expect(await nextMessage(alice)).toBe('Hello, alice.');
  const bob = await connect(`${url}?name=bob`);
  expect(await nextMessage(bob)).toBe('Hello, bob.');
  bob.send('hello');
  expect(await nextMessage(alice)).toBe('bob: hello');
  expect(await nextMessage(bob)).toBe('bob: hello');
  bob.send(new Uint8Array([1, 2]));
  expect(await nextMessage(bob)).toEqual(new Uint8Array([1, 2]));
  bob.send(new Uint8Array(65_537));
  expect(await bob.closed).toMatchObject({ code: 1009, by: 'peer' });
  program.kill('SIGTERM');
  expect(await alice.closed).toMatchObject({ code: 1001, by: 'peer', clean: true });
  expect([await program.exited, program.stderr]).toEqual([0, '']);
});
