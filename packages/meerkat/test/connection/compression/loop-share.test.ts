import { describe, expect, it } from 'vitest';
import { deflateShare, inflateShare } from '../../../src/connection/compression/loop-share.ts';
import { BINARY } from '../../support/frames.ts';
import { turn, until } from '../../support/waiting.ts';
import { open } from '../opening.ts';
import { FORGETFUL, noise, packed, RSV1, unpack } from '../packed.ts';
import { readFrames } from '../wire.ts';

/** Works for as long as a share is, and a little more. */
function useUp(share: typeof inflateShare): void {
  share.spend(() => {
    const end = performance.now() + 6;
    while (performance.now() < end);
  });
}

describe('the share of zlib in a turn of the loop', () => {
  it('is taken when it is used up, and free again in the next turn', async () => {
    await until(() => !inflateShare.taken);
    useUp(inflateShare);
    expect(inflateShare.taken).toBe(true);
    expect(deflateShare.taken).toBe(false); // that one is apart
    await turn();
    await turn();
    expect(inflateShare.taken).toBe(false);
  });

  it('is given in turns: whoever queues again stands behind the others', async () => {
    await until(() => !inflateShare.taken);
    useUp(inflateShare);
    const log: string[] = [];
    const worker = (name: string, jobs: number): void => {
      inflateShare.later(() => {
        log.push(name);
        if (jobs > 1) worker(name, jobs - 1);
      });
    };
    worker('greedy', 4);
    worker('modest', 1);
    worker('other', 2);
    await until(() => log.length === 7);
    expect(log).toEqual(['greedy', 'modest', 'other', 'greedy', 'other', 'greedy', 'greedy']);
  });

  it('leaves a new message behind those that wait already', async () => {
    const heard: string[] = [];
    const one = open({
      compression: true,
      deflate: FORGETFUL,
      maxInboxMessages: 1_000,
      message: () => void heard.push('thousands'),
    });
    const other = open({
      compression: true,
      deflate: FORGETFUL,
      message: () => void heard.push('one'),
    });
    await until(() => !inflateShare.taken);
    useUp(inflateShare);
    one.transport.receive(Buffer.concat(Array(500).fill(packed('x'.repeat(500)))));
    other.transport.receive(packed('me too'));
    expect(heard).toEqual([]);
    await until(() => heard.length === 501);
    expect(heard.indexOf('one')).toBe(1);
    one.connection.terminate();
    other.connection.terminate();
  });

  it('is not waited for with more than 64 KiB: what is more leaves uncompressed, in its order', async () => {
    const { connection, transport } = open({ compression: true, deflate: FORGETFUL });
    const messages = Array.from({ length: 60 }, (_, at) =>
      Buffer.concat([noise(2_000, at + 1), Buffer.alloc(2_000)]),
    );
    await until(() => !deflateShare.taken);
    useUp(deflateShare);
    // Somebody else takes the whole share, turn after turn.
    let turns = 10;
    const another = (): void => {
      useUp(deflateShare);
      turns -= 1;
      if (turns > 0) deflateShare.later(another);
    };
    deflateShare.later(another);
    for (const message of messages) expect(connection.send(message)).not.toBe('dropped');
    await until(() => connection.queuedBytes === 0);
    const frames = readFrames(transport.sent);
    const compressed = frames.map(({ opcode }) => (opcode & RSV1) !== 0);
    expect(compressed).toContain(true);
    expect(compressed).toContain(false);
    expect(frames.every(({ opcode }) => (opcode & 0xf) === BINARY)).toBe(true);
    expect(
      frames.map(({ payload }, at) => (compressed[at] === true ? unpack(payload) : payload)),
    ).toEqual(messages);
    connection.terminate();
  });
});
