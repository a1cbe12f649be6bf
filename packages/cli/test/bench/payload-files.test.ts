import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FIN, Opcode } from 'meerkat/protocol';
import { describe, expect, it, onTestFinished } from 'vitest';
import { frameHeader, PreparedMessages } from '../../src/bench/load/prepared-messages.ts';
import { readPayloadFiles, withPayloads } from '../../src/bench/payload-files.ts';
import { MAX_SIZE } from '../../src/bench/quantities.ts';
import { compareReports } from '../../src/bench/report/compare-reports.ts';
import { planPhrases } from '../../src/bench/report/plan-words.ts';
import { readReport } from '../../src/bench/report/read-report.ts';
import { Command } from '../connect/command.ts';
import { meerkatServer } from '../connect/servers.ts';
import { startLoad, until, words } from './loading.ts';
import { planOf, reportOf } from './reports.ts';
import { scriptedServer } from './scripted-server.ts';

const KINDS = ['{"buy":"ä"}', '0000000a', '{"buy":"b"}', '{"buy":"ä"} and more'].map((text) =>
  Buffer.from(text),
);

function frame(head: number, payload: Uint8Array): Buffer {
  return Buffer.concat([frameHeader(head, payload.length, undefined), payload]);
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'meerkat-bench-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

/** Files with these octets, `0.bin`, `1.bin`, … */
function files(...contents: readonly (string | Uint8Array)[]): string[] {
  const path = folder();
  return contents.map((content, at) => {
    const file = join(path, `${at}.bin`);
    writeFileSync(file, content);
    return file;
  });
}

describe('files as payloads', () => {
  it.each([
    ['text', { text: true, depth: 3 }],
    ['binary', { depth: 1 }],
    ['at a rate', { text: true, rate: 2_000 }],
    ['compressed', { text: true, compression: true, depth: 2 }],
  ])(
    'travel as they are, in turn, and are compared as they come back: %s',
    async (_what, given) => {
      const got: Buffer[] = [];
      const url = await meerkatServer({
        compression: { threshold: 0 },
        message(connection, message) {
          got.push(Buffer.from(message as string));
          connection.send(message);
        },
      });
      const load = await startLoad({ url, connections: 1, ...given }, 2_000, KINDS);
      await load.source.open();
      load.source.begin();
      await load.received(50);
      load.source.halt();
      expect(await load.source.stop()).toBe(0);
      expect(words(load.counts().failures)).toEqual([]);
      expect(got.slice(0, 9)).toEqual([0, 1, 2, 3, 0, 1, 2, 3, 0].map((at) => KINDS[at]));
    },
  );

  it.each<[string, (payload: Buffer) => Buffer, string]>([
    [
      'an octet that is another',
      (payload) => Buffer.from(payload.map((octet, at) => (at === 5 ? 0 : octet))),
      'payload: other octets than were sent',
    ],
    [
      'the beginning of another',
      (payload) => (payload.equals(KINDS[2] as Buffer) ? Buffer.from('{"buy":') : payload),
      'payload: a message of another length (7 octets)',
    ],
    [
      'one that goes on as none of them does',
      (payload) => (payload.length > 12 ? Buffer.concat([payload, payload]) : payload),
      'payload: a message of another length (42 octets)',
    ],
  ])('are seen to be wrong: %s', async (_what, change, failure) => {
    const url = await scriptedServer((peer) => ({
      message: (opcode, payload) => peer.send(frame(FIN | opcode, change(payload))),
    }));
    const load = await startLoad({ url, connections: 1, depth: 2 }, 2_000, KINDS);
    await load.source.open();
    await load.received(40);
    expect(words(load.counts().failures)).toEqual([failure]);
  });

  it.each([1, 7, 100])('are known again when one is lost: cut after %i octets', async (size) => {
    let messages = 0;
    const url = await scriptedServer((peer) => ({
      message(opcode, payload) {
        messages += 1;
        // The longest is lost, which the one behind it begins like.
        if (messages !== 8) peer.sendInPieces(frame(FIN | opcode, payload), size);
      },
    }));
    const load = await startLoad({ url, connections: 1, depth: 3 }, 20, KINDS);
    await load.source.open();
    await load.received(40);
    load.source.halt();
    expect(await load.source.stop()).toBe(1);
    expect(load.counts().failures).toEqual([
      {
        kind: 'payload',
        detail: 'a message out of turn: one was lost, doubled or swapped',
        count: 1,
      },
    ]);
  });

  it('reach every subscriber of a broadcast, and one that does not is missed', async () => {
    const peers: { send(octets: Uint8Array): void }[] = [];
    let messages = 0;
    const url = await scriptedServer((peer) => ({
      open: () => peers.push(peer),
      message(_opcode, payload) {
        messages += 1;
        for (const one of peers.slice(0, -1)) {
          if (messages !== 6 || one !== peers[0]) one.send(frame(FIN | Opcode.Binary, payload));
        }
      },
    }));
    const broadcast = { url, mode: 'broadcast', connections: 2, window: 3 } as const;
    const load = await startLoad(broadcast, 2_000, KINDS);
    await load.source.open();
    load.source.begin();
    await load.received(60);
    load.source.halt();
    expect(await load.source.stop()).toBe(0);
    expect(words(load.counts().failures)).toContain(
      'lost: a message that was published did not come',
    );
  });

  it('fill a ring that several leave from in one write, none of it larger than it has to be', () => {
    const small = new PreparedMessages(planOf({ sizes: [3], depth: 4 }), [Buffer.from('abc')]);
    expect(small.numbered).toBe(false);
    expect(small.payloads.every((payload) => payload.equals(Buffer.from('abc')))).toBe(true);
    expect(small.slots).toBeGreaterThan(1_000);
    const large = new PreparedMessages(planOf({ sizes: [MAX_SIZE] }), [Buffer.alloc(MAX_SIZE)]);
    expect(large.slots).toBe(2);
  });

  it('are named in the plan, and make another load of it', async () => {
    const [one, other] = [files('{"a":1}'), files('{"b":2}')];
    const [now, earlier] = await Promise.all(
      [one, other].map(async (paths) => {
        const read = await readPayloadFiles(paths, true);
        return reportOf({ plan: withPayloads(planOf({ text: true }), read) });
      }),
    );
    if (now === undefined || earlier === undefined) throw new Error('two reports');
    expect(now.plan).toMatchObject({
      sizes: [7],
      payloads: [{ file: '0.bin', bytes: 7, sha256: '015abd7f5cc57a2d' }],
    });
    expect(planPhrases(now.plan)).toContain('0.bin (7 B) text');
    expect(compareReports(now, now)).toMatchObject({ sameLoad: true, differences: [] });
    expect(compareReports(now, earlier)).toMatchObject({
      sameLoad: false,
      differences: [{ name: 'files sent' }],
    });
  });

  it('of which there are too many, or too large together, are refused', async () => {
    const [path = ''] = files('x');
    await expect(readPayloadFiles(Array(101).fill(path), true)).rejects.toThrow(
      '--payload: 101 files are more than 100',
    );
    truncateSync(path, MAX_SIZE);
    await expect(readPayloadFiles([path], true)).resolves.toHaveLength(1);
    await expect(readPayloadFiles([path, path], true)).rejects.toThrow(
      `--payload ${path}: all files together are larger than ${MAX_SIZE} octets`,
    );
    truncateSync(path, MAX_SIZE + 1);
    await expect(readPayloadFiles([path], true)).rejects.toThrow(
      `--payload ${path}: it is larger than ${MAX_SIZE} octets`,
    );
  });
});

describe('meerkat bench --payload', () => {
  it('sends files, and names them in the report', async () => {
    const got = new Set<string>();
    const url = await meerkatServer({
      message(connection, message) {
        got.add(Buffer.from(message as string).toString());
        connection.send(message);
      },
    });
    const [one = '', other = ''] = files('{"buy":1}', '{"sell":2}');
    const command = new Command();
    const short = ['-c', '2', '-t', '100ms', '--warm-up', '0', '--json', '-'];
    expect(await command.run('bench', url, ...short, '--payload', one, '--payload', other)).toBe(0);
    const { plan, messages } = readReport(command.output);
    expect([...got].sort()).toEqual(['{"buy":1}', '{"sell":2}']);
    expect(messages).toMatchObject({ wrong: 0, missing: 0 });
    expect(plan.payloads?.map(({ file, bytes }) => [file, bytes])).toEqual([
      ['0.bin', 9],
      ['1.bin', 10],
    ]);
  });

  it.each<[string, (path: string) => string[], string | RegExp]>([
    ['no file', (path) => [join(path, 'x')], /x: no such file$/],
    ['a folder', (path) => [path], /: it is a directory$/],
    [
      'an empty file',
      (path) => [join(path, 'empty')],
      /empty: it is empty, and a message of a load has one octet at least$/,
    ],
    [
      'octets as text',
      (path) => [join(path, 'octets'), '--text'],
      /octets: it is not UTF-8, as text has to be: send it with --binary$/,
    ],
    ['octets without a word', (path) => [join(path, 'octets')], /it is not UTF-8/],
    [
      'a size as well',
      (path) => [join(path, 'octets'), '-s', '20'],
      "option '--payload <file>' cannot be used with option '-s, --size <sizes>'",
    ],
    [
      'a mode without messages',
      (path) => [join(path, 'octets'), '-m', 'idle'],
      '--payload is for --mode echo and --mode broadcast',
    ],
  ])('is refused with one line and code 2: %s', async (_what, args, said) => {
    const path = folder();
    mkdirSync(join(path, 'folder'));
    writeFileSync(join(path, 'empty'), '');
    writeFileSync(join(path, 'octets'), Buffer.of(0xff, 0xfe));
    const command = new Command();
    expect(await command.run('bench', ':1', '--payload', ...args(path))).toBe(2);
    const [, line] = /^meerkat: (.*)\n$/.exec(command.errors) ?? [];
    if (typeof said === 'string') expect(line).toBe(said);
    else expect(line).toMatch(said);
  });
});

it('a payload of octets is sent as binary where that is asked for', async () => {
  const [path = ''] = files(Buffer.of(0xff, 0x00, 0xfe));
  const read = await readPayloadFiles([path], false);
  const got: [number, Buffer][] = [];
  const url = await scriptedServer((peer) => ({
    message(opcode, payload) {
      got.push([opcode, Buffer.from(payload)]);
      peer.send(frame(FIN | opcode, payload));
    },
  }));
  const load = await startLoad(
    { url, connections: 1 },
    2_000,
    read.map(({ octets }) => octets),
  );
  await load.source.open();
  await until(() => got.length > 2);
  expect(got[0]).toEqual([Opcode.Binary, Buffer.of(0xff, 0x00, 0xfe)]);
});
