import { describe, expect, it, onTestFinished } from 'vitest';
import { Program } from '../../../../test/support/program.ts';
import { acceptOf, fakeServer } from '../support/fake-server.ts';

/** A whole binary frame of a server. */
function frame(length: number): Buffer {
  const header = Buffer.from([0x82, 126, length >> 8, length & 0xff]);
  return Buffer.concat([header, Buffer.alloc(length, 'x')]);
}

const FRAMES = Buffer.concat(Array.from({ length: 100 }, () => frame(1_000)));

/** What the first connection of a process heard from a server that sends all of this at once. */
async function firstConnection(behind: Buffer, end: boolean): Promise<string> {
  const { url } = await fakeServer(({ key, socket }) => {
    const head = [
      'HTTP/1.1 101 Switching Protocols',
      'Upgrade: websocket',
      'Connection: Upgrade',
      `Sec-WebSocket-Accept: ${acceptOf(key)}`,
      '',
      '',
    ].join('\r\n');
    socket.write(Buffer.concat([Buffer.from(head), behind]));
    if (end) socket.end();
  });
  const program = Program.source('packages/meerkat/test/support/first-connection.ts', [url]);
  onTestFinished(async () => {
    program.kill('SIGKILL');
    await program.exited;
  });
  expect(await program.exited, program.stderr).toBe(0);
  return program.stdout;
}

describe('the first connection of a process', () => {
  it('lives through a server that answers, speaks and ends at once', async () => {
    expect(await firstConnection(FRAMES.subarray(0, 3_012), true)).toBe(
      '3 messages, 3000 octets, 1006 (transportEnd)\n',
    );
  });

  it('loses nothing of a long greeting', async () => {
    const close = Buffer.from([0x88, 2, 3, 0xe8]);
    expect(await firstConnection(Buffer.concat([FRAMES, close]), false)).toBe(
      '100 messages, 100000 octets, 1000 (close)\n',
    );
  });
});
