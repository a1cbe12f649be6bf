import type { Message } from 'meerkat';
import { describe, expect, it } from 'vitest';
import { selfSigned } from '../../../../../test/support/certificate.ts';
import { httpServer, meerkatServer, rawServer, wsServer } from '../../connect/servers.ts';
import { runScenario } from './running.ts';

const turns =
  (many: number) =>
  ({ turns }: { readonly turns: readonly number[] }): boolean =>
    turns.length >= many;
const oneFailure = ({ failures }: { readonly failures: readonly string[] }): boolean =>
  failures.length > 0;

/** A server that keeps what it is told, with the paths that were dialled. */
async function listener(): Promise<{ url: string; said: Message[]; paths: string[] }> {
  const said: Message[] = [];
  const paths: string[] = [];
  const url = await meerkatServer({
    upgrade: (request) => {
      paths.push(`${request.url} ${request.incoming.headers.authorization ?? ''}`);
      return {};
    },
    message(connection, message) {
      said.push(message);
      connection.send(message);
    },
  });
  return { url, said, paths };
}

describe('a scenario', () => {
  it('sends text, JSON and octets with variables, and takes the echo of each', async () => {
    const { url, said, paths } = await listener();
    const text = `
steps:
  - connect: { path: '/chat?user=\${user}', headers: { Authorization: 'Bearer \${env.KEY}' } }
  - send: 'turn \${iteration}'
  - expect: { echo: true }
  - send: { json: { user: "\${user}", list: ["\${iteration}", "i\${iteration}", null] } }
  - expect: { json: { user: "\${user}" }, capture: { second: list.1 } }
  - send: { hex: 00 ff }
  - expect: { hex: 00ff }
  - send: { size: 70000 }
  - expect: { echo: true }
  - send: { size: 3, binary: true }
  - expect: { echo: true }
  - repeat:
      times: 2
      steps:
        - send: '\${second} \${pass} $\${x}'
        - expect: { match: '^\${second} (?<digit>\\d) ' }
        - send: '\${digit}'
        - expect
`;
    const { failures, sent, received, refused, lost } = await runScenario(url, text, turns(1), {
      env: { KEY: 'secret' },
      share: { first: 6 },
    });
    expect(failures).toEqual([]);
    expect(paths[0]).toBe('/chat?user=7 Bearer secret');
    const [first, json, octets, large, three, ...rest] = said;
    expect([first, json]).toEqual(['turn 1', '{"user":7,"list":[1,"i1",null]}']);
    expect(Buffer.from(octets as Uint8Array).toString('hex')).toBe('00ff');
    expect([large?.length, three?.length]).toEqual([70_000, 3]);
    expect(rest.slice(0, 4)).toEqual([`i1 1 \${x}`, '1', `i1 2 \${x}`, '2']);
    expect([sent, refused, lost]).toEqual([received, 0, 0]);
  });

  it('has turns one after the other, each with a connection of its own, which is closed with 1000', async () => {
    const closes: number[] = [];
    const url = await meerkatServer({ close: (_connection, { code }) => void closes.push(code) });
    const meter = await runScenario(url, 'steps: [send: a, wait: 1ms]', turns(4));
    expect(meter.opened).toBeGreaterThanOrEqual(3);
    expect(closes.slice(0, 3)).toEqual([1000, 1000, 1000]);
    expect([meter.open, meter.lost, meter.failures]).toEqual([0, 0, []]);
  });

  it('does what is in "before" once, and keeps the connection', async () => {
    const { url, said } = await listener();
    const text = `
before: [send: 'login \${user}', expect: { match: 'login (?<id>.*)' }]
steps: [send: 'hi from \${id}', expect: { echo: true }]
`;
    // A step that is no "connect" dials by itself: here in "before".
    const meter = await runScenario(url, text.replace('[send', '[connect, send'), turns(3));
    expect([meter.opened, meter.failures]).toEqual([1, []]);
    expect(said.slice(0, 3)).toEqual(['login 1', 'hi from 1', 'hi from 1']);
  });

  it('counts users over all processes, and lets so many dial at a time', async () => {
    let most = 0;
    const dialling = new Set<() => void>();
    const names = new Set<string>();
    const url = await meerkatServer({
      async upgrade(request) {
        names.add(request.url);
        // Each waits for another to come, and both for whoever should not have come yet.
        await new Promise<void>((resolve) => {
          dialling.add(resolve);
          most = Math.max(most, dialling.size);
          if (dialling.size > 1) setImmediate(() => [...dialling].map((free) => free()));
        });
        dialling.clear();
        return {};
      },
    });
    await runScenario(url, `before: [connect: '/\${user}']\nsteps: [wait: 1ms]`, turns(20), {
      plan: { connections: 10, connecting: 2 },
      share: { first: 100 },
    });
    expect(most).toBe(2);
    expect([...names].sort()).toEqual([...Array(10).keys()].map((at) => `/${at + 101}`).sort());
  });

  it('begins turns at a rate, and measures from the time when each was to begin', async () => {
    // Each answer takes 30 ms, a turn is due every 10 ms, and there is one user: they fall behind.
    const url = await wsServer((peer) => {
      peer.on('message', (data) => setTimeout(() => peer.send(data), 30));
    });
    const text = 'before: [connect]\nsteps: [send: a, expect]';
    const { turns: times } = await runScenario(url, text, turns(6), { plan: { rate: 100 } });
    const [first = 0, ...others] = times;
    expect(first).toBeGreaterThan(25);
    expect(others.at(-1)).toBeGreaterThan(first + 60); // five turns later, 20 ms each
  });

  it('leaves waits out of the time of a turn', async () => {
    const url = await meerkatServer();
    const text = 'before: [connect]\nsteps: [wait: 200ms, send: a, expect]';
    const began = performance.now();
    const { turns: times } = await runScenario(url, text, turns(1));
    expect(performance.now() - began - (times[0] ?? 0)).toBeGreaterThan(190);
  });

  it('goes over TLS with an authority of its own', async () => {
    const certificate = selfSigned();
    const url = await meerkatServer({}, certificate);
    const text = 'steps: [send: a, expect: a]';
    const { failures } = await runScenario(url, text, turns(1), { plan: { ca: certificate.cert } });
    expect(failures).toEqual([]);
    const refused = await runScenario(url, text, oneFailure);
    expect(refused.failures[0]).toMatch(/^connect: step 1: .*certificate/i);
  });

  it('with skip passes over all that came, however much', async () => {
    const url = await wsServer((peer) => {
      for (let at = 0; at < 3_000; at += 1) peer.send('x');
      peer.send('end');
    });
    const text = 'steps: [wait: 50ms, expect: { text: end, skip: true }]';
    expect((await runScenario(url, text, turns(1))).failures).toEqual([]);
  });

  it('does not keep messages that no step expects', async () => {
    const url = await wsServer((peer) => {
      for (let at = 0; at < 3_000; at += 1) peer.send('x');
    });
    const { failures, received } = await runScenario(url, 'steps: [wait: 20ms]', turns(1));
    expect(failures).toEqual([]);
    expect(received).toBeGreaterThan(0);
  });
});

