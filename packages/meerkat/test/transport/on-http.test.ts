import { AsyncLocalStorage } from 'node:async_hooks';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect } from 'meerkat';
import { RawPeer } from 'meerkat/testing';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { FROM_SOURCE, Program } from '../../../../test/support/program.ts';
import { dial } from '../support/dialling.ts';
import { expectNothingUnhandled } from '../support/failures.ts';
import { frame, TEXT } from '../support/frames.ts';
import { upgradeRequest } from '../support/handshake.ts';
import { echo, type SiteOptions, serve } from '../support/serving.ts';
import { turns, until } from '../support/waiting.ts';
import { KINDS, type TcpTransport } from './tcp-transports.ts';

beforeEach(expectNothingUnhandled);

/** Only the stream transport listens for data, and only a connection without a socket has nothing to listen to. */
function kindOf(socket: Socket | undefined): string {
  if (socket?.listenerCount === undefined) return 'bare';
  return socket.listenerCount('data') === 0 ? 'handle' : 'stream';
}

/** Where the switch of the process says so, it is the stream transport whatever is asked for. */
function expectedOf(kind: string): string {
  return process.env['MEERKAT_TRANSPORT'] === 'stream' ? 'stream' : kind;
}

/** How a server comes to each kind: by a socket of node:http, or without any. */
function askingFor(kind: TcpTransport): { transport: 'handle' | 'stream'; site: SiteOptions } {
  if (kind === 'bare') return { transport: 'handle', site: { way: 'own' } };
  return { transport: kind, site: { way: 'http' } };
}

describe.each(KINDS)('a WebSocket on the %s transport', (kind) => {
  const { transport, site: asked } = askingFor(kind);

  it('is what was asked for, at both ends', async () => {
    const { url, sockets } = await serve({ ...echo, transport }, asked);
    let dialled: Socket | undefined;
    const { connection, next } = await dial(url, {
      transport,
      createConnection(request) {
        dialled = connectTcp(request);
        return dialled;
      },
    });
    connection.send('there and back');
    expect(await next()).toBe('there and back');
    expect([kindOf(sockets[0]), kindOf(dialled)]).toEqual([
      expectedOf(kind),
      expectedOf(transport),
    ]);
  });

  it('outlives the timeouts of node:http', async () => {
    const { url, server } = await serve(
      { ...echo, transport },
      {
        ...asked,
        http: {
          keepAliveTimeout: 1,
          headersTimeout: 1,
          requestTimeout: 2,
          connectionsCheckingInterval: 5,
        },
      },
    );
    server.setTimeout(10);
    server.timeout = 10;
    const { connection, next } = await dial(url, { transport });
    const over = performance.now() + 150;
    await until(() => performance.now() > over);
    connection.send('still here');
    expect(await next()).toBe('still here');
  });

  it('outlives closeAllConnections() and close() of its HTTP server', async () => {
    const { url, server } = await serve({ ...echo, transport }, asked);
    const { connection, next } = await dial(url, { transport });
    server.closeAllConnections();
    server.closeIdleConnections();
    server.close();
    await turns();
    connection.send('still here');
    expect(await next()).toBe('still here');
  });

  it('hands over what came in one packet with the request', async () => {
    const { url } = await serve(
      { ...echo, transport, upgrade: () => turns(3).then(() => undefined) },
      asked,
    );
    const { connection, next } = await dial(url, { transport });
    for (let count = 0; count < 50; count += 1) connection.send(`message ${count}`);
    for (let count = 0; count < 50; count += 1) expect(await next()).toBe(`message ${count}`);
  });

  it.each([
    ['before anybody decided', 'upgrade'],
    ['when it is let in', 'open'],
    ['behind a message', 'message'],
  ])('goes without a trace when its peer resets it %s', async (_, point) => {
    let reset = (): void => {};
    const site = await serve(
      {
        transport,
        upgrade: async () => {
          if (point === 'upgrade') reset();
          await turns(3);
        },
        open: (connection) => {
          if (point === 'open') reset();
          connection.send('welcome');
        },
        message: (connection, message) => {
          if (point === 'message') reset();
          connection.send(message);
          connection.send(Buffer.alloc(3_000_000));
        },
      },
      asked,
    );
    for (let round = 0; round < 10; round += 1) {
      const peer = await RawPeer.connect(site.port);
      reset = () => peer.reset();
      await peer.sendText(upgradeRequest({ target: '/chat' }));
      if (point === 'message') await peer.send(frame(TEXT, 'hello'));
      await until(() => peer.ended);
      await peer.close();
      await until(() => site.wss.connections.size === 0 && site.sockets.at(-1)?.destroyed === true);
    }
    expect(site.errors).toEqual([]);
    reset = () => {};
    const { connection, next } = await dial(site.url, { transport, maxMessageBytes: 4_000_000 });
    connection.send('alive');
    expect([await next(), await next()]).toEqual(['welcome', 'alive']);
  });

  it('ends with terminate() of a worker, whatever is under way', async () => {
    const file = 'packages/meerkat/test/transport/programs/worker.ts';
    const program = Program.source(file, [kind], { MEERKAT_TRANSPORT: '' });
    onTestFinished(() => program.kill('SIGKILL'));
    expect([await program.exited, program.stderr]).toEqual([0, '']);
    expect(program.stdout).toBe(`${kind}\n`.repeat(2));
  });
});

