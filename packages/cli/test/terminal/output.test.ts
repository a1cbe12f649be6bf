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

it('does not let a terminal block the program', () => {
  const told: boolean[] = [];
  const handle = { setBlocking: (blocking: boolean) => told.push(blocking) };
  new Output(Object.assign(new PassThrough(), { isTTY: true, _handle: handle }));
  new Output(Object.assign(new PassThrough(), { _handle: handle }));
  expect(told).toEqual([false]);
});

it('tells everybody who waits to ask again', async () => {
  const stream = new PassThrough({ highWaterMark: 2 });
  const output = new Output(stream);
  expect(output.ready()).toBeUndefined();
  void output.write('much');
  const waiting = [output.ready(), output.ready()];
  const given = new AbortController();
  const third = output.ready(given.signal);
  given.abort();
  await third;
  expect(output.ready(given.signal)).toBeUndefined();
  expect(output.blocked).toBe(true);
  stream.resume();
  await Promise.all(waiting.map((one) => Promise.resolve(one)));
  expect(output.ready()).toBeUndefined();
});

it('leaves lines out where 1 MiB waits, and says so', async () => {
  const stream = new PassThrough();
  const output = new Output(stream);
  const line = `${'x'.repeat(99_999)}\n`;
  for (let count = 0; count < 30; count += 1) output.offer(line);
  expect(output.full).toBe(true);
  expect(stream.writableLength + stream.readableLength).toBeLessThan(1_300_000);
  let read = '';
  stream.on('data', (chunk: Buffer) => {
    read += chunk.toString();
  });
  while (!read.includes('not written')) await new Promise((resolve) => setImmediate(resolve));
  const written = read.split(line).length - 1;
  expect(read.slice(written * line.length)).toBe(
    `${30 - written} lines were not written: the output was behind\n`,
  );
});
