import { Command, type Option } from 'commander';
import { describe, expect, it } from 'vitest';
import { addBenchFlags } from '../../src/bench/bench-flags.ts';
import { addCheckFlags } from '../../src/check/check-flags.ts';
import { processContext } from '../../src/cli-context.ts';
import { addConnectFlags } from '../../src/connect/connect-flags.ts';
import { addDiagnoseCommand } from '../../src/diagnose/add-diagnose-command.ts';
import {
  fieldRecord,
  refuseTwoOrigins,
  requestFields,
  takeCredentials,
} from '../../src/dialling/handshake-flags.ts';

describe('the flags of all commands that dial', () => {
  function diagnoseOptions(): readonly Option[] {
    const program = new Command();
    addDiagnoseCommand(program, processContext());
    return program.commands[0]?.options ?? [];
  }

  function optionsOf(add: (command: Command) => void): readonly Option[] {
    const command = new Command();
    add(command);
    return command.options;
  }

  const commands: readonly (readonly Option[])[] = [
    optionsOf(addConnectFlags),
    optionsOf(addCheckFlags),
    optionsOf(addBenchFlags),
    diagnoseOptions(),
  ];

  it.each(['--subprotocol', '--header', '--origin', '--ca', '--insecure', '--cert', '--key'])(
    'have the same words everywhere: %s',
    (long) => {
      const found = commands.map((options) => options.find((option) => option.long === long));
      const descriptions = new Set(found.map((option) => option?.description));
      expect(descriptions.size).toBe(1);
      expect([...descriptions][0]).toMatch(/\w/);
    },
  );
});

describe('the header fields of a request', () => {
  it('are those of --header, of --origin and of the URL', () => {
    expect(
      requestFields({ header: [['X', '1']], origin: 'https://a.example' }, 'Basic eA=='),
    ).toEqual([
      ['X', '1'],
      ['Origin', 'https://a.example'],
      ['Authorization', 'Basic eA=='],
    ]);
    expect(requestFields({})).toEqual([]);
  });

  it('have the Authorization of a --header in place of that of the URL', () => {
    const header = [['authorization', 'Bearer x']] as const;
    expect(requestFields({ header }, 'Basic eA==')).toEqual(header);
  });

  it('have one Origin only', () => {
    const flags = { header: [['ORIGIN', 'null']] as const, origin: 'null' };
    for (const use of [requestFields, refuseTwoOrigins]) {
      expect(() => use(flags)).toThrow(
        expect.objectContaining({
          exitCode: 2,
          message: '--origin and a --header with an Origin: take one of them',
        }),
      );
    }
    expect(requestFields({ header: flags.header })).toEqual([['ORIGIN', 'null']]);
  });

  it('that are given several times are one field, where names have to be different', () => {
    expect(
      fieldRecord([
        ['Accept', 'a'],
        ['Cookie', 'a=1'],
        ['accept', 'b'],
        ['cookie', 'b=2'],
      ]),
    ).toEqual({ Accept: 'a, b', Cookie: 'a=1; b=2' });
  });
});

describe('credentials of a URL', () => {
  it.each([
    ['wss://me:pass%20word@example.com/a', 'me:pass word'],
    ['ws://me@example.com/a', 'me:'],
    ['ws://100%:%zz@example.com/a', '100%:%zz'],
  ])('are taken out of it: %s', (given, pair) => {
    const url = new URL(given);
    expect(takeCredentials(url)).toBe(`Basic ${Buffer.from(pair).toString('base64')}`);
    expect(url.href).toMatch(/^wss?:\/\/example\.com\/a$/);
  });

  it('may be none', () => {
    expect(takeCredentials(new URL('ws://example.com/'))).toBeUndefined();
  });
});
