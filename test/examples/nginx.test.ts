import { connect as dialTcp } from 'node:net';
import { connect } from 'meerkat';
import { expect, it } from 'vitest';
import { nextMessage, runExample } from '../support/example.ts';
import { describeWithNginx, runNginx } from '../support/nginx.ts';

describeWithNginx('behind-nginx.ts behind nginx.conf', () => {
  async function runBoth(
    env: NodeJS.ProcessEnv = {},
    replacements: readonly (readonly [string, string])[] = [],
  ) {
    const { program, url } = await runExample('behind-nginx', env);
    const port = await runNginx(new URL(url).port, replacements);
    return {
      program,
      authority: `localhost:${port}`,
      url: `ws://localhost:${port}/websocket`,
    };
  }

  it('speaks through it: messages, a large one too, and the closing handshake', async () => {
    const { url, authority } = await runBoth();
    const connection = await connect(url);
    expect(await nextMessage(connection)).toBe('You are 127.0.0.1');
    const large = Buffer.alloc(500_000, 7);
    connection.send(large);
    expect(large.equals((await nextMessage(connection)) as Uint8Array)).toBe(true);
    connection.close(4000, 'enough');
    expect(await connection.closed).toMatchObject({ code: 4000, clean: true });
    expect((await fetch(`http://${authority}/websocket`)).status).toBe(404); // not an upgrade: as usual
  });

  it('lets in pages of the address that was asked for, with its port, and no others', async () => {
    const { url, authority } = await runBoth();
    const dial = (Origin: string) => connect(url, { headers: { Origin } });
    await using connection = await dial(`http://${authority}`);
    expect(connection.state).toBe('open');
    await expect(dial('http://localhost')).rejects.toMatchObject({ status: 403 });
    await expect(dial('https://evil.example')).rejects.toMatchObject({ status: 403 });
  });

  it('tells the address that nginx saw, whatever the client writes into X-Forwarded-For', async () => {
    const { url } = await runBoth();
    await using connection = await connect(url, {
      headers: { 'X-Forwarded-For': '203.0.113.9' },
      createConnection: ({ port }) =>
        dialTcp({ host: '127.0.0.1', port, localAddress: '127.0.0.2' }),
    });
    expect(await nextMessage(connection)).toBe('You are 127.0.0.2');
  });

  it('takes the last address that is none of its proxies, and no word for an address', async () => {
    const { url } = await runExample('behind-nginx');
    const addresses = [
      ['203.0.113.9', '203.0.113.9'],
      ['198.51.100.1, 203.0.113.9', '203.0.113.9'],
      ['198.51.100.1, 2001:db8::9, 127.0.0.1', '2001:db8::9'],
      ['unknown', '127.0.0.1'],
      [',', '127.0.0.1'],
    ];
    for (const [forwarded = '', address] of addresses) {
      await using connection = await connect(url, { headers: { 'X-Forwarded-For': forwarded } });
      expect(await nextMessage(connection)).toBe(`You are ${address}`);
    }
  });

  const brief = [['proxy_read_timeout 60s', 'proxy_read_timeout 1s']] as const;

  it('keeps a connection on which nobody speaks for longer than proxy_read_timeout, because of the pings', async () => {
    const { url } = await runBoth({ PING_INTERVAL: '250' }, brief);
    let pings = 0;
    let enough = (): void => {};
    const waited = new Promise<void>((resolve) => {
      enough = resolve;
    });
    await using connection = await connect(url, {
      ping() {
        pings += 1;
        if (pings === 10) enough(); // after 2,250 ms at the least: more than twice the timeout
      },
    });
    await Promise.race([waited, connection.closed]);
    expect(connection.state).toBe('open');
  });

  it('loses such a connection where there are no pings', async () => {
    const { url } = await runBoth({ PING_INTERVAL: '0' }, brief);
    const connection = await connect(url);
    expect(await nextMessage(connection)).toBe('You are 127.0.0.1');
    expect(await connection.closed).toMatchObject({ code: 1006, clean: false });
  });

  it('passes the restart of the server on to the client', async () => {
    const { program, url } = await runBoth();
    const connection = await connect(url);
    await nextMessage(connection);
    program.kill('SIGTERM');
    expect(await connection.closed).toMatchObject({ code: 1001, clean: true });
    expect(await program.exited).toBe(0);
    await expect(connect(url)).rejects.toMatchObject({ status: 502 });
  });
});