/** Answers in this way to every message. */
const answers = (...given: readonly string[]) =>
  wsServer((peer) => {
    peer.on('message', () => {
      for (const answer of given) peer.send(answer);
    });
  });

describe('a step that fails ends the turn and says why:', () => {
  it.each<[what: string, server: () => Promise<string>, steps: string, words: string | RegExp]>([
    [
      'other text',
      () => answers('hello'),
      'send: a, expect: hi',
      'expect: step 2 (expect): got text "hello", expected text "hi"',
    ],
    [
      'other JSON',
      () => answers('{"ok":false,"list":[1]}'),
      'send: a, expect: { json: { list: [1], ok: true } }',
      'expect: step 2 (expect): got text "{"ok":false,"list":[1]}", expected JSON with {"list":[1],"ok":true}: ok is false',
    ],
    [
      'no JSON',
      () => answers('hello'),
      'send: a, expect: { json: {} }',
      'expect: step 2 (expect): got text "hello", which is no JSON, expected JSON with {}',
    ],
    [
      'JSON without what is captured',
      () => answers('{"a":{}}'),
      'send: a, expect: { capture: { id: a.id } }',
      'expect: step 2 (expect): got text "{"a":{}}", which has no a.id',
    ],
    [
      'text that does not fit',
      () => answers('hello'),
      "send: a, expect: { match: '^bye' }",
      'expect: step 2 (expect): got text "hello", expected text that fits /^bye/',
    ],
    [
      'text of which it cannot be told in time whether it fits, even with skip',
      () => answers(`${'a'.repeat(40)}b`),
      "send: a, expect: { match: '^(a+)+$', skip: true }",
      'expect: step 2 (expect): got text "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab": to see whether it fits /^(a+)+$/ takes longer than 100 ms',
    ],
    [
      'no echo',
      () => answers('hello'),
      'send: a, expect: { echo: true }',
      'expect: step 2 (expect): got text "hello", expected what was sent last: text "a"',
    ],
    [
      'text for octets',
      () => answers('hello'),
      'send: a, expect: { hex: 00ff }',
      'expect: step 2 (expect): got text "hello", expected octets 00 ff',
    ],
    [
      'nothing',
      () => answers(),
      'send: a, expect: { timeout: 20ms }',
      'timeout: step 2 (expect): nothing came within 20 ms, expected a message',
    ],
    [
      'others only',
      () => answers('one', 'two'),
      'send: a, expect: { text: three, skip: true, timeout: 300ms }',
      'timeout: step 2 (expect): within 300 ms came 2 messages, and none was text "three"',
    ],
    [
      'a close instead of a message',
      () => wsServer((peer) => peer.close(4001, 'go\naway')),
      'expect: a',
      'closed: step 1 (expect): the server closed the connection with 4001 "go\\naway", expected text "a"',
    ],
    [
      'another close code',
      () => wsServer((peer) => peer.close(1001)),
      'expect: { close: 1000 }',
      'closed: step 1 (expect): the server closed the connection with 1001, expected the end of the connection with 1000',
    ],
    [
      'a message instead of a close',
      () => answers('b'),
      'send: a, expect: { close: 1000 }',
      'expect: step 2 (expect): got text "b", expected the end of the connection with 1000',
    ],
    [
      'a close while it waits',
      () => wsServer((peer) => peer.close(1012)),
      'wait: 10s',
      'closed: step 1 (wait): the server closed the connection with 1012',
    ],
    [
      'a connection that breaks off',
      () => wsServer((peer) => peer.terminate()),
      'repeat: { times: 2, steps: [expect] }',
      'closed: step 1.1 (expect): the connection broke off without a Close frame, expected a message',
    ],
    [
      'octets that are no frame',
      () => rawServer(async (peer) => void (await peer.send('c1 00'))),
      'expect',
      /^closed: step 1 \(expect\): the connection was closed with 1002: the server broke the rule WS_RESERVED_BIT_SET/,
    ],
    [
      'more than anybody expects',
      () =>
        wsServer((peer) => {
          for (let at = 0; at < 1_500; at += 1) peer.send('x');
          peer.send('end');
        }),
      'wait: 400ms, expect: x',
      /^expect: step 2 \(expect\): 1000 messages waited for a step that expects them, and \d+ before them were let go: expect more of them, or with skip$/,
    ],
    [
      'no connection',
      () => meerkatServer(),
      'close, send: a',
      'connect: step 2 (send): there is no connection: connect comes first',
    ],
    [
      'a refusal',
      () => httpServer((_request, response) => response.writeHead(401).end()),
      'connect',
      /^handshake: step 1 \(connect\): the server did not upgrade: 401/,
    ],
    [
      'nobody',
      () => Promise.resolve('ws://127.0.0.1:1/'),
      'connect',
      'connect: step 1 (connect): ECONNREFUSED: nobody listens there',
    ],
  ])('%s', async (_what, server, steps, words) => {
    const text = `steps: [${steps}]`;
    const { failures, turns: done, open } = await runScenario(await server(), text, oneFailure);
    if (typeof words === 'string') expect(failures[0]).toBe(words);
    else expect(failures[0]).toMatch(words);
    expect([done, open]).toEqual([[], 0]);
  });

  it('the words are those of the first at that step, so that they can be counted', async () => {
    let count = 0;
    const url = await wsServer((peer) => {
      count += 1;
      peer.send(`you are number ${count}`);
    });
    const { failures, wrong } = await runScenario(
      url,
      'steps: [expect: hello]',
      ({ failures: all }) => all.length === 3,
    );
    expect(new Set(failures)).toEqual(
      new Set(['expect: step 1 (expect): got text "you are number 1", expected text "hello"']),
    );
    expect(wrong).toBe(0); // it is the scenario that is not met: no octets were changed on the way
  });

  it('after a lost connection "before" is done again', async () => {
    let count = 0;
    const url = await meerkatServer({
      message(connection, message) {
        if (message === 'in') count += 1;
        if (message === 'turn' && count === 1) connection.close(1012);
        else connection.send('ok');
      },
    });
    const text = 'before: [connect, send: in, expect: ok]\nsteps: [send: turn, expect: ok]';
    const meter = await runScenario(url, text, turns(1));
    expect(meter.failures).toEqual([
      'closed: step 2 (expect): the server closed the connection with 1012, expected text "ok"',
    ]);
    expect([count, meter.lost, meter.opened]).toEqual([2, 1, 2]);
  });

  it('a close that is expected is no loss', async () => {
    const url = await wsServer((peer) => peer.close(1000));
    const meter = await runScenario(url, 'steps: [connect, expect: { close: 1000 }]', turns(2));
    expect([meter.failures, meter.lost]).toEqual([[], 0]);
  });
});

it('many sends without a wait leave room for others', async () => {
  const { url, said } = await listener();
  const text = 'steps: [repeat: { times: 1000000000, steps: [send: a] }]\n';
  const quiet = 'before: [connect]\nsteps: [send: b, expect]';
  const busy = runScenario(url, text, () => false).catch(() => {});
  const { failures } = await runScenario(url, quiet, turns(3));
  expect(failures).toEqual([]);
  expect(said).toContain('b');
  void busy; // it ends with the test
});
