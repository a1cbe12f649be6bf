// What --hexdump writes, over real connections.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { selfSigned } from '../../../../test/support/certificate.ts';
import { describeOnTerminal, PseudoTerminal } from '../terminal/pseudo-terminal.ts';
import { Command, pipe } from './command.ts';
import { meerkatServer } from './servers.ts';

function dumpPath(): string {
  const folder = mkdtempSync(join(tmpdir(), 'meerkat-dump-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, 'dump.txt');
}

describe('meerkat connect --hexdump', () => {
  it('dumps every octet and what it means to stderr, messages go to stdout as ever', async () => {
    const { code, output, errors } = await pipe(
      'abc\n',
      'connect',
      await meerkatServer(),
      '--hexdump',
    );
    expect(output).toBe('abc\n');
    const said = errors.split('\n').map((line) => line.replace(/^\S+Z #1 \S+ (..) \S+ /, '$1'));
    expect(said[0]).toBe('-- opened');
    expect(said).toContain('       ok GET / HTTP/1.1');
    expect(said).toContain('       ok HTTP/1.1 101 Switching Protocols');
    expect(errors).toMatch(/^ +text, FIN, masked with [0-9a-f]{8}, 3 octets: "abc"$/m);
    expect(errors).toMatch(/^[0-9a-f]{8} {2}81 03 61 62 63 .*\|\.\.abc.*\|$/m);
    expect(errors).toMatch(/^ +text, FIN, unmasked, 3 octets: "abc"$/m);
    expect(errors).toMatch(/^ +close, FIN, masked with [0-9a-f]{8}, 2 octets: 1000/m);
    expect(said.at(-3)).toBe('-- closed');
    expect(said.at(-2)).toMatch(/^closed: 1000/);
    expect(code).toBe(0);
  });

  it('dumps what is inside of TLS', async () => {
    const url = await meerkatServer({}, selfSigned());
    const { errors } = await pipe('abc\n', 'connect', url, '--insecure', '--hexdump');
    expect(errors).toContain('"abc"');
    expect(errors).toContain('|GET / HTTP/1.1..|');
  });

  it('dumps to a file that only its owner may read', async () => {
    const path = dumpPath();
    const { code, errors } = await pipe('a\n', 'connect', await meerkatServer(), '--hexdump', path);
    expect(errors).toMatch(/^closed: 1000 .*\n$/);
    const lines = readFileSync(path, 'utf8').split('\n');
    expect(lines.at(0)).toMatch(/Z #1 \S+ -- \S+ {2}opened$/);
    expect(lines.filter((line) => line.endsWith('1 octet: "a"'))).toHaveLength(2);
    expect(lines.at(-2)).toMatch(/ {2}closed$/);
    if (process.platform !== 'win32') expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(code).toBe(0);
  });

  it('S20 hides credentials, unless --show-secrets is given', async () => {
    const url = (await meerkatServer()).replace('ws://', 'ws://user:hidden1@');
    const hidden = await pipe('', 'connect', url, '--hexdump');
    expect(hidden.errors).toMatch(/ \|[^|]*Basic ?\*+/);
    expect(hidden.errors).not.toContain('dXNl');
    const shown = await pipe('', 'connect', url, '--hexdump', '--show-secrets');
    expect(shown.errors).toContain('Authorization: Basic dXNlcjpoaWRkZW4x');
  });

  it('takes no URL for its file, and says where a dump cannot go', async () => {
    const swallowed = await pipe('', 'connect', '--hexdump', 'ws://localhost/');
    expect(swallowed.errors).toContain('write the URL first, or --hexdump=FILE');
    expect(swallowed.code).toBe(2);
    const nowhere = await pipe('', 'connect', ':1', '--hexdump', '/nowhere/dump');
    expect(nowhere.errors).toMatch(/^meerkat: cannot write the dump to \/nowhere\/dump: .*\n$/);
    expect(nowhere.code).toBe(1);
  });

  it.skipIf(process.platform !== 'linux')('goes on without it when the disk is full', async () => {
    const url = await meerkatServer();
    const { code, output, errors } = await pipe('a\n', 'connect', url, '--hexdump', '/dev/full');
    expect(output).toBe('a\n');
    expect(errors).toMatch(
      /^cannot write the dump: ENOSPC.*\nclosed: 1000 .*\nmeerkat: the dump is not complete\n$/,
    );
    expect(code).toBe(1);
  });

  it.skipIf(process.platform === 'win32')('is refused where nobody reads it', async () => {
    const path = dumpPath();
    execFileSync('sh', ['-c', 'mkfifo "$0"', path]);
    const command = new Command();
    expect(await command.run('connect', ':1', '--hexdump', path)).toBe(1);
    expect(command.errors).toMatch(/cannot write the dump to .*nobody reads/);
  });

  it('loses nothing of a large conversation', async () => {
    const path = dumpPath();
    const lines = Array.from({ length: 2_000 }, (_, number) => `${number}`.padEnd(99)).join('\n');
    const { code, output } = await pipe(lines, 'connect', await meerkatServer(), '--hexdump', path);
    expect(output === `${lines}\n`).toBe(true);
    expect(readFileSync(path, 'utf8').match(/^ +text, FIN/gm)).toHaveLength(4_000);
    expect(code).toBe(0);
  });
});

describeOnTerminal('A10 meerkat connect --hexdump on a terminal', () => {
  it('does not garble the line that is being typed', async () => {
    const terminal = new PseudoTerminal(['connect', await meerkatServer(), '--hexdump']);
    await terminal.until((lines) => lines.at(-1) === '>');
    terminal.type('/ping abc\r');
    await terminal.until((lines) => lines.some((line) => line.includes('pong after')));
    terminal.type('half');
    await terminal.until((lines) => lines.at(-1) === '> half');
    expect(terminal.screen.lines.join('\n')).toMatch(/\n +ping, FIN, masked/);
    terminal.type('\x03');
    expect(await terminal.exitCode()).toBe(0);
  });
});
