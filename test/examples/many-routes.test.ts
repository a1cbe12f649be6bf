import { connect } from 'meerkat';
import { expect, it } from 'vitest';
import { nextMessage, runExample } from '../support/example.ts';

it('many-routes.ts has an echo at two paths, with the limits of its own', async () => {
  const { url } = await runExample('many-routes');
  for (const path of ['/echo', '/v1/echo']) {
    const connection = await connect(new URL(path, url));
    connection.send('hello');
    expect(await nextMessage(connection)).toBe('hello');
    connection.send('x'.repeat(1025));
    expect(await connection.closed).toMatchObject({ code: 1009 });
  }
});

it('many-routes.ts takes large binary messages from programs, and nothing from web pages', async () => {
  const { url, http } = await runExample('many-routes');
  const upload = new URL('/upload', url);
  const Origin = new URL(http).origin;
  await expect(connect(upload, { headers: { Origin } })).rejects.toMatchObject({ status: 403 });
  await using connection = await connect(upload);
  connection.send(new Uint8Array(2_000_000));
  expect(await nextMessage(connection)).toBe('2000000 octets');
  connection.send('text');
  expect(await connection.closed).toMatchObject({ code: 1003 });
});

it('many-routes.ts tells the time to every web page, and listens to none; SIGTERM ends all', async () => {
  const { program, url } = await runExample('many-routes');
  const clock = new URL('/clock', url);
  const page = { headers: { Origin: 'https://elsewhere.example' } };
  const [first, second] = await Promise.all([connect(clock, page), connect(clock, page)]);
  expect(await nextMessage(first)).toMatch(/^\d{4}-\d\d-\d\dT/);
  second.send('?');
  expect(await second.closed).toMatchObject({ code: 1008, reason: 'only listen' });
  const echo = await connect(url);
  program.kill('SIGTERM');
  for (const connection of [first, echo]) {
    expect(await connection.closed).toMatchObject({ code: 1001, clean: true });
  }
  expect(await program.exited).toBe(0);
});
