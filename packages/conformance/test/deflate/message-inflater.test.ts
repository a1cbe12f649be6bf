import { Buffer } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import { corpus } from '../../src/cases/corpora.ts';
import { MessageDeflater } from '../../src/deflate/message-deflater.ts';
import { type Inflated, MessageInflater } from '../../src/deflate/message-inflater.ts';

const hex = (digits: string): Buffer => Buffer.from(digits, 'hex');

function inflater(contextTakeover = true, windowBits = 15, maxBytes = 1 << 20): MessageInflater {
  return new MessageInflater({
    direction: { contextTakeover, windowBits },
    sender: 'server',
    maxBytes,
  });
}

function text(inflated: Inflated): string {
  return Buffer.from(inflated.octets).toString('utf8');
}

describe('MessageInflater', () => {
  it.each([
    [true, 15],
    [false, 15],
    [true, 9],
    [false, 9],
    [true, 12],
  ])(
    'gives back what was compressed: takeover %s, %i bits',
    async (contextTakeover, windowBits) => {
      const direction = { contextTakeover, windowBits };
      const deflater = new MessageDeflater(direction);
      const reader = inflater(contextTakeover, windowBits);
      for (let round = 0; round < 40; round += 1) {
        const kind = (['json', 'picture', 'book', 'html', 'pdf'] as const)[round % 5] ?? 'json';
        const size = [16, 300, 5_000, 70_000][round % 4] ?? 0;
        const { octets } = corpus(kind).slice(size, round);
        const inflated = await reader.inflate(await deflater.deflate(octets));
        expect(Buffer.compare(inflated.octets, octets)).toBe(0);
        expect(inflated.finding).toBeUndefined();
        expect(inflated.closeCode).toBeUndefined();
      }
    },
  );

  it('goes on behind a final block (RFC 7692 §7.2.3.4)', async () => {
    const reader = inflater();
    expect(text(await reader.inflate(hex('f348cdc9c9070000')))).toBe('Hello');
    expect(text(await reader.inflate(hex('f348cdc9c90700f248cdc9c90700')))).toBe('HelloHello');
    expect(text(await reader.inflate(hex('f200110000')))).toBe('Hello');
  });

  it('names what is no DEFLATE, with the octet, for a close with 1007', async () => {
    const broken = await inflater().inflate(hex('f248cdc9c906ff'));
    expect(broken).toMatchObject({
      closeCode: 1007,
      finding: { code: 'DEFLATE', text: expect.stringMatching(/octet \d+/) },
    });
    const large = Buffer.concat([hex('000050ffaf'), Buffer.alloc(0x5000), hex('07')]);
    expect(await inflater().inflate(large)).toMatchObject({
      closeCode: 1007,
      finding: { code: 'DEFLATE', text: expect.stringMatching(/type 3, .* octet 20485/) },
    });
  });

  it('tells of what every zlib reads all the same, and does not refuse it', async () => {
    const left = await inflater().inflate(hex('ca48cdc9c907000000ffff'));
    expect(text(left)).toBe('hello');
    expect(left.closeCode).toBeUndefined();
    expect(left.finding).toMatchObject({ code: 'DEFLATE', rule: 'RFC 7692 §7.2.1' });
    const nothing = await inflater().inflate(hex(''));
    expect(nothing.octets).toHaveLength(0);
    expect(nothing.closeCode).toBeUndefined();
    expect(nothing.finding).toMatchObject({ code: 'DEFLATE', rule: 'RFC 7692 §7.2.3.6' });
    const cut = await inflater().inflate(hex('ca48cdc9'));
    expect(cut).toMatchObject({
      finding: { code: 'DEFLATE', text: expect.stringMatching(/cut off/) },
    });
  });

  it('finds a context that was to be dropped (RFC 7692 §7.1.1.1)', async () => {
    for (const windowBits of [15, 9]) {
      const reader = inflater(false, windowBits);
      await reader.inflate(hex('f248cdc9c90700'));
      expect(await reader.inflate(hex('f200110000'))).toMatchObject({
        closeCode: 1007,
        finding: { code: 'CONTEXT', rule: 'RFC 7692 §7.1.1.1' },
      });
    }
  });

  it('finds a window that is larger than agreed, in one message and over two', async () => {
    const { octets } = corpus('json').slice(8_000, 0);
    const deflater = new MessageDeflater({ contextTakeover: true, windowBits: 15 });
    const reader = inflater(true, 9);
    const first = await reader.inflate(await deflater.deflate(octets));
    expect(Buffer.compare(first.octets, octets)).toBe(0);
    // The original's reader gets along with it, which is why nobody has seen it.
    expect(first.closeCode).toBeUndefined();
    expect(first.finding).toMatchObject({ code: 'WINDOW', rule: 'RFC 7692 §7.1.2.1' });
    expect(first.maxDistance).toBeGreaterThan(512);
    const second = await reader.inflate(await deflater.deflate(octets));
    expect(second).toMatchObject({ closeCode: 1007, finding: { code: 'WINDOW' } });
  });

  it('says of a client that it is one', async () => {
    const direction = { contextTakeover: false, windowBits: 15 };
    const reader = new MessageInflater({ direction, sender: 'client', maxBytes: 100 });
    await reader.inflate(hex('f248cdc9c90700'));
    const { finding } = await reader.inflate(hex('f200110000'));
    expect(finding).toMatchObject({ rule: 'RFC 7692 §7.1.1.2' });
    expect(finding?.text).toContain('client_no_context_takeover');
  });

  it.each([15, 9])('makes no more than the limit, with %i bits', async (windowBits) => {
    const deflater = new MessageDeflater({ contextTakeover: false, windowBits });
    for (const size of [10_000, 4 << 20]) {
      const payload = await deflater.deflate(Buffer.alloc(size));
      const exact = await inflater(false, windowBits, size).inflate(payload);
      expect(exact.octets).toHaveLength(size);
      expect(await inflater(false, windowBits, size - 1).inflate(payload)).toMatchObject({
        closeCode: 1009,
        octets: new Uint8Array(0),
      });
    }
  });

  it('tells of broken data of which more came than is inflated at once', async () => {
    const { octets } = corpus('pdf').slice(100_000, 0);
    const deflater = new MessageDeflater({ contextTakeover: false, windowBits: 15 });
    const payload = Buffer.from(await deflater.deflate(octets));
    const broken = await inflater().inflate(Buffer.concat([payload, hex('06')]));
    expect(broken).toMatchObject({ closeCode: 1007, finding: { code: 'DEFLATE' } });
  });
});
