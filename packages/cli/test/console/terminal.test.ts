// `meerkat serve --console` on a pseudo-terminal, with real clients.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'meerkat';
import { expect, it, onTestFinished } from 'vitest';
import { describeOnTerminal, PseudoTerminal } from '../terminal/pseudo-terminal.ts';
import { Guest } from './harness.ts';

interface Operator {
  readonly terminal: PseudoTerminal;
  readonly url: string;
  /** Types a line. */
  type(line: string): void;
  /** Resolves when a line is on the screen. Lines are wrapped after 60 columns. */
  sees(line: RegExp): Promise<void>;
  /** A client, once the operator sees that number `id` is here. */
  join(id: number): Promise<Guest>;
}

/** A server whose operator sits at a terminal. */
async function operator(...flags: readonly string[]): Promise<Operator> {
  const terminal = new PseudoTerminal(['serve', '--port', '0', '--console', ...flags]);
  await terminal.until((lines) => lines.at(-1) === 'all>');
  const [url = ''] = /ws:\/\/\S+/.exec(terminal.screen.lines.join('\n')) ?? [];
  const sees = (line: RegExp): Promise<void> =>
    terminal.until((lines) => lines.some((shown) => line.test(shown)));
  return {
    terminal,
    url,
    type: (line) => terminal.type(`${line}\r`),
    sees,
    join: async (id) => {
      const guest = await Guest.dial(url);
      await sees(new RegExp(`#${id} \\S+ is here`));
      return guest;
    },
  };
}

/** The status that a dial is refused with. */
async function statusOf(url: string): Promise<unknown> {
  return await connect(url).catch((error: { status?: number }) => error.status);
}

const TIME = String.raw`\d\d:\d\d:\d\d\.\d{3}`;
const PEER = String.raw`(?:127\.0\.0\.1|\[::1\]):\d+`;

