import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitLines } from '../../src/terminal/line-splitter.ts';

async function linesOf(chunks: readonly (Buffer | string)[], limit?: number): Promise<string[]> {
  async function* source(): AsyncGenerator<Buffer | string> {
    yield* chunks;
  }
  const lines: string[] = [];
  for await (const batch of splitLines(source(), limit)) {
    lines.push(...batch.map((line) => line.toString('latin1')));
  }
  return lines;
}

describe('splitLines', () => {
  it.each([
    ['', []],
    ['a', ['a']],
    ['a\n', ['a']],
    ['a\nb', ['a', 'b']],
    ['a\r\nb\r\n', ['a', 'b']],
    ['\n\n', ['', '']],
    ['\r\n', ['']],
    ['\r', ['']],
    ['a\rb\n', ['a\rb']],
    ['a\r\r\n', ['a\r']],
    ['\0\x1b\xff\xfe\n', ['\0\x1b\xff\xfe']],
  ])('cuts %j', async (octets, lines) => {
    expect(await linesOf([Buffer.from(octets, 'latin1')])).toEqual(lines);
  });

  it('gives the same lines however the octets are cut', async () => {
    const octet = fc.constantFrom(0x0a, 0x0d, 0x61, 0xff);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(octet, { maxLength: 6 })), async (pieces) => {
        const chunks = pieces.map((piece) => Buffer.from(piece));
        expect(await linesOf(chunks)).toEqual(await linesOf([Buffer.concat(chunks)]));
      }),
    );
  });

  it('bounds a line that never ends', async () => {
    const endless = Array.from({ length: 100 }, () => Buffer.alloc(10, 0x61));
    await expect(linesOf(endless, 50)).rejects.toThrow(
      expect.objectContaining({
        exitCode: 1,
        message: 'a line of more than 50 octets is no message',
      }),
    );
  });
});
