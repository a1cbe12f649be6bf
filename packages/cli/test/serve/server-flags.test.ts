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
  if (name === 'maxNewConnectionsPerAddress') return '--max-new-per-address';
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

  it('take what becomes of messages that come too fast, and nothing else', () => {
    for (const what of ['pause', 'drop', 'close']) {
      expect(parse('--over-rate', what).overRate).toBe(what);
    }
    expect(() => parse('--over-rate', 'wait')).toThrow(/Allowed choices are pause, drop, close/);
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

describe('the flags of compression', () => {
  it('A9 are the option compression, and off without --compression', () => {
    expect(parse()).not.toHaveProperty('compression');
    const options = parse('--compression', '--compression-level=9', '--compression-takeover');
    expect(options.compression).toEqual({
      level: 9,
      serverNoContextTakeover: false,
      clientNoContextTakeover: false,
    });
    expect(() => new WebSocketServer(options)).not.toThrow();
  });

  it('C8 go with the largest message: --max-message-bytes 67108864', () => {
    const options = parse('--compression', '--max-message-bytes', '67108864');
    expect(options).toMatchObject({ compression: {}, maxMessageBytes: 67_108_864 });
    expect(() => new WebSocketServer(options)).not.toThrow();
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

  it('take one proxy after the other', () => {
    expect(parse('--trust-proxy=10.0.0.0/8', '--trust-proxy', 'loopback').trustProxy).toEqual([
      '10.0.0.0/8',
      'loopback',
    ]);
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
