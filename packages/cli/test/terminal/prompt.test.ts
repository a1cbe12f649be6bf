import { PassThrough } from 'node:stream';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Prompt } from '../../src/terminal/prompt.ts';
import { Screen } from './screen.ts';

const COLUMNS = 20;

interface Typing {
  readonly prompt: Prompt;
  readonly output: PassThrough;
  readonly events: string[];
  /** Presses keys, and waits until they have been read. */
  type(keys: string | Uint8Array): Promise<void>;
  print(text: string): void;
  readonly screen: Screen;
}

function typing(): Typing {
  const input = new PassThrough();
  const output = Object.assign(new PassThrough(), { isTTY: true, columns: COLUMNS });
  const events: string[] = [];
  let printed = '';
  // A terminal adds a carriage return to each line feed (ONLCR).
  output.on('data', (chunk: Buffer) => {
    printed += chunk.toString().replace(/(?<!\r)\n/g, '\r\n');
  });
  const prompt = new Prompt({
    input,
    output,
    text: '> ',
    onLine: (line) => events.push(`line ${line}`),
    onInterrupt: () => events.push('interrupt'),
    onEnd: () => events.push('end'),
  });
  onTestFinished(() => prompt.close());
  return {
    prompt,
    output,
    events,
    async type(keys) {
      input.write(keys);
      await new Promise((resolve) => setImmediate(resolve));
    },
    print: (text) => prompt.above(() => output.write(`${text}\n`)),
    get screen() {
      return Screen.of(printed, COLUMNS);
    },
  };
}

describe('Prompt', () => {
  it('takes nothing that comes behind Ctrl-D, in the same chunk or a later one', async () => {
    const terminal = typing();
    await terminal.type('\x04abc\ndef\n\x1b[A\r');
    await terminal.type('ghi\n');
    expect(terminal.events).toEqual(['end']);
  });

  it('prints above the line that is being typed', async () => {
    const terminal = typing();
    await terminal.type('hel');
    terminal.print('< tick');
    await terminal.type('lo');
    expect(terminal.screen.lines).toEqual(['< tick', '> hello']);
    expect(terminal.screen.cursor).toEqual({ row: 1, column: 7 });
    await terminal.type('\r');
    expect(terminal.events).toEqual(['line hello']);
    expect(terminal.screen.lines).toEqual(['< tick', '> hello', '>']);
  });

  it('prints above a line that takes several rows', async () => {
    const terminal = typing();
    await terminal.type('a line that is wrapped, and wrapped once more');
    const before = terminal.screen.lines;
    expect(before).toHaveLength(3);
    terminal.print('< one');
    terminal.print('< two\n  lines');
    expect(terminal.screen.lines).toEqual(['< one', '< two', '  lines', ...before]);
    await terminal.type('!');
    expect(terminal.screen.lines.at(-1)).toBe(`${before.at(-1)}!`);
  });

  it.each(Array.from({ length: 2 * COLUMNS + 3 }, (_, length) => length))(
    'keeps a line of %i characters, and the place of the cursor in it',
    async (length) => {
      const terminal = typing();
      await terminal.type('x'.repeat(length));
      await terminal.type('\x1b[D'.repeat(Math.floor(length / 2)));
      const { lines: before, cursor } = terminal.screen;
      terminal.print('< tick');
      terminal.print('< tock');
      expect(terminal.screen.lines).toEqual(['< tick', '< tock', ...before]);
      expect(terminal.screen.cursor).toEqual({ row: cursor.row + 2, column: cursor.column });
    },
  );

  it('counts wide characters as two columns, as terminals do', async () => {
    const terminal = typing();
    await terminal.type('你好'.repeat(4));
    terminal.print('< tick');
    expect(terminal.screen.lines[0]).toBe('< tick');
  });

  it('inserts what is pasted where the cursor is', async () => {
    const terminal = typing();
    await terminal.type('ac');
    await terminal.type('\x1b[D');
    await terminal.type('XYZ');
    await terminal.type('\r');
    expect(terminal.events).toEqual(['line aXYZc']);
  });

  it('takes several lines that are pasted, and leaves the last to be finished', async () => {
    const terminal = typing();
    await terminal.type('one\r\ntwo\nthree\rfour');
    expect(terminal.events).toEqual(['line one', 'line two', 'line three']);
    expect(terminal.screen.lines.at(-1)).toBe('> four');
  });

  it('takes 100,000 characters that are pasted', async () => {
    const terminal = typing();
    const long = 'x'.repeat(100_000);
    await terminal.type(long);
    await terminal.type('\r');
    expect(terminal.events).toEqual([`line ${long}`]);
  });

  it.each([
    ['whole', ['ab', '\x1b[D', 'X', '\r']],
    ['in one chunk with text', ['ab\x1b[DX\r']],
    ['cut after ESC', ['ab', '\x1b', '[DX\r']],
    ['cut before its last octet', ['ab\x1b[', 'DX', '\r']],
  ])('understands a key that comes %s', async (_how, chunks) => {
    const terminal = typing();
    for (const chunk of chunks) await terminal.type(chunk);
    expect(terminal.events).toEqual(['line aXb']);
  });

  it('understands characters that are cut between octets', async () => {
    const terminal = typing();
    for (const octet of Buffer.from('é😀\r')) await terminal.type(Buffer.of(octet));
    expect(terminal.events).toEqual(['line é😀']);
  });

  it('brings back earlier lines', async () => {
    const terminal = typing();
    await terminal.type('first\r');
    await terminal.type('\x1b[A\r');
    expect(terminal.events).toEqual(['line first', 'line first']);
  });

  it('tells of Ctrl-C and Ctrl-D', async () => {
    const terminal = typing();
    await terminal.type('\x03');
    await terminal.type('\x04');
    expect(terminal.events).toEqual(['interrupt', 'end']);
  });

  it('goes on printing after its end, without a prompt', async () => {
    const terminal = typing();
    terminal.prompt.close();
    terminal.prompt.close();
    terminal.print('last words');
    expect(terminal.events).toEqual(['end']);
    expect(terminal.screen.lines).toEqual(['last words']);
  });

  it('leaves a line that was begun to be seen', async () => {
    const terminal = typing();
    await terminal.type('not sent');
    terminal.prompt.close();
    terminal.print('bye');
    expect(terminal.screen.lines).toEqual(['> not sent', 'bye']);
  });
});
