import { PassThrough, Writable } from 'node:stream';
import { expect, it } from 'vitest';
import { Output } from '../../src/terminal/output.ts';

function failing(code: string): Writable {
  return new Writable({
    write: (_chunk, _encoding, done) => done(Object.assign(new Error(code), { code })),
  });
}

it('writes at once where the reader keeps up', () => {
  const stream = new PassThrough();
  const output = new Output(stream);
  expect(output.line('one')).toBeUndefined();
  expect(output.write(Buffer.from('two'))).toBeUndefined();
  const read: Buffer[] = [];
  for (let chunk = stream.read(); chunk !== null; chunk = stream.read()) read.push(chunk);
  expect(Buffer.concat(read).toString()).toBe('one\ntwo');
  expect(output.blocked).toBe(false);
});

it('gives a promise where the reader is behind', async () => {
  const stream = new PassThrough({ highWaterMark: 2 });
  const output = new Output(stream);
  const written = output.write('much');
  expect(written).toBeInstanceOf(Promise);
  expect(output.blocked).toBe(true);
  stream.resume();
  await written;
  expect(output.blocked).toBe(false);
});

it('tells once that the reader left, and swallows the rest', async () => {
  const failures: unknown[] = [];
  const stream = failing('EPIPE');
  const output = new Output(stream, (error) => failures.push(error.code));
  void output.write('a');
  void output.write('b');
  await new Promise((resolve) => stream.once('close', resolve));
  void output.write('c');
  stream.emit('error', new Error('late'));
  expect(failures).toEqual(['EPIPE']);
});

it('lets nobody wait for a reader that left', async () => {
  const stream = failing('EPIPE');
  const output = new Output(stream);
  await output.write('x'.repeat(100_000));
  expect(output.blocked).toBe(false);
});