describeOnTerminal('meerkat serve --console on a terminal', () => {
  it('D3 the session of the documents: hello, an answer that is typed, quit', async () => {
    const { terminal, join: enter, type, sees } = await operator('--quit-word', 'quit');
    const guest = await enter(1);
    guest.connection.send('hello');
    await sees(new RegExp(`^${TIME} #1 ${PEER} says: hello$`));
    type('hi, who is there?');
    expect(await guest.messages(1)).toEqual(['hi, who is there?']);
    await sees(new RegExp(`^${TIME} you said to all \\(1\\): hi, who is there\\?$`));
    guest.connection.send('quit');
    expect(await guest.connection.closed).toMatchObject({ code: 1000, by: 'peer' });
    await sees(new RegExp(`^${TIME} #1 ${PEER} left: 1000 normal closure`));
    type('/quit');
    expect(await terminal.exitCode()).toBe(0);
  });

  it('D1 three clients: listed, sent to, pinged, closed, kicked', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'meerkat-console-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const path = join(folder, 'octets');
    await writeFile(path, Buffer.from([0xca, 0xfe]));
    const { terminal, join: enter, type, sees } = await operator();
    const [one, two, three] = [await enter(1), await enter(2), await enter(3)];
    type('/list');
    await sees(/^3 clients here:$/);
    for (const id of [1, 2, 3]) await sees(new RegExp(`^ {2}#${id} ${PEER}: /websocket, for`));
    type('/send 2 only two');
    await sees(/you said to #2: only two$/);
    type('/all everyone');
    await sees(/you said to all \(3\): everyone$/);
    type('/hex all 48 69');
    await sees(/you said to all \(3\) 2 octets: 48 69 {2}\|Hi\|$/);
    type(`/file 3 ${path}`);
    await sees(/you said to #3 2 octets: ca fe {2}\|\.\.\|$/);
    const hi = Buffer.from('Hi');
    expect(await one.messages(2)).toEqual(['everyone', hi]);
    expect(await two.messages(3)).toEqual(['only two', 'everyone', hi]);
    expect(await three.messages(3)).toEqual(['everyone', hi, Buffer.from([0xca, 0xfe])]);
    type('/ping 1');
    await sees(new RegExp(`^${TIME} #1 ${PEER} answered the`));
    type('/to 2');
    await terminal.until((lines) => lines.at(-1) === '2>');
    type('back to two');
    expect((await two.messages(4)).at(-1)).toBe('back to two');
    type('/close 2 4000 enough');
    expect(await two.connection.closed).toMatchObject({ code: 4000, reason: 'enough' });
    await terminal.until((lines) => lines.at(-1) === '2 (gone)>');
    type('nobody');
    await sees(/^#2 is not here any more; \/to all, or another$/);
    type('/kick 3');
    expect(await three.connection.closed).toMatchObject({ code: 1006 });
    await sees(new RegExp(`^${TIME} #3 ${PEER} left: 1006 abnormal`));
    expect(one.connection.state).toBe('open');
    expect(one.received).toHaveLength(2);
  });

  it('D2 shows the handshake, and lets in or refuses by hand', async () => {
    const { url, type, sees } = await operator('--manual-accept');
    const refused = statusOf(url);
    await sees(new RegExp(`^${TIME} #1 ${PEER} asks to come`));
    await sees(/^ {2}ok GET \/websocket HTTP\/1\.1$/);
    await sees(/^ {2}ok Sec-WebSocket-Version: 13$/);
    await sees(/^ {2}ok Sec-WebSocket-Key: \S{24}$/);
    await sees(/^ {2}\/accept 1 or \/refuse 1, within 1 min 0 s \(the client may /);
    const accepted = Guest.dial(url);
    await sees(new RegExp(`#2 ${PEER} asks to come`));
    type('/list');
    await sees(/^2 wait to be let in:$/);
    type('/refuse 1');
    expect(await refused).toBe(403);
    type('/accept');
    await sees(new RegExp(`#2 ${PEER} is here`));
    expect((await accepted).connection.state).toBe('open');
  });

  it('D2 answers 503 to a client that nobody lets in in time', async () => {
    const { url, sees } = await operator('--manual-accept', '--handshake-timeout', '200');
    expect(await statusOf(url)).toBe(503);
    await sees(new RegExp(`^${TIME} #1 ${PEER} was not let in`));
  });

  it('S19 shows what would move the cursor, and cannot be made to look like a line of its own', async () => {
    const { join: enter, sees, terminal } = await operator();
    const guest = await enter(1);
    guest.connection.send('\x1b[2J\x1b[H\r\n\u202ex\x9b5A');
    guest.connection.send(Buffer.from('\x1b[2J'));
    // The screen throws for a sequence that only a client can have sent.
    await sees(/says: \\x1b\[2J\\x1b\[H/);
    await sees(/says 4 octets: 1b 5b 32 4a/);
    expect(terminal.output).not.toContain('\x1b[2J');
    expect(terminal.output).not.toContain('\u202e');
  });

  it('D1 a line can be edited while clients speak, and called back', async () => {
    const { terminal, join: enter, sees } = await operator();
    const guest = await enter(1);
    terminal.type('helo\x1b[D');
    await terminal.until((lines) => lines.at(-1) === 'all> helo');
    guest.connection.send('interrupting');
    await sees(/says: interrupting$/);
    await terminal.until((lines) => lines.at(-1) === 'all> helo');
    terminal.type('l\r');
    expect(await guest.messages(1)).toEqual(['hello']);
    terminal.type('\x1b[A');
    await terminal.until((lines) => lines.at(-1) === 'all> hello');
    terminal.type('!\r');
    expect(await guest.messages(2)).toEqual(['hello', 'hello!']);
  });

  it('D1 does nothing that is pasted behind /quit', async () => {
    const { terminal, join: enter } = await operator();
    const guest = await enter(1);
    terminal.type('/quit\nhello\n/kick all\n');
    expect(await guest.connection.closed).toMatchObject({ code: 1001, by: 'peer' });
    expect(guest.received).toEqual([]);
    expect(await terminal.exitCode()).toBe(0);
  });

  it('serves on while the terminal is stopped, and ends with a signal', async () => {
    const { terminal, url } = await operator();
    terminal.stop();
    const sending = Array.from({ length: 40 }, () => Guest.dial(url));
    for (const guest of await Promise.all(sending)) guest.connection.send('y'.repeat(3_000));
    const answer = await fetch(url.replace('ws:', 'http:').replace('/websocket', '/rest'));
    expect(answer.status).toBe(200);
    terminal.go();
    terminal.type('\x03');
    expect(await terminal.exitCode()).toBe(0);
  });

  it.each([
    ['/quit', '/quit\r'],
    ['Ctrl-C', '\x03'],
    ['Ctrl-D', '\x04'],
  ])('D1 ends with %s: clients get 1001', async (_name, keys) => {
    const { terminal, join: enter, sees } = await operator();
    const guest = await enter(1);
    terminal.type(keys);
    expect(await guest.connection.closed).toMatchObject({ code: 1001, by: 'peer' });
    expect(await terminal.exitCode()).toBe(0);
    await sees(/#1 \S+ left: 1001 going away/);
  });
});
