import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect as dialTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, HandshakeError } from 'meerkat';
import { describe, expect, it, onTestFinished } from 'vitest';
import { makeFifo, until } from '../serve/serving.ts';
import { Guest, Room, StuckOutput } from './harness.ts';

const TIME = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`;

/** What dialling comes to. */
async function refusal(url: string, signal?: AbortSignal): Promise<HandshakeError> {
  try {
    const connection = await connect(url, { signal });
    connection.terminate();
  } catch (error) {
    if (error instanceof HandshakeError) return error;
    throw error;
  }
  throw new Error('it was let in');
}

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'meerkat-console-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

describe('the transcript', () => {
  it('D4 tells who comes, what is said and who leaves, with addresses and times', async () => {
    const room = await Room.open({ server: { subprotocols: ['chat'] } });
    const guest = await room.join('/websocket?room=7', ['chat']);
    guest.connection.send('hello');
    await room.prints(/says/);
    room.type('hi there');
    expect(await guest.messages(1)).toEqual(['hi there']);
    guest.connection.close(1000, 'bye');
    await room.prints(/left/);
    const peer = String.raw`#1 127\.0\.0\.1:\d+`;
    expect(room.output).toMatch(
      new RegExp(
        [
          `^${TIME} ${peer} is here: /websocket\\?room=7, subprotocol chat`,
          `${TIME} ${peer} says: hello`,
          `${TIME} you said to all \\(1\\): hi there`,
          `${TIME} ${peer} left: 1000 normal closure "bye", by the client, after \\d+\\.\\d s\n$`,
        ].join('\n'),
      ),
    );
    expect(room.notes).toBe('');
  });

  it('puts IPv6 addresses in brackets', async () => {
    const room = await Room.open({ host: '::1' });
    await room.join();
    expect(room.output).toMatch(/#1 \[::1\]:\d+ is here/);
  });

  it('D1 does not echo by itself', async () => {
    const room = await Room.open();
    const guest = await room.join();
    guest.connection.send('hello');
    await room.prints(/says: hello/);
    room.type('/all first');
    expect(await guest.messages(1)).toEqual(['first']);
  });

  it('echoes when it is told to, and counts that', async () => {
    const room = await Room.open({ echo: true });
    const guest = await room.join();
    guest.connection.send('hello');
    guest.connection.send(Buffer.from([1, 2]));
    expect(await guest.messages(2)).toEqual(['hello', Buffer.from([1, 2])]);
    room.type('/show 1');
    await room.prints(
      /received {5}2 messages, 7 octets\n {2}sent {9}2 messages, 7 octets, 0 octets queued/,
    );
  });

  it('S19 writes one harmless line for each message, whatever is in it', async () => {
    const room = await Room.open();
    const guest = await room.join();
    const forged = `x\r\n2026-01-01T00:00:00.000Z #9 10.0.0.1:1 says: forged\x1b[2J\u202e\u2028`;
    guest.connection.send(forged);
    guest.connection.send(Buffer.from('\x1b[2J'));
    guest.connection.close(4000, '\x1b]0;\x07", by us\n');
    await room.prints(/left/);
    const [, first, second, third, ...rest] = room.output.split('\n');
    expect(first).toMatch(/^.{24} #1 \S+ says: x\\r\\n2026.*says: forged\\x1b\[2J\\u202e\\u2028$/);
    expect(second).toMatch(/^.{24} #1 \S+ says 4 octets: 1b5b324a$/);
    expect(third).toMatch(
      /^.{24} #1 \S+ left: 4000 \(private use\) "\\u001b\]0;\\u0007\\", by us\\n", by the client/,
    );
    expect(rest).toEqual(['']);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    expect(room.output).not.toMatch(/[\0-\x09\x0b-\x1f\x7f-\x9f]/);
  });

  it('tells of a request that is refused, and why', async () => {
    const room = await Room.open({ server: { origins: ['https://example.com'] } });
    const error = await connect(`${room.url}/websocket?token=abc`, {
      headers: { Origin: 'http://evil.example' },
    }).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ status: 403 });
    await room.prints(
      /#1 127\.0\.0\.1:\d+ was refused: \/websocket\?token=\(redacted\): 403 this Origin may not connect/,
    );
  });

  it.each([
    [
      { maxMessageBytes: 4 },
      'more than four',
      /left: 1009 message too big: it broke a rule: .*\(WS_MESSAGE_TOO_BIG\)/,
    ],
    [{ messageTypes: 'binary' as const }, 'text', /left: 1003 unsupported data: it broke a rule/],
  ])('says which rule a client broke: %o', async (server, text, line) => {
    const room = await Room.open({ server });
    const guest = await room.join();
    guest.connection.send(text);
    await room.prints(line);
  });

  it('says that a client went without a Close frame', async () => {
    const room = await Room.open();
    const guest = await room.join();
    guest.connection.terminate();
    await room.prints(/#1 \S+ left: 1006 abnormal closure: it went without a Close frame/);
  });
});

