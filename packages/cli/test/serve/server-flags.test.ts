import { Command } from 'commander';
import {
  CONNECTION_RANGES,
  DEFAULT_CONNECTION_NUMBERS,
  defaultServerNumbers,
  SERVER_RANGES,
  WebSocketServer,
} from 'meerkat';
import { describe, expect, it } from 'vitest';
import { addServerFlags, serverOptions } from '../../src/serve/server-flags.ts';

function parse(...args: string[]): ReturnType<typeof serverOptions> {
  const command = new Command().exitOverride().configureOutput({ writeErr: () => {} });
  addServerFlags(command);
  return serverOptions(command.parse(args, { from: 'user' }).opts());
}

const RANGES = { ...CONNECTION_RANGES, ...SERVER_RANGES };
const names = Object.keys({
  ...DEFAULT_CONNECTION_NUMBERS,
  ...defaultServerNumbers(),
}) as (keyof typeof RANGES)[];

function flagOf(name: string): string {
  if (name === 'maxConnectionsPerAddress') return '--max-per-address';
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

describe('the flags of the limits', () => {
  it.each(names)('%s has one, with the range of the option', (name) => {
    const [least, greatest] = RANGES[name];
    for (const value of [least, greatest]) {
      expect(parse(flagOf(name), String(value))).toEqual({ messageTypes: 'any', [name]: value });
    }
    for (const value of [least - 1, greatest + 1]) {
      expect(() => parse(`${flagOf(name)}=${value}`)).toThrow(/whole number/);
    }
  });

  it.each(['', '1.5', '1e3', '0x10', ' 1', '1k', 'NaN', '_', '-1'])('refuse %j', (value) => {
    expect(() => parse(`--max-message-bytes=${value}`)).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^commander\./) }),
    );
  });

  it('take 65_536 for 65536', () => {
    expect(parse('--max-message-bytes', '65_536')).toMatchObject({ maxMessageBytes: 65_536 });
  });

  it('H27 are called --max-connections and --max-per-address', () => {
    expect(parse('--max-connections', '2', '--max-per-address', '1')).toMatchObject({
      maxConnections: 2,
      maxConnectionsPerAddress: 1,
    });
  });
});

describe('the flags of who may connect', () => {
  it('leave to the library what is not given', () => {
    expect(parse()).toEqual({ messageTypes: 'any' });
  });

  it('B4 take origins by commas, blanks around them do not count', () => {
    expect(parse('--origins', 'https://a.test, https://b.test').origins).toEqual([
      'https://a.test',
      'https://b.test',
    ]);
    expect(parse('--require-origin')).toMatchObject({ requireOrigin: true });
    expect(parse('--dangerously-accept-any-origin')).toMatchObject({
      dangerouslyAcceptAnyOrigin: true,
    });
    expect(() => parse('--origins=https://a.test', '--dangerously-accept-any-origin')).toThrow(
      /cannot be used with/,
    );
  });

  it('B7 take subprotocols by commas, in their order', () => {
    expect(parse('--subprotocols', 'superchat , chat').subprotocols).toEqual(['superchat', 'chat']);
  });

  it('B3 take the types of messages, and no others', () => {
    for (const type of ['any', 'text', 'binary']) {
      expect(parse('--message-types', type).messageTypes).toBe(type);
    }
    expect(() => parse('--message-types', 'json')).toThrow(/Allowed choices/);
  });

  it('make options that the library takes', () => {
    const options = parse('--subprotocols=chat', '--origins=https://a.test', '--max-connections=0');
    expect(() => new WebSocketServer(options)).not.toThrow();
  });
});
