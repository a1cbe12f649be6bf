import { Command } from 'commander';
import {
  COMPRESSION_RANGES,
  type CompressionOptions,
  DEFAULT_COMPRESSION_NUMBERS,
  WebSocketServer,
} from 'meerkat';
import { describe, expect, it } from 'vitest';
import {
  addCompressionFlags,
  COMPRESSION_DETAILS,
  compressionOption,
} from '../../src/serve/compression-flags.ts';

function parse(...args: string[]): CompressionOptions | undefined {
  const command = new Command().exitOverride().configureOutput({ writeErr: () => {} });
  addCompressionFlags(command);
  return compressionOption(command.parse(args, { from: 'user' }).opts());
}

const NAMES = Object.keys(COMPRESSION_RANGES) as (keyof typeof COMPRESSION_RANGES)[];

function flagOf(name: string): string {
  return `--compression-${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

describe('the flags of compression', () => {
  it('turn nothing on where they are not given', () => {
    expect(parse()).toBeUndefined();
  });

  it('leave the rest to the library', () => {
    expect(parse('--compression')).toEqual({});
  });

  it.each(NAMES)('%s has one, with the range and the default of the option', (name) => {
    const [least, greatest] = COMPRESSION_RANGES[name];
    for (const value of [least, greatest]) {
      const given = parse('--compression', flagOf(name), String(value));
      expect(given).toEqual({ [name]: value });
      expect(() => new WebSocketServer({ compression: given })).not.toThrow();
    }
    for (const value of [least - 1, greatest + 1, '', 'x', '1.5']) {
      expect(() => parse('--compression', `${flagOf(name)}=${value}`)).toThrow(
        `It is a whole number from ${least} to ${greatest}.`,
      );
    }
    const command = new Command();
    addCompressionFlags(command);
    const { description } = command.options.find(({ long }) => long === flagOf(name)) ?? {};
    expect(description).toContain(`(default: ${DEFAULT_COMPRESSION_NUMBERS[name]})`);
  });

  it('--compression-takeover lets both sides keep their context', () => {
    expect(parse('--compression', '--compression-takeover')).toEqual({
      serverNoContextTakeover: false,
      clientNoContextTakeover: false,
    });
  });

  it('lists every flag that goes with --compression', () => {
    const command = new Command();
    addCompressionFlags(command);
    expect(['--compression', ...COMPRESSION_DETAILS]).toEqual(
      command.options.map(({ long }) => long),
    );
  });
});