describe('an output that is behind', () => {
  it('makes clients wait, and sums up comings and goings', async () => {
    const stdout = new StuckOutput();
    const room = await Room.open({ stdout });
    const first = await Guest.dial(`${room.url}/websocket`);
    for (let number = 0; number < 500; number += 1) first.connection.send(`message ${number}`);
    const others = await Promise.all(
      Array.from({ length: 3 }, () => Guest.dial(`${room.url}/websocket`)),
    );
    others[0]?.connection.close();
    await others[0]?.connection.closed;
    first.connection.close();
    await until(() => room.server.connections.size === 3);
    // All that is kept is what was written before: one coming.
    expect(stdout.text.split('\n')).toHaveLength(2);
    expect(stdout.writableLength).toBeLessThan(1_000);
    stdout.release();
    await room.prints(/while the output was behind: 3 came, 1 left; \/list shows who is here\n/);
    await room.prints(/says: message 499\n(?:.*\n)*.*#1 .* left/);
    expect(stdout.text.match(/says/g)).toHaveLength(500);
  });

  it('obeys /quit behind an answer that nobody reads, and what stands between', async () => {
    const stdout = new StuckOutput();
    const room = await Room.open({ stdout });
    const guest = await Guest.dial(`${room.url}/websocket`);
    await room.prints(/is here/);
    room.type('/list', 'bye', '/quit', 'too late');
    await until(() => room.stops === 1);
    expect(await guest.messages(1)).toEqual(['bye']);
    expect(stdout.text).toMatch(/^.* is here.*\n$/);
    expect(guest.received).toEqual(['bye']);
  });

  it('keeps nothing of clients that left meanwhile', async () => {
    const stdout = new StuckOutput();
    const room = await Room.open({ stdout });
    const first = await Guest.dial(`${room.url}/websocket`);
    await room.prints(/is here/);
    first.connection.send('unshown');
    await until(() => room.server.connections.size === 1);
    await first.connection.ping(); // what was sent before it has been handed over
    for (const connection of room.server.connections) connection.terminate();
    await until(() => room.server.connections.size === 0);
    stdout.release();
    await room.prints(/behind: 1 left with a message that is not shown; /);
    expect(stdout.text).not.toContain('says');
  });

  it('D4 has a problem to fail with when the disk is full', async () => {
    const room = await Room.open();
    expect(room.console.problem).toBeUndefined();
    room.stdout.destroy(Object.assign(new Error('ENOSPC: no space'), { code: 'ENOSPC' }));
    await until(() => room.stops > 0);
    expect(room.notes).toBe('cannot write the output: ENOSPC: no space\n');
    expect(room.console.problem).toMatchObject({ exitCode: 1 });
  });

  it('ends the server when nobody reads it any more', async () => {
    const room = await Room.open();
    room.stdout.destroy(Object.assign(new Error('gone'), { code: 'EPIPE' }));
    await until(() => room.stops > 0);
    expect(room.notes).toBe('');
  });
});

describe('commands', () => {
  it('D1 lists who is here', async () => {
    const room = await Room.open({ server: { subprotocols: ['chat'] } });
    room.type('/list');
    await room.prints(/^nobody is here\n$/);
    const guest = await room.join('/websocket', ['chat']);
    guest.connection.send('one');
    await room.prints(/says/);
    await room.join('/websocket?two');
    room.type('/to 2', '/list');
    await room.prints(
      /\n2 clients here:\n {2}#1 127\.0\.0\.1:\d+: \/websocket, chat, for \d+\.\d s, in 1, out 0\n\* #2 127\.0\.0\.1:\d+: \/websocket\?two, for \d+\.\d s, in 0, out 0\n/,
    );
  });

  it('D1 sends to one, to everyone, and to whom /to chose', async () => {
    const room = await Room.open();
    const [one, two] = [await room.join(), await room.join()];
    room.type(
      '/send 2 for two',
      '/all for all',
      'for all too',
      '/to 1',
      'for one',
      '//slash',
      '/to all',
      'end',
    );
    expect(await one.messages(5)).toEqual(['for all', 'for all too', 'for one', '/slash', 'end']);
    expect(await two.messages(4)).toEqual(['for two', 'for all', 'for all too', 'end']);
    await room.prints(/you said to all \(2\): end/);
    expect(room.output.match(/you said to .*/g)).toEqual([
      'you said to #2: for two',
      'you said to all (2): for all',
      'you said to all (2): for all too',
      'you said to #1: for one',
      'you said to #1: /slash',
      'you said to all (2): end',
    ]);
  });

  it('D1 sends octets, from hex digits and from a file', async () => {
    const path = join(await folder(), 'a file');
    await writeFile(path, Buffer.from([0, 255, 10]));
    const room = await Room.open();
    const [one, two] = [await room.join(), await room.join()];
    room.type('/hex 1 48 69', `/file all ${path}`);
    expect(await one.messages(2)).toEqual([Buffer.from('Hi'), Buffer.from([0, 255, 10])]);
    expect(await two.messages(1)).toEqual([Buffer.from([0, 255, 10])]);
    await room.prints(/you said to #1 2 octets: 4869\n.*you said to all \(2\) 3 octets: 00ff0a\n/);
  });

  it('does not send what is no regular file, or not there, and does not wait for a FIFO', async () => {
    const path = await folder();
    await mkdir(join(path, 'folder'));
    makeFifo(join(path, 'fifo'));
    const room = await Room.open();
    const guest = await room.join();
    for (const name of ['missing', 'folder', 'fifo']) room.type(`/file 1 ${join(path, name)}`);
    room.type('done');
    expect(await guest.messages(1)).toEqual(['done']);
    expect(
      room.notes.split('\n').map((line) => line.replace(/^(not sent).*\/(\w+: )/, '$1 $2')),
    ).toEqual([
      'not sent missing: no such file',
      'not sent folder: it is a directory',
      'not sent fifo: it is no regular file',
      '',
    ]);
  });

  it('D1 pings, and tells the round trip', async () => {
    const room = await Room.open();
    await room.join();
    await room.join();
    room.type('/ping all', '/ping 1 payload');
    await room.prints(/#1 \S+ answered the ping after \d+\.\d ms/);
    await room.prints(/#2 \S+ answered the ping after \d+\.\d ms/);
    await room.prints(/^#1 still owes a Pong: not pinged again$/m, 'stderr');
  });

  it('D1 closes with a code and a reason', async () => {
    const room = await Room.open();
    const [one, two] = [await room.join(), await room.join()];
    room.type('/close 1 4001 come back later', '/close 2');
    expect(await one.connection.closed).toMatchObject({ code: 4001, reason: 'come back later' });
    expect(await two.connection.closed).toMatchObject({ code: 1000, reason: '' });
    await room.prints(/you close #1 with 4001 \(private use\) "come back later"/);
    await room.prints(/#1 \S+ left: 4001 \(private use\) "come back later", by us, after/);
    await room.prints(/#2 \S+ left: 1000 normal closure, by us, after/);
  });

  it('D1 kicks without a closing handshake', async () => {
    const room = await Room.open();
    const guest = await room.join();
    room.type('/kick 1');
    expect(await guest.connection.closed).toMatchObject({ code: 1006, clean: false });
    await room.prints(/you kick #1\n.*#1 \S+ left: 1006 abnormal closure: ended at once, by us/);
  });

  it('D1 shows a client: handshake, subprotocol, counts', async () => {
    const room = await Room.open({ server: { subprotocols: ['chat'] } });
    await room.join('/websocket', ['chat']);
    room.type('/show 1');
    await room.prints(/state {8}open\n/);
    expect(room.output).toMatch(/#1 127\.0\.0\.1:\d+, here since .*, for \d/);
    expect(room.output).toMatch(/ {2}subprotocol {2}chat\n/);
    await room.prints(/GET \/websocket HTTP\/1\.1\n(?: {2}.*\n)* {2}ok Sec-WebSocket-Key: /);
  });

  it.each([
    ['hello', /^nobody is here$/m],
    ['/send 7 hello', /^there is no client #7; \/list shows who is here$/m],
    ['/foo', /^there is no \/foo: \/help lists what there is/m],
    ['/send 1', /^this is how it is typed: \/send ID\|all TEXT$/m],
    ['/accept', /^clients come in by themselves; with --manual-accept they wait to be let in$/m],
    ['/kick all', /^nobody is here$/m],
    ['/show 3', /^there is no client #3/m],
  ])('explains %j in a line', async (line, note) => {
    const room = await Room.open();
    room.type(line, '/help');
    await room.prints(/\/quit/);
    expect(room.notes).toMatch(note);
    expect(room.notes.split('\n')).toHaveLength(2);
  });

  it.each([
    ['/close all 1005 why', /a reason needs a code before it/],
    [
      '/close all 1006',
      /code 1006 may not be sent: 1000 to 1003, 1007 to 1014 and 3000 to 4999 may/,
    ],
    [`/close all 1000 ${'é'.repeat(62)}`, /a reason of 124 octets, the most is 123/],
    [`/ping all ${'x'.repeat(126)}`, /at most 125 octets/],
    ['/hex all 4', /not sent: "4" is not two hex digits/],
  ])('says what is wrong with %j, and does nothing at all', async (line, note) => {
    const room = await Room.open();
    const guests = [await room.join(), await room.join()];
    room.type(line, 'still here');
    for (const guest of guests) expect(await guest.messages(1)).toEqual(['still here']);
    expect(room.notes).toMatch(note);
    expect(room.notes.split('\n')).toHaveLength(2);
    expect(guests.map(({ connection }) => connection.state)).toEqual(['open', 'open']);
    expect(room.output).not.toMatch(/you close|answered/);
  });

  it('does not send to everyone what was meant for one who has left', async () => {
    const room = await Room.open();
    const [one, two] = [await room.join(), await room.join()];
    room.type('/to 1');
    one.connection.close();
    await room.prints(/#1 \S+ left/);
    room.type('a secret', '/all end');
    expect(await two.messages(1)).toEqual(['end']);
    expect(room.notes).toContain('#1 is not here any more; /to all, or another\n');
  });

  it('tells whom a message did not reach, and who reads slowly', async () => {
    const room = await Room.open({ server: { softQueuedBytes: 1_000, maxQueuedBytes: 100_000 } });
    const good = await room.join();
    // It does the handshake and reads no more.
    const { port } = new URL(room.url);
    const deaf = dialTcp(Number(port), '127.0.0.1');
    onTestFinished(() => void deaf.destroy());
    deaf.write(
      `GET /websocket HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    );
    await once(deaf, 'readable');
    const path = join(await folder(), 'large');
    await writeFile(path, Buffer.alloc(15 * 1_048_576));
    room.type(`/file 2 ${path}`);
    await room.prints(/^still queued, reading slowly: #2$/m, 'stderr');
    room.type('/all hello', '/send 2 you too');
    await room.prints(
      /^NOT sent to #2: too much is queued there already\nNOT sent to #2/m,
      'stderr',
    );
    expect(await good.messages(1)).toEqual(['hello']);
    expect(room.output).toContain('you said to 1 of 2: hello\n');
    expect(room.output).not.toContain('you too');
    room.type('/kick 2');
    await room.prints(/#2 \S+ left: .*ended at once, by us.*; 2 messages to it were dropped/);
  });

  it('ends the server with /quit, and reads no further in a pipe', async () => {
    const room = await Room.open();
    const guest = await room.join();
    room.type('/quit', '/all too late');
    await room.running;
    expect(room.stops).toBe(1);
    expect(guest.received).toEqual([]);
  });

  it('goes on when its input ends', async () => {
    const room = await Room.open();
    const guest = await room.join();
    room.type('last words');
    room.stdin.end();
    await room.running;
    expect(await guest.messages(1)).toEqual(['last words']);
    guest.connection.send('still heard');
    await room.prints(/says: still heard/);
    expect(room.stops).toBe(0);
  });

  it('sends nothing for an empty line, or one that is not UTF-8', async () => {
    const room = await Room.open();
    const guest = await room.join();
    room.stdin.write(Buffer.from('\n\xff\nend\n', 'latin1'));
    expect(await guest.messages(1)).toEqual(['end']);
    expect(room.notes).toMatch(/^not sent: the line is not UTF-8.*\n$/);
  });
});

describe('D3 the quit word', () => {
  it('D3 closes a client that says it with 1000', async () => {
    const room = await Room.open({ quitWord: 'quit', echo: true });
    const guest = await room.join();
    guest.connection.send('quit now');
    guest.connection.send(' quit\n');
    expect(await guest.connection.closed).toMatchObject({ code: 1000, by: 'peer' });
    await room.prints(
      /#1 \S+ says: {2}quit\\n\n.*#1 \S+ said the quit word: closing\n.*#1 \S+ left: 1000/,
    );
    expect(guest.received).toEqual(['quit now']);
  });
});

describe('D2 manual accept', () => {
  it('D2 shows the handshake, and lets nobody in before the operator does', async () => {
    const room = await Room.open({ manualAccept: true });
    let isIn = false;
    const guest = Guest.dial(`${room.url}/websocket?door`).then((one) => {
      isIn = true;
      return one;
    });
    await room.prints(/#1 127\.0\.0\.1:\d+ asks to come in: \/websocket\?door\n/);
    await room.prints(
      /\/accept 1 or \/refuse 1, within 10\.0 s \(the client may give up sooner\)\n/,
    );
    expect(room.output).toMatch(/\n {2}ok GET \/websocket\?door HTTP\/1\.1\n/);
    expect(room.output).toMatch(/\n {2}ok Sec-WebSocket-Version: 13\n/);
    room.type('/list');
    await room.prints(
      /nobody is here\n1 waits to be let in:\n {2}#1 127\.0\.0\.1:\d+: \d+\.\d s left\n/,
    );
    room.type('hello', '/send 1 hello');
    await room.prints(/^nobody is here\n#1 waits to be let in: \/accept 1\n$/, 'stderr');
    expect(isIn).toBe(false);
    room.type('/accept 1');
    await guest;
    await room.prints(/you let #1 in\n.*#1 \S+ is here/);
    room.type('/accept 1');
    await room.prints(/^#1 is here already$/m, 'stderr');
  });

  it('D2 lets the one in that waits longest, and says that others wait', async () => {
    const room = await Room.open({ manualAccept: true });
    const first = Guest.dial(`${room.url}/websocket`);
    await room.prints(/#1 \S+ asks/);
    const second = Guest.dial(`${room.url}/websocket`);
    await room.prints(/#2 \S+ asks/);
    room.type('/accept');
    await first;
    await room.prints(/^that was the first; #2 still waits$/m, 'stderr');
    room.type('/accept all');
    await second;
    room.type('/accept');
    await room.prints(/^nobody waits to be let in$/m, 'stderr');
  });

  it('D2 refuses with 403, or with what the operator says', async () => {
    const room = await Room.open({ manualAccept: true });
    const one = refusal(`${room.url}/websocket`);
    await room.prints(/#1 \S+ asks/);
    const two = refusal(`${room.url}/websocket`);
    await room.prints(/#2 \S+ asks/);
    room.type('/refuse 2 418 not for tea', '/refuse 1 99', '/refuse 1');
    expect(await one).toMatchObject({ status: 403 });
    expect(await two).toMatchObject({ status: 418, body: 'not for tea' });
    await room.prints(/you refuse #2 with 418\n.*you refuse #1 with 403\n$/);
    expect(room.notes).toMatch(/^"99" is no status to refuse with: 400 to 599.*\n$/);
    expect(room.output).not.toContain('was refused');
  });

  it('D2 answers 503 when the time is up, and tells so', async () => {
    const room = await Room.open({ manualAccept: true, handshakeTimeout: 50 });
    expect(await refusal(`${room.url}/websocket`)).toMatchObject({ status: 503 });
    await room.prints(/#1 \S+ was not let in in time, and got 503/);
    room.type('/accept 1');
    await room.prints(/^no #1 waits; \/list shows who does$/m, 'stderr');
    expect(room.output.match(/\b503\b/g)).toHaveLength(1); // a port may have these digits too
  });

  it('D2 tells that a client left before it was let in', async () => {
    const room = await Room.open({ manualAccept: true });
    const leave = new AbortController();
    const dialled = refusal(`${room.url}/websocket`, leave.signal);
    await room.prints(/asks/);
    leave.abort();
    await dialled;
    await room.prints(/#1 \S+ left before it was let in/);
    room.type('/list');
    await room.prints(/\nnobody is here\n$/);
  });

  it('tells who was refused because the server ends', async () => {
    const room = await Room.open({ manualAccept: true });
    const dialled = refusal(`${room.url}/websocket`);
    await room.prints(/asks/);
    await room.server.close();
    expect(await dialled).toMatchObject({ status: 503 });
    await room.prints(/#1 \S+ was not let in in time, and got 503: the server is shutting down/);
    expect(room.output).not.toContain('was refused');
  });
});

describe('the log', () => {
  it('goes to stderr as it is', async () => {
    const room = await Room.open();
    room.console.log.write('{"level":30}\n');
    expect(room.notes).toBe('{"level":30}\n');
    expect(room.output).toBe('');
  });
});
