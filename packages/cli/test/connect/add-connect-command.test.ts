import { CONNECTION_RANGES } from 'meerkat';
import { describe, expect, it } from 'vitest';
import { Command, pipe } from './command.ts';

describe('wrong usage of meerkat connect', () => {
  it.each([
    ['no URL', [], "missing required argument 'url'"],
    ['a bad URL', ['ftp://localhost'], '"ftp://localhost" is no WebSocket URL'],
    ['two URLs', ['localhost', 'localhost'], 'too many arguments'],
    ['an unknown option', ['localhost', '--hexx'], "unknown option '--hexx'"],
    [
      'a bad time',
      ['localhost', '--wait', 'long'],
      'It is seconds, from 0 to 86400, or "forever".',
    ],
    [
      'a bad limit',
      ['localhost', '--max-message-bytes', '0'],
      `from 1 to ${CONNECTION_RANGES.maxMessageBytes[1]}.`,
    ],
    ['a bad timeout', ['localhost', '--timeout', '1.5'], 'from 1 to 86400000'],
    ['a bad header field', ['localhost', '-H', 'nonsense'], "write it as 'Name: value'"],
    [
      'a header field of the handshake',
      ['localhost', '-H', 'Upgrade: h2c'],
      '--header Upgrade: meerkat sets',
    ],
    ['a bad subprotocol', ['localhost', '-s', 'a b'], 'A subprotocol is'],
    ['a subprotocol twice', ['localhost', '-s', 'a,a'], 'It is there twice.'],
    ['a bad origin', ['localhost', '-o', 'example.com'], 'An origin is'],
    ['two origins', ['localhost', '-o', 'null', '-H', 'Origin: null'], 'take one of them'],
    ['a bad close code', ['localhost', '--code', '1006'], 'A code that may be sent'],
    [
      'a reason without a code',
      ['localhost', '--code', '1005', '--reason', 'a'],
      '--reason needs a --code',
    ],
    ['bad hex', ['localhost', '--hex', '-m', '0'], '--message "0": "0" is not two hex digits'],
    ['--hex with --binary', ['localhost', '--hex', '--binary'], 'cannot be used with'],
    ['--text with --hex', ['localhost', '--text', '--hex'], 'cannot be used with'],
    ['--text with --binary', ['localhost', '--text', '--binary'], 'cannot be used with'],
    ['a count of nothing', ['localhost', '--count', '0'], 'It is a whole number from 1'],
    ['a bad interval', ['localhost', '--ping', '0'], 'It is seconds, from 0.01 to 86400.'],
    ['an empty path of a socket', ['localhost', '--unix', ''], '--unix needs the path of a socket'],
    [
      '--show-secrets with nothing to show',
      ['localhost', '--show-secrets'],
      '--show-secrets is for --verbose and --hexdump',
    ],
    ['--raw with --times', ['localhost', '--raw', '--times'], 'cannot be used with'],
    ['--ca without TLS', ['localhost', '--ca', 'x'], '--ca is for wss://'],
    ['--insecure without TLS', ['localhost', '--insecure'], '--insecure is for wss://'],
    [
      '--ca that is not there',
      ['wss://localhost', '--ca', '/nowhere'],
      '--ca /nowhere: no such file',
    ],
  ])('%s is one clear line and exit code 2', async (_what, args, line) => {
    const { code, output, errors } = await pipe('', 'connect', ...args);
    expect(errors).toContain(line);
    expect(errors).toMatch(/^meerkat: [^\n]*\n$/);
    expect(output).toBe('');
    expect(code).toBe(2);
  });
});

describe('meerkat connect --help', () => {
  it('is a manual: every option, what happens in a pipe, exit codes, examples last', async () => {
    const command = new Command();
    expect(await command.run('connect', '--help')).toBe(0);
    const { output } = command;
    for (const option of [
      '-m, --message <text>',
      '-f, --file <path>',
      '-w, --wait <seconds>',
      '-c, --count <n>',
      '--text',
      '--binary',
      '--hex',
      '--commands',
      '--raw',
      '--times',
      '--max-message-bytes <n>',
      '-v, --verbose',
      '--ping <seconds>',
      '--hexdump [file]',
      '--show-secrets',
      '-s, --subprotocol <name>',
      '-H, --header <field>',
      '-o, --origin <url>',
      '--unix <path>',
      '--timeout <ms>',
      '--ca <file>',
      '--insecure',
      '--code <code>',
      '--reason <text>',
      '--close-timeout <ms>',
    ]) {
      expect(output).toContain(`\n  ${option}`);
    }
    expect(output).toContain('DANGEROUS');
    expect(output).toMatch(/In a pipe:.*Watching:.*Exit\s+code 0.*Examples:.*$/s);
  });

  it('fits into 80 columns', async () => {
    const command = new Command();
    await command.run('connect', '--help');
    expect(command.output.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });
});
