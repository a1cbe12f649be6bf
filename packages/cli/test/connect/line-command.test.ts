import { describe, expect, it } from 'vitest';
import {
  COMMANDS_HELP,
  type Entry,
  messageEntry,
  readEntry,
} from '../../src/connect/line-command.ts';

const wrong = (problem: string): Entry => ({
  kind: 'wrong',
  problem: expect.stringContaining(problem) as string,
});

function read(line: string, format: 'text' | 'binary' | 'hex' = 'text'): Entry {
  return readEntry(Buffer.from(line), format);
}

describe('readEntry', () => {
  it.each<[string, Entry]>([
    ['hello', { kind: 'message', message: 'hello' }],
    ['', { kind: 'message', message: '' }],
    [' /ping', { kind: 'message', message: ' /ping' }],
    ['//', { kind: 'message', message: '/' }],
    ['//ping', { kind: 'message', message: '/ping' }],
    ['///', { kind: 'message', message: '//' }],
    ['/text hello there', { kind: 'message', message: 'hello there' }],
    ['/text', { kind: 'message', message: '' }],
    ['/text //x', { kind: 'message', message: '//x' }],
    ['/binary hé', { kind: 'message', message: Buffer.from('hé') }],
    ['/hex 48 65', { kind: 'message', message: Buffer.from('He') }],
    ['/HEX', { kind: 'message', message: Buffer.alloc(0) }],
    ['/ping', { kind: 'ping', payload: undefined }],
    ['/ping a b', { kind: 'ping', payload: Buffer.from('a b') }],
    [`/ping ${'x'.repeat(125)}`, { kind: 'ping', payload: Buffer.alloc(125, 'x') }],
    ['/close', { kind: 'close', close: undefined }],
    ['/close 4000', { kind: 'close', close: { code: 4000, reason: '' } }],
    ['/close 4000 bye  bye', { kind: 'close', close: { code: 4000, reason: 'bye  bye' } }],
    ['/close 1005', { kind: 'close', close: { code: 1005, reason: '' } }],
    ['/file a file.bin', { kind: 'file', path: 'a file.bin' }],
    ['/help', { kind: 'help' }],
    ['/Quit ', { kind: 'quit' }],
  ])('reads %j', (line, entry) => {
    expect(read(line)).toEqual(entry);
  });

  it.each([
    ['/', '/ is no command'],
    ['/etc/passwd', '/etc/passwd is no command: /help lists them, // sends'],
    ['/hex 4', '"4" is not two hex digits'],
    ['/hex xy', '"x" is no hex digit'],
    [`/ping ${'ü'.repeat(63)}`, 'at most 125 octets, not 126'],
    ['/close bye', 'A code that may be sent'],
    ['/close 1006', 'A code that may be sent'],
    ['/close 99999', 'A code that may be sent'],
    ['/close 1005 bye', 'has no reason'],
    [`/close 4000 ${'x'.repeat(124)}`, 'at most 123 octets'],
    ['/file', '/file needs a path'],
    ['/help me', '/help takes nothing'],
    ['/quit now', '/quit takes nothing'],
  ])('sends nothing for %j', (line, problem) => {
    expect(read(line)).toEqual(wrong(problem));
  });

  it('reads lines that are no commands in their format, the one slash that is left with them', () => {
    expect(read('48', 'hex')).toEqual({ kind: 'message', message: Buffer.from('H') });
    expect(read('//48', 'hex')).toEqual(wrong('"/" is no hex digit'));
    expect(read('//a', 'binary')).toEqual({ kind: 'message', message: Buffer.from('/a') });
    const octets = Buffer.of(0xff, 0x2f);
    expect(readEntry(octets, 'binary')).toEqual({ kind: 'message', message: octets });
    expect(readEntry(octets, 'text')).toEqual(wrong('not UTF-8'));
  });

  it('takes octets that are no UTF-8 for no command', () => {
    expect(readEntry(Buffer.of(0x2f, 0xff), 'binary')).toEqual(wrong('a command is UTF-8'));
  });

  it('sends a text command as text whatever lines stand for', () => {
    expect(read('/text 48', 'hex')).toEqual({ kind: 'message', message: '48' });
    expect(read('/hex 48', 'text')).toEqual({ kind: 'message', message: Buffer.from('H') });
  });
});

describe('messageEntry', () => {
  it.each(['/ping', '//x', '/'])('knows no commands: %j is a message', (line) => {
    expect(messageEntry(Buffer.from(line), 'text')).toEqual({ kind: 'message', message: line });
  });
});

describe('COMMANDS_HELP', () => {
  it('names every command, in lines that fit a narrow terminal', () => {
    const names = COMMANDS_HELP.map((line) => /^\/(\w*)/.exec(line)?.[1]);
    expect(names).toEqual(['ping', 'close', 'text', 'binary', 'hex', 'file', 'help', 'quit', '']);
    for (const name of names.filter((one) => one !== '')) {
      expect(read(`/${name}`)).not.toEqual(wrong('is no command'));
    }
    expect(COMMANDS_HELP.filter((line) => line.length > 76)).toEqual([]);
  });
});
