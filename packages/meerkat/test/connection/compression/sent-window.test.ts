import { fromHex } from 'meerkat/testing';
import { expect, it } from 'vitest';
import { mixedOctets, Random } from '../../../../../test/support/sample-messages.ts';
import { closeFrame } from '../../support/frames.ts';
import { upgraded } from '../../support/handshake.ts';
import { serve } from '../../support/serving.ts';
import { until } from '../../support/waiting.ts';
import { readFrames } from '../wire.ts';
import { referenceInflate } from './reference-inflate.ts';

const RSV1 = 0x40;

/** Octets that repeat what was sent long ago, and not so long ago; some of them are noise. */
function messages(): Uint8Array[] {
  const random = new Random(77);
  const whole = mixedOctets(random, 40_000);
  return Array.from({ length: 60 }, (_, at) => {
    if (at % 7 === 0) return Uint8Array.from({ length: 200 }, () => random.below(256));
    const start = random.below(30_000);
    return whole.subarray(start, start + random.below(at % 10 === 0 ? 10_000 : 900));
  });
}

it.each([
  [8, true],
  [8, false],
  [9, true],
  [10, true],
  [12, true],
  [12, false],
  [15, true],
])(
  'C11 a client that asked for a window of %i bits gets nothing that refers back farther, with takeover: %s',
  async (windowBits, takeover) => {
    const site = await serve({
      compression: { windowBits: 15, serverNoContextTakeover: !takeover, threshold: 0, level: 9 },
    });
    const extension = `permessage-deflate; server_max_window_bits=${windowBits}`;
    const { peer, response } = await upgraded(site.port, {
      headers: { 'Sec-WebSocket-Extensions': extension },
    });
    expect(response.header('sec-websocket-extensions')).toContain(
      `server_max_window_bits=${windowBits}`,
    );
    const [connection] = site.opened;
    const sent = messages();
    for (const message of sent) {
      connection?.send(message);
      await connection?.drained();
    }
    // A Close sends what is not compressed yet as it is.
    await until(() => connection?.queuedBytes === 0);
    connection?.close();
    await peer.send(closeFrame(1000));
    const frames = readFrames(fromHex(await peer.takeAll()));
    expect(frames).toHaveLength(sent.length + 1);
    // What is not compressed is no part of what later messages may refer to.
    let before = Buffer.alloc(0);
    let [compressed, greatest] = [0, 0];
    for (const [at, message] of sent.entries()) {
      const { opcode = 0, payload = Buffer.alloc(0) } = frames[at] ?? {};
      if ((opcode & RSV1) === 0) {
        expect(Buffer.compare(payload, message), `message ${at}`).toBe(0);
        continue;
      }
      compressed += 1;
      const { octets, greatestDistance } = referenceInflate(payload, before);
      expect(Buffer.compare(octets, message), `message ${at}`).toBe(0);
      greatest = Math.max(greatest, greatestDistance);
      if (takeover) before = Buffer.concat([before, message]);
    }
    expect(compressed).toBeGreaterThan(30);
    expect(compressed).toBeLessThan(sent.length);
    expect(greatest).toBeLessThanOrEqual(2 ** windowBits);
    if (takeover) expect(greatest).toBeGreaterThan(0.7 * (2 ** windowBits - 262));
  },
);
