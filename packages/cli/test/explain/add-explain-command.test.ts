import { Writable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { CLOSE_CODES } from 'meerkat';
import { describe, expect, it } from 'vitest';
import { Command } from '../connect/command.ts';

async function explain(
  ...args: readonly string[]
): Promise<{ code: number; output: string; errors: string }> {
  const command = new Command();
  const code = await command.run('explain', ...args);
  return { code, output: command.output, errors: command.errors };
}

describe('meerkat explain', () => {
  it('B8 says what a code means, whether it may be sent, by whom, what it comes from and what to do', async () => {
    const { code, output, errors } = await explain('1006');
    expect(output).toMatch(
      /^1006 abnormal closure\n {2}The connection was lost without a Close frame/,
    );
    expect(output).toMatch(/may be sent +no\n {2}sent by +nobody; reported locally\n/);
    expect(output).toMatch(/defined in +RFC 6455 §7\.4\.1\n/);
    expect(output).toMatch(/usual causes\n {2}- .*what to do\n {2}- /s);
    expect(errors).toBe('');
    expect(code).toBe(0);
  });

  it.each([
    [['going', 'away'], ['1001 going away']],
    [['going away'], ['1001 going away']],
    [
      ['1000', '1001'],
      ['1000 normal closure', '1001 going away'],
    ],
    [['1000', '1000'], ['1000 normal closure']],
    [['3003'], ['3003 forbidden']],
    [['WS_TEXT_UTF8'], ['WS_TEXT_UTF8 a text message is not UTF-8']],
    [
      ['too', 'big'],
      ['1009 message too big', 'WS_MESSAGE_TOO_BIG the message exceeds the limit'],
    ],
  ])('finds %j', async (words, titles) => {
    const { code, output } = await explain(...words);
    expect(output.split('\n').filter((line) => /^\S/.test(line))).toEqual(titles);
    expect(code).toBe(0);
  });

  it('lists many matches, a line each', async () => {
    const { output } = await explain('WS_CONTROL', 'WS_CLOSE');
    expect(output).toMatch(/^ {2}WS_CONTROL_FRAGMENTED {4}a fragmented control frame \(1002\)$/m);
  });

  it('B8 lists the whole registry without a code', async () => {
    const { code, output } = await explain();
    for (const { code: number, name } of CLOSE_CODES) {
      expect(output).toMatch(new RegExp(`^  ${number} +${name}\\. `, 'm'));
    }
    expect(output).toMatch(/^ {2}4000-4999 +private use\. /m);
    expect(output).toContain('WS_RESERVED_BIT_SET');
    expect(output).toContain('MEERKAT_NO_ROUTE');
    expect(code).toBe(0);
  });

  it.each([
    [['gong', 'away'], 'no code is called "gong away"; perhaps 1001 going away'],
    [['70000'], '70000 is no close code: they are two octets, 0 to 65535'],
    [['qqqqqqqq'], 'no code is called "qqqqqqqq"; "meerkat explain" lists all'],
    [
      ['WS_RESERVED_BITS_SET'],
      'no code is called "WS_RESERVED_BITS_SET"; perhaps WS_RESERVED_BIT_SET',
    ],
    [['-5'], '-5 is no close code: they are two octets, 0 to 65535'],
  ])('names what is near to the unknown %j, and fails', async (words, line) => {
    expect(await explain(...words)).toEqual({ code: 1, output: '', errors: `meerkat: ${line}\n` });
  });

  it('explains what it knows of several, and fails for the other', async () => {
    const { code, output, errors } = await explain('1000', 'qqqqqqqq');
    expect(output).toContain('1000 normal closure');
    expect(errors).toContain('no code is called "qqqqqqqq"');
    expect(code).toBe(1);
  });

  it.each([
    ['an empty name', [''], '"" is neither a number nor a name'],
    ['no name', ['?!'], '"?!" is neither a number nor a name'],
    ['an unknown option', ['--xml'], "unknown option '--xml'"],
  ])('calls %s wrong usage', async (_what, words, line) => {
    const { code, output, errors } = await explain(...words);
    expect(errors).toMatch(/^meerkat: [^\n]*\n$/);
    expect(errors).toContain(line);
    expect(output).toBe('');
    expect(code).toBe(2);
  });

  it('S19 shows control characters of what it does not know', async () => {
    expect((await explain('\x1b[2J')).errors).toContain('"\\u001b[2J"');
  });
});

describe('meerkat explain --json', () => {
  it('prints the same for a program', async () => {
    const { code, output } = await explain('--json', '1006', 'WS_MESSAGE_TOO_BIG');
    expect(JSON.parse(output)).toMatchObject([
      { kind: 'close code', code: '1006', name: 'abnormal closure', mayBeSent: false },
      { kind: 'violation', code: 'WS_MESSAGE_TOO_BIG', closeCode: 1009, limit: 'maxMessageBytes' },
    ]);
    expect(code).toBe(0);
  });

  it('prints all without a code', async () => {
    const { output } = await explain('--json');
    const codes = (JSON.parse(output) as { code: string }[]).map(({ code }) => code);
    expect(codes).toContain('1000');
    expect(codes).toContain('MEERKAT_URL');
    expect(new Set(codes).size).toBe(codes.length);
  });
});

describe('the look of meerkat explain', () => {
  it('fits into the terminal, with colours there', async () => {
    const command = new Command({ stdout: true }); // 60 columns
    await command.run('explain', '1006');
    expect(command.output).toContain('\x1b[1m1006\x1b[22m');
    const plain = stripVTControlCharacters(command.output);
    expect(plain.split('\n').filter((line) => line.length > 60)).toEqual([]);
  });

  it('has no colours in a pipe', async () => {
    expect((await explain('1006')).output).not.toContain('\x1b');
  });

  it('does not mind a reader that left', async () => {
    const gone = new Writable({
      write: (_chunk, _encoding, done) => done(Object.assign(new Error(), { code: 'EPIPE' })),
    });
    const command = new Command({}, gone);
    expect(await command.run('explain')).toBe(0);
    expect(command.errors).toBe('');
  });

  it('has a manual that fits into 80 columns and ends with examples', async () => {
    const { code, output } = await explain('--help');
    expect(output).toMatch(/Exit code 0.*Examples:.*$/s);
    expect(output.split('\n').filter((line) => line.length > 80)).toEqual([]);
    expect(code).toBe(0);
  });
});
