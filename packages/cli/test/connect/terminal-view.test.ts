import { expect, it } from 'vitest';
import { describeOnTerminal, PseudoTerminal } from '../terminal/pseudo-terminal.ts';
import { meerkatServer, rawServer, serverSideEnd, wsServer } from './servers.ts';

const CLOSED = 'closed: 1000 normal closure. The purpose of the connection h';

describeOnTerminal('A10 meerkat connect on a terminal', () => {
  it('sends the line that is typed, and prints what comes back above the next one', async () => {
    const url = await meerkatServer();
    const terminal = new PseudoTerminal(['connect', url]);
    await terminal.until((lines) => lines.includes('>'));
    expect(terminal.screen.lines[0]).toBe(`connected to ${url}; /help, Ctrl-D closes`);
    terminal.type('hello\r');
    await terminal.until((lines) => lines.includes('< hello') && lines.at(-1) === '>');
    expect(terminal.screen.lines.slice(1)).toEqual(['> hello', '< hello', '>']);
    terminal.type('\x04');
    expect(await terminal.exitCode()).toBe(0);
    expect(terminal.screen.lines.slice(1, 4)).toEqual(['> hello', '< hello', CLOSED]);
  });

  it('does not garble the line that is being typed when a message comes', async () => {
    let send = (_text: string): void => {};
    const url = await wsServer((peer) => {
      send = (text) => peer.send(text);
      peer.on('message', (data) => peer.send(`you said ${data}`));
    });
    const terminal = new PseudoTerminal(['connect', url]);
    await terminal.until((lines) => lines.includes('>'));
    const long = 'a line that is longer than the terminal is wide, so that it is wrapped';
    terminal.type(`${long}\x1b[D\x1b[D`);
    await terminal.until((lines) => lines.at(-1) === long.slice(58));
    send('news');
    await terminal.until((lines) => lines.includes('< news') && lines.at(-1) === long.slice(58));
    terminal.type('!\r');
    const said = `${long.slice(0, -2)}!${long.slice(-2)}`;
    await terminal.until(
      (lines) => lines.at(-1) === '>' && lines.join('').includes(`said ${said.slice(0, 40)}`),
    );
    const { lines } = terminal.screen;
    expect(lines.slice(1, 4)).toEqual(['< news', `> ${said.slice(0, 58)}`, said.slice(58)]);
    expect(lines.slice(4)).toEqual([
      '< you said a line that is longer than the terminal is wide,',
      'so that it is wrapp!ed',
      '>',
    ]);
  });

  it('S19 shows what would move the cursor, and indents what would look like a prompt', async () => {
    const url = await wsServer((peer) => peer.send('\x1b[2J\x1b[H\r\u202ex\n> fake'));
    const terminal = new PseudoTerminal(['connect', url]);
    await terminal.until((lines) => lines.at(-1) === '>' && lines.includes('  > fake'));
    expect(terminal.screen.lines.slice(1, 3)).toEqual(['< \\x1b[2J\\x1b[H\\r\\u202ex', '  > fake']);
  });

  it('B3 tells what is wrong with hex digits, sends nothing, and goes on', async () => {
    const terminal = new PseudoTerminal(['connect', await meerkatServer(), '--hex']);
    await terminal.until((lines) => lines.includes('>'));
    terminal.type('48 6\r');
    await terminal.until((lines) => lines.at(-1) === '>' && lines.length === 4);
    terminal.type('48 69\r');
    await terminal.until((lines) => lines.at(-1) === '>' && lines.length === 6);
    expect(terminal.screen.lines.slice(1)).toEqual([
      '> 48 6',
      'not sent: "6" is not two hex digits for each octet',
      '> 48 69',
      '< 48 69  |Hi| (2 octets)',
      '>',
    ]);
    terminal.type('\x04');
    expect(await terminal.exitCode()).toBe(0);
  });

  it('closes politely at Ctrl-C, and keeps what was typed to be seen', async () => {
    const { url, ended } = await serverSideEnd();
    const terminal = new PseudoTerminal(['connect', url]);
    await terminal.until((lines) => lines.includes('>'));
    terminal.type('half');
    await terminal.until((lines) => lines.includes('> half'));
    terminal.type('\x03');
    expect(await terminal.exitCode()).toBe(0);
    expect((await ended).code).toBe(1000);
    expect(terminal.screen.lines.slice(1, 3)).toEqual(['> half', CLOSED]);
  });

  it('ends at once at the second Ctrl-C, when the server does not answer the first', async () => {
    let closeCame = (): void => {};
    const asked = new Promise<void>((resolve) => {
      closeCame = resolve;
    });
    const url = await rawServer(async (peer) => {
      await peer.take(8);
      closeCame();
    });
    const terminal = new PseudoTerminal(['connect', url]);
    await terminal.until((lines) => lines.includes('>'));
    terminal.type('\x03');
    await asked;
    terminal.type('\x03');
    expect(await terminal.exitCode()).toBe(1);
    expect(terminal.screen.lines.join('')).toContain('1006 abnormal closure: ended at once');
  });

  it('B8 gives the terminal back when the server closes', async () => {
    let close = (): void => {};
    const url = await wsServer((peer) => {
      close = () => peer.close(1001, 'maintenance');
    });
    const terminal = new PseudoTerminal(['connect', url]);
    await terminal.until((lines) => lines.includes('>'));
    close();
    expect(await terminal.exitCode()).toBe(0);
    expect(terminal.screen.lines.slice(1).join('')).toBe(
      'the server closed: 1001 going away "maintenance". The server is shutting down, or the browser left the page.',
    );
  });

  it('B6 shows the handshake before anything else with --verbose', async () => {
    const url = await meerkatServer();
    const terminal = new PseudoTerminal(['connect', url, '-v']);
    await terminal.until((lines) => lines.at(-1) === '>');
    const { lines } = terminal.screen;
    expect(lines[0]).toMatch(/^\* TCP /);
    expect(lines[1]).toBe('> ok GET / HTTP/1.1');
    expect(lines.at(-3)).toBe('< ok the opening handshake keeps the rules');
    expect(lines.at(-2)).toMatch(/^connected to /);
  });

  it('A9 says that messages are compressed where that was agreed on', async () => {
    const url = await meerkatServer({ compression: true });
    const terminal = new PseudoTerminal(['connect', url]);
    await terminal.until((lines) => lines.at(-1) === '>');
    expect(terminal.screen.lines.join('')).toContain(`connected to ${url}, compressed; /help, `);
  });

  it('writes no colours with NO_COLOR', async () => {
    const terminal = new PseudoTerminal(['connect', await meerkatServer()], { NO_COLOR: '1' });
    await terminal.until((lines) => lines.includes('>'));
    expect(terminal.output).not.toMatch(/\[[0-9;]*m/);
  });

  it('reads lines without a prompt on a dumb terminal', async () => {
    const terminal = new PseudoTerminal(['connect', await meerkatServer()], { TERM: 'dumb' });
    await terminal.until((lines) => lines.some((line) => line.startsWith('connected to')));
    terminal.type('hello\n');
    await terminal.until((lines) => lines.filter((line) => line === 'hello').length === 2);
    terminal.type('\x04');
    expect(await terminal.exitCode()).toBe(0);
    expect(terminal.output).not.toContain('\x1b');
  });
});
