// A dump whose reader is behind.
import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { Output } from '../../src/terminal/output.ts';
import { paletteFor } from '../../src/terminal/palette.ts';
import { TrafficDump } from '../../src/traffic/traffic-dump.ts';

function stalled(): { sink: PassThrough; dump: TrafficDump; text(): Promise<string> } {
  const sink = new PassThrough({ highWaterMark: 1_000 });
  const output = new Output(sink);
  const dump = new TrafficDump({
    write: (text) => output.write(text),
    ready: (signal) => output.ready(signal),
    palette: paletteFor(sink, {}),
    showSecrets: true,
  });
  return {
    sink,
    dump,
    async text() {
      let read = '';
      sink.on('data', (chunk: Buffer) => {
        read += chunk.toString();
      });
      while (!/closed\n/.test(read) || output.blocked) {
        await new Promise((resolve) => setImmediate(resolve));
      }
      return read;
    },
  };
}

const server = { role: 'server' } as const;

it('A7 renders nothing while the output is behind, and everything in order afterwards', async () => {
  const { sink, dump, text } = stalled();
  const one = dump.connection({ id: 1, ...server });
  const two = dump.connection({ id: 2, ...server });
  void one.received(Buffer.alloc(1_000, 'a'));
  const held = sink.readableLength + sink.writableLength;
  const waiting = [
    one.received(Buffer.from('bbbb')),
    two.received(Buffer.from('cccc')),
    one.sent(Buffer.from('dddd')),
  ];
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  expect(sink.readableLength + sink.writableLength).toBe(held);
  const read = text();
  await Promise.all(waiting.map((one) => Promise.resolve(one)));
  void one.closed(undefined);
  const order = (await read).match(/(?<=\| *)(bbbb|cccc|dddd)(?= *\|)/g);
  expect(order).toEqual(['bbbb', 'cccc', 'dddd']);
});

it('A7 counts connections that it does not dump, or not to the end', async () => {
  const { sink, dump, text } = stalled();
  const one = dump.connection({ id: 1, ...server });
  const two = dump.connection({ id: 2, ...server });
  const three = dump.connection({ id: 3, ...server });
  void one.received(Buffer.alloc(1_000, 'a'));
  const held = sink.readableLength + sink.writableLength;
  const waiting = two.received(Buffer.from('bbbb'));
  for (let id = 4; id < 1_004; id += 1) {
    const unseen = dump.connection({ id, ...server });
    expect(unseen.received(Buffer.from('x'))).toBeUndefined();
    expect(unseen.closed(undefined)).toBeUndefined();
  }
  expect(two.ended('in')).toBeUndefined();
  expect(two.closed(undefined)).toBeUndefined();
  await waiting; // nobody waits for what is gone
  expect(sink.readableLength + sink.writableLength).toBe(held);
  const read = text();
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  void three.closed(undefined);
  expect(await read).toMatch(
    /Z -- while the output was behind: 1000 connections were not dumped, 1 connection was not dumped to the end\n/,
  );
  expect(await read).not.toContain('bbbb');
});

it('A7 always dumps the one connection of a client', () => {
  const { sink, dump } = stalled();
  sink.write('x'.repeat(2_000));
  const client = dump.connection({ id: 1, role: 'client' });
  expect(client.sent(Buffer.from('GET'))).toBeInstanceOf(Promise);
});
