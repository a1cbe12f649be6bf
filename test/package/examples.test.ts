import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'meerkat';
import { RawPeer } from 'meerkat/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { nextMessage } from '../support/example.ts';
import { Program, root } from '../support/program.ts';

const running: Program[] = [];

function start(file: string, args: string[] = [], env: NodeJS.ProcessEnv = {}): Program {
  const program = Program.source(file, args, env);
  running.push(program);
  return program;
}

async function echoUrl(server: Program): Promise<string> {
  const [, port] = await server.prints(/port: (\d+)/);
  return `ws://localhost:${port}/websocket`;
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((program) => program.stop()));
});

describe('the examples', () => {
  const examples = readdirSync(join(root, 'examples')).filter((name) => name.endsWith('.ts'));

  it.each(examples)('%s has less than 60 lines', (name) => {
    const lines = readFileSync(join(root, 'examples', name), 'utf8').split('\n').length - 1;
    expect(lines).toBeLessThan(60);
  });

  it('echo-server.ts and client.ts speak to each other', async () => {
    const server = start('examples/echo-server.ts', [], { PORT: '0' });
    const url = await echoUrl(server);
    const client = start('examples/client.ts', [url]);
    expect(await client.exited).toBe(0);
    expect(client.stdout).toContain('text: Hello World!');
    expect(client.stdout).toContain('binary: 1 2 3');
    expect(client.stdout).toContain('closed: 1000, by local, cleanly');
    await server.prints(/left: 1000 done/);
  });

  it.each(['echo-server.ts', 'tutorial-chat.ts'])(
    '%s ends on SIGTERM though a client connected and never sent anything',
    async (name) => {
      const server = start(`examples/${name}`, [], { PORT: '0' });
      const [, port] = await server.prints(/port: (\d+)/);
      const peer = await RawPeer.connect(Number(port));
      server.kill('SIGTERM');
      expect(await server.exited).toBe(0);
      await peer.close();
    },
  );

  it('client.ts says what was wrong with a handshake', async () => {
    const server = start('examples/echo-server.ts', [], { PORT: '0' });
    const url = await echoUrl(server);
    const client = start('examples/client.ts', [url.replace('/websocket', '/nowhere')]);
    expect(await client.exited).toBe(1);
    expect(client.stderr).toContain('WS_RESPONSE_STATUS: the server did not upgrade: 404');
  });

  it('chat-server.ts lets in who has a token, and passes lines on', async () => {
    const server = start('examples/chat-server.ts', [], { PORT: '0' });
    const [url] = await server.prints(/ws:\/\/\S+/);
    await expect(connect(url, { subprotocols: ['chat'] })).rejects.toMatchObject({
      code: 'WS_RESPONSE_STATUS',
      status: 401,
      body: 'Who are you?\n',
    });
    const enter = (secret: string) =>
      connect(url, {
        subprotocols: ['chat'],
        headers: { Authorization: `Bearer ${secret}` },
      });
    const alice = await enter('a-secret');
    expect(alice.protocol).toBe('chat');
    expect(await nextMessage(alice)).toBe('Welcome, Alice.');
    const bob = await enter('b-secret');
    expect(await nextMessage(alice)).toBe('Bob is here.');
    bob.send('Hello!');
    expect(await nextMessage(alice)).toBe('Bob: Hello!');
    bob.send(new Uint8Array([1]));
    expect(await bob.closed).toMatchObject({ code: 1003, by: 'peer' });
    expect(await nextMessage(alice)).toBe('Bob left.');
    alice.close();
    expect((await alice.closed).clean).toBe(true);
  });
});
