// What the lines of the input do, over real connections.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { COMMANDS_HELP } from '../../src/connect/line-command.ts';
import { describeOnTerminal, PseudoTerminal } from '../terminal/pseudo-terminal.ts';
import { Command, pipe } from './command.ts';
import { meerkatServer, rawServer, serverSideEnd } from './servers.ts';

const CLOSED = 'closed: 1000 normal closure. The purpose of the connection has been fulfilled.\n';

function fileOf(content: string | Uint8Array): string {
  const folder = mkdtempSync(join(tmpdir(), 'meerkat-send-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'a file');
  writeFileSync(path, content);
  return path;
}

describe('lines that begin with a slash, in a pipe', () => {
  it('are messages like all others', async () => {
    const lines = '/ping\n//x\n/quit\n/close 4000\n/etc/passwd\n/\n';
    expect(await pipe(lines, 'connect', await meerkatServer())).toMatchObject({
      code: 0,
      output: lines,
      errors: CLOSED,
    });
  });

  it('are commands with --commands', async () => {
    const path = fileOf(Buffer.of(0, 255));
    const lines = `plain\n//x\n/text t\n/binary b\n/hex 01 02\n/file ${path}\n`;
    const { code, output, errors } = await pipe(
      lines,
      'connect',
      await meerkatServer(),
      '--commands',
    );
    expect(output).toBe('plain\n/x\nt\n62\n0102\n00ff\n');
    expect(errors).toBe(CLOSED);
    expect(code).toBe(0);
  });

  it('are named by their number when they cannot be obeyed, and the others are', async () => {
    const lines = 'one\n/nonsense\n/file /nowhere\n/close 1006\ntwo\n';
    const { code, output, errors } = await pipe(
      lines,
      'connect',
      await meerkatServer(),
      '--commands',
    );
    expect(output).toBe('one\ntwo\n');
    expect(errors).toBe(
      'line 2 was not sent: /nonsense is no command: /help lists them, // sends text that begins with /\n' +
        'line 3 was not sent: /nowhere: no such file\n' +
        'line 4 was not sent: /close [CODE [REASON]]: A code that may be sent is 1000-1003, 1007-1014 or 3000-4999; 1005 for none.\n' +
        `${CLOSED}meerkat: not every line was sent\n`,
    );
    expect(code).toBe(1);
  });

  it('/ping prints the round trip, also when the input ends with it', async () => {
    const { code, errors } = await pipe('/ping\n', 'connect', await meerkatServer(), '--commands');
    expect(errors).toMatch(/^pong after \d+\.\d ms\nclosed: 1000 .*\n$/);
    expect(code).toBe(0);
  });

  it('/ping sends its text, and says when no Pong came', async () => {
    let sent = '';
    const url = await rawServer(async (peer) => {
      sent = await peer.take(6 + 3 + 8); // the Ping, our Close
      await peer.send('88 02 03 e8');
      peer.end();
    });
    const { errors } = await pipe('/ping abc\n', 'connect', url, '--commands');
    expect(sent).toMatch(/^89 83 /);
    expect(errors).toBe(`no pong came before the end\n${CLOSED}`);
  });

  it('/close closes with its code and reason; what follows it is not read', async () => {
    const { url, ended } = await serverSideEnd();
    const lines = 'one\n/close 4000 so  long\ntwo\n/nonsense\n';
    const { code, output, errors } = await pipe(lines, 'connect', url, '--commands');
    expect(await ended).toMatchObject({ code: 4000, reason: 'so  long' });
    expect(output).toBe('one\n');
    expect(errors).toMatch(/^closed: 4000 \(private use\)/);
    expect(code).toBe(0);
  });

  it('/close closes with what --code says when it names none', async () => {
    const { url, ended } = await serverSideEnd();
    await pipe('/close\n', 'connect', url, '--commands', '--code', '4001', '--reason', 'r');
    expect(await ended).toMatchObject({ code: 4001, reason: 'r' });
  });

  it('/quit ends the input, though more of it follows or it stays open', async () => {
    const command = new Command();
    command.stdin.write('one\n/quit\ntwo\n');
    expect(await command.run('connect', await meerkatServer(), '--commands')).toBe(0);
    expect(command.output).toBe('one\n');
    expect(command.errors).toBe(CLOSED);
  });

  it('/help goes to stderr', async () => {
    const { output, errors } = await pipe(
      '/help\n',
      'connect',
      await meerkatServer(),
      '--commands',
    );
    expect(output).toBe('');
    expect(errors).toBe(`${COMMANDS_HELP.join('\n')}\n${CLOSED}`);
  });
});

describe('meerkat connect --file', () => {
  it('sends files as binary messages after the others, and looks at no input', async () => {
    const first = fileOf(Buffer.of(0, 10, 255));
    const second = fileOf('two\nlines\n');
    const command = new Command();
    const url = await meerkatServer();
    const args = ['--file', first, '-f', second, '-m', 'text'];
    expect(await command.run('connect', url, ...args)).toBe(0);
    expect(command.output).toBe('text\n000aff\n74776f0a6c696e65730a\n');
    expect(command.stdin.destroyed).toBe(false);
  });

  it('sends it as text with --text', async () => {
    const url = await meerkatServer();
    const { output } = await pipe('', 'connect', url, '--text', '--file', fileOf('Grüße\n'));
    expect(output).toBe('Grüße\n\n');
  });

  it.each([
    ['that is not there', () => '/nowhere', [], '--file /nowhere: no such file'],
    ['that is no text', () => fileOf(Buffer.of(0xff)), ['--text'], 'not UTF-8'],
    ['with --hex', () => fileOf('00'), ['--hex'], 'cannot be used with'],
  ])('refuses one %s before anything is sent', async (_what, path, more, line) => {
    const { code, errors } = await pipe('', 'connect', ':1', '--file', path(), ...more);
    expect(errors).toContain(line);
    expect(errors).toMatch(/^meerkat: [^\n]*\n$/);
    expect(code).toBe(2);
  });
});

describeOnTerminal('A10 lines that begin with a slash, on a terminal', () => {
  it('/ping prints the round trip above the next line', async () => {
    const terminal = new PseudoTerminal(['connect', await meerkatServer()]);
    await terminal.until((lines) => lines.includes('>'));
    terminal.type('/ping\r');
    await terminal.until((lines) => lines.length === 4 && lines.at(-1) === '>');
    expect(terminal.screen.lines[1]).toBe('> /ping');
    expect(terminal.screen.lines[2]).toMatch(/^pong after \d+\.\d ms$/);
    terminal.type('/quit\r');
    expect(await terminal.exitCode()).toBe(0);
  });

  it('sends nothing for a command that there is not, and says so in a line', async () => {
    const received: unknown[] = [];
    const url = await meerkatServer({
      message: (connection, message) => {
        received.push(message);
        connection.send(message);
      },
    });
    const terminal = new PseudoTerminal(['connect', url]);
    await terminal.until((lines) => lines.includes('>'));
    terminal.type('/pong\r');
    await terminal.until((lines) => lines.join('').includes('sends text that begins with /'));
    expect(terminal.screen.lines.join('\n')).toContain('not sent: /pong is no command: /help');
    terminal.type('//pong\r');
    await terminal.until((lines) => lines.includes('< /pong'));
    expect(received).toEqual(['/pong']);
    terminal.type('\x04');
    expect(await terminal.exitCode()).toBe(0);
  });

  it('/hex, /binary and /file send octets', async () => {
    const path = fileOf('He');
    const terminal = new PseudoTerminal(['connect', await meerkatServer()]);
    await terminal.until((lines) => lines.includes('>'));
    terminal.type(`/hex 48 65\r/binary He\r/file ${path}\r`);
    const shown = '< 48 65  |He| (2 octets)';
    await terminal.until((lines) => lines.filter((line) => line === shown).length === 3);
    terminal.type('/quit\r');
    expect(await terminal.exitCode()).toBe(0);
  });

  it('/close 4000 bye closes with that', async () => {
    const { url, ended } = await serverSideEnd();
    const terminal = new PseudoTerminal(['connect', url]);
    await terminal.until((lines) => lines.includes('>'));
    terminal.type('/close 4000 bye\r');
    expect(await terminal.exitCode()).toBe(0);
    expect(await ended).toMatchObject({ code: 4000, reason: 'bye', by: 'peer', clean: true });
  });

  it('/help lists every command', async () => {
    const terminal = new PseudoTerminal(['connect', await meerkatServer()]);
    await terminal.until((lines) => lines.includes('>'));
    terminal.type('/help\r');
    await terminal.until((lines) => lines.some((line) => line.startsWith('//TEXT')));
    for (const line of COMMANDS_HELP) {
      expect(terminal.screen.lines.join('\n')).toContain(line.slice(0, 40));
    }
    terminal.type('/quit\r');
    expect(await terminal.exitCode()).toBe(0);
  });
});
