import { once } from 'node:events';
import { connect as dialTcp } from 'node:net';
import { connect } from 'meerkat';
import { describe, expect, it } from 'vitest';
import { nextMessage, runExample } from '../support/example.ts';

describe.each([
  ['echo-server', '/', 'Speak WebSocket at /websocket\n', 200],
  ['express', '/connections', '{"connections":0}', 200],
  // A request whose end comes after SIGTERM has not begun for Fastify, which says that it is leaving.
  ['fastify', '/connections', '{"connections":0}', 503],
  ['hono', '/connections', '{"connections":0}', 200],
])('%s.ts', (name, path, body, lateStatus) => {
  it('answers requests and WebSockets on one port, and 404 to an upgrade at another path', async () => {
    const { url, http } = await runExample(name);
    const response = await fetch(new URL(path, http));
    expect([response.status, await response.text()]).toEqual([200, body]);
    await expect(connect(new URL('/nowhere', url))).rejects.toMatchObject({ status: 404 });
    await using connection = await connect(url);
    connection.send('text');
    connection.send(new Uint8Array([1, 2]));
    expect(await nextMessage(connection)).toBe('text');
    expect(await nextMessage(connection)).toEqual(new Uint8Array([1, 2]));
  });

  it('ends with 0 on SIGTERM: 1001 to who is connected, an answer to a request in progress', async () => {
    const { program, url, http } = await runExample(name);
    const connection = await connect(url);
    const { hostname, port } = new URL(http);
    const request = dialTcp({ host: hostname, port: Number(port) });
    await once(request, 'connect');
    request.write(`GET ${path} HTTP/1.1\r\nHost: ${hostname}:${port}\r\n`);
    await connection.ping(); // so that the request is there as well
    program.kill('SIGTERM');
    expect(await connection.closed).toMatchObject({ code: 1001, by: 'peer', clean: true });
    await expect(connect(url)).rejects.toThrow();
    request.write('Connection: close\r\n\r\n');
    const [answer] = (await once(request, 'data')) as [Buffer];
    expect(answer.toString('latin1')).toMatch(new RegExp(`^HTTP/1\\.1 ${lateStatus} `));
    request.destroy();
    expect(await program.exited).toBe(0);
    expect(program.stderr).toBe('');
  });
});