/** Which value of an AsyncLocalStorage each handler saw. */
async function contexts(kind: TcpTransport): Promise<Record<string, string[]>> {
  const { transport, site: asked } = askingFor(kind);
  const store = new AsyncLocalStorage<string>();
  const seen: Record<string, Set<string>> = {};
  const note = (what: string): void => {
    seen[what] ??= new Set();
    seen[what].add(store.getStore() ?? 'none');
  };
  const site = await store.run('server', () =>
    serve(
      {
        transport,
        softQueuedBytes: 1_000_000,
        maxQueuedBytes: 60_000_000,
        open: () => note('open'),
        message(connection, message) {
          note('message');
          if (message === 'much') {
            store.run('much', () => connection.send(Buffer.alloc(12_000_000)));
            setImmediate(() => store.run('later', () => connection.send(Buffer.alloc(12_000_000))));
          }
          store.run(`message ${String(message)}`, () => connection.send(message));
        },
        drain: () => note('drain'),
        close: () => note('close'),
      },
      asked,
    ),
  );
  let received = 0;
  const client = await store.run('client', () =>
    connect(site.url, {
      transport,
      maxMessageBytes: 20_000_000,
      message(_, message) {
        note('client message');
        received += message.length;
      },
      close: () => note('client close'),
    }),
  );
  client.send('one');
  await until(() => received === 3);
  client.send('much');
  await until(() => received === 3 + 4 + 24_000_000);
  store.run('closing', () => client.close());
  await client.closed;
  await until(() => site.wss.connections.size === 0);
  return Object.fromEntries(
    Object.entries(seen).map(([what, values]) => [what, [...values].sort()]),
  );
}

describe('the transports', () => {
  it('call handlers in the same asynchronous contexts', async () => {
    const onStream = await contexts('stream');
    const onHandle = await contexts('handle');
    expect(Object.keys(onHandle).length).toBe(6);
    expect(onHandle).toEqual(onStream);
    expect(await contexts('bare')).toEqual(onStream);
    // A message never comes in the context of another, nor of what was sent.
    expect(onHandle).toMatchObject({ 'client message': ['client'], 'client close': ['client'] });
    expect(onHandle['message']?.filter((seen) => !['none', 'server'].includes(seen))).toEqual([]);
  }, 20_000);

  it.each(KINDS)('use nothing that is deprecated: %s', async (kind) => {
    const program = new Program(process.execPath, [
      '--pending-deprecation',
      '--throw-deprecation',
      ...FROM_SOURCE,
      'packages/meerkat/test/transport/programs/worker.ts',
      kind,
      'here',
    ]);
    onTestFinished(() => program.kill('SIGKILL'));
    expect([await program.exited, program.stderr]).toEqual([0, '']);
    expect(program.stdout).toBe(`${expectedOf(kind)}\n`);
  });
});
