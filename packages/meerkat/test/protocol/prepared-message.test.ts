import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nodePrimitives } from '../../src/connection/node-primitives.ts';
import { Opcode } from '../../src/protocol/opcode.ts';
import { type CompressionWaiter, PreparedMessage } from '../../src/protocol/prepared-message.ts';
import { plainPrimitives } from '../../src/protocol/primitives.ts';
import { hex, octets, pattern } from './support/octets.ts';
import { testPrimitives } from './support/recording-endpoint.ts';
import { anyText } from './support/text-arbitraries.ts';

const frameOf = (message: PreparedMessage): string => hex(message.frame(testPrimitives));

describe('PreparedMessage', () => {
  it.each<[string, ConstructorParameters<typeof PreparedMessage>[0], string]>([
    ['a text (RFC 6455 §5.7)', 'Hello', '81 05 48 65 6c 6c 6f'],
    ['an empty text', '', '81 00'],
    ['a text with a lone surrogate, as U+FFFD', 'a\ud800', '81 04 61 ef bf bd'],
    ['octets', Uint8Array.of(1, 2, 3), '82 03 01 02 03'],
    ['no octets', new ArrayBuffer(0), '82 00'],
    ['a view of something wider', new Uint16Array([0x0201]).subarray(0, 1), '82 02 01 02'],
  ])('makes one unmasked frame of %s', (_what, content, wanted) => {
    expect(frameOf(new PreparedMessage(content))).toBe(wanted);
  });

  it.each([125, 126, 65_535, 65_536])('has a header of the shortest form for %i', (length) => {
    for (const content of ['x'.repeat(length), new Uint8Array(length).fill(0x78)]) {
      const message = new PreparedMessage(content);
      const header = length < 126 ? 2 : length < 65_536 ? 4 : 10;
      expect(message.frame(testPrimitives).length).toBe(header + length);
      expect(message.payload(testPrimitives).length).toBe(length);
    }
  });

  it('encodes any text as the primitives do, whichever they are', () => {
    const plain = plainPrimitives(() => {});
    fc.assert(
      fc.property(anyText(200), (text) => {
        const [one, other] = [new PreparedMessage(text), new PreparedMessage(text)];
        expect(hex(one.frame(nodePrimitives))).toBe(hex(other.frame(plain)));
        expect(Buffer.from(one.payload(nodePrimitives)).equals(Buffer.from(text))).toBe(true);
      }),
    );
  });

  it('encodes once: it is the same memory every time, and the payload is a view of it', () => {
    for (const content of ['text', Uint8Array.of(1, 2)]) {
      const message = new PreparedMessage(content);
      const payload = message.payload(testPrimitives);
      const frame = message.frame(testPrimitives);
      expect(message.frame(nodePrimitives)).toBe(frame);
      expect(message.payload(nodePrimitives)).toBe(payload);
      expect(payload.buffer).toBe(frame.buffer);
    }
  });

  it('has copied octets when it is made', () => {
    const given = Uint8Array.of(1, 2, 3);
    const message = new PreparedMessage(given);
    given.fill(9);
    expect(frameOf(message)).toBe('82 03 01 02 03');
  });

  it('tells what it says', () => {
    expect(new PreparedMessage('text').content).toBe('text');
    expect(new PreparedMessage(Uint8Array.of(1, 2).buffer).content).toEqual(Uint8Array.of(1, 2));
    expect(new PreparedMessage('text').opcode).toBe(Opcode.Text);
    expect(new PreparedMessage(pattern(3)).opcode).toBe(Opcode.Binary);
  });

  it.each<[string, unknown]>([
    ['a number', 1],
    ['null', null],
    ['undefined', undefined],
    ['an object', { text: 'a' }],
    ['a message that is prepared', new PreparedMessage('a')],
  ])('refuses %s', (_what, content) => {
    expect(() => new PreparedMessage(content as string)).toThrow(
      expect.objectContaining({ code: 'MEERKAT_MESSAGE_TYPE' }),
    );
  });
});

/** Somebody who waits, until it is told or leaves. */
class Waiter implements CompressionWaiter {
  waits = true;
  readonly told: string[] = [];

  waitsFor(): boolean {
    return this.waits;
  }

  compressed(message: PreparedMessage): void {
    this.told.push(hex(message.compressedFrame(WAY) ?? octets('')));
  }
}

const WAY = 7;
const OTHER_WAY = 8;
const LONG = 'aaaaaaaaaa';
const PLAIN = '81 0a 61 61 61 61 61 61 61 61 61 61';

describe('a compressed PreparedMessage', () => {
  it('is a frame with RSV1, kept for those who compress in the same way', () => {
    const message = new PreparedMessage(LONG);
    expect(message.compressedFrame(WAY)).toBeUndefined();
    const frame = message.keepCompressed(WAY, octets('4a 04 03 00'), testPrimitives);
    expect(hex(frame)).toBe('c1 04 4a 04 03 00');
    expect(message.compressedFrame(WAY)).toBe(frame);
    expect(message.compressedFrame(OTHER_WAY)).toBeUndefined();
    expect(frameOf(message)).toBe(PLAIN);
  });

  it('copies what it keeps', () => {
    const message = new PreparedMessage(pattern(10));
    const compressed = octets('01 02');
    message.keepCompressed(WAY, compressed, testPrimitives);
    compressed.fill(0xff);
    expect(hex(message.compressedFrame(WAY) ?? octets(''))).toBe('c2 02 01 02');
  });

  it.each([
    ['it is as long as before', octets('00 01 02 03 04 05 06 07 08 09')],
    ['it is longer', pattern(11)],
    ['it could not be done', undefined],
  ])('is the plain frame where %s', (_why, compressed) => {
    const message = new PreparedMessage(LONG);
    expect(message.keepCompressed(WAY, compressed, testPrimitives)).toBe(
      message.frame(testPrimitives),
    );
    expect(message.compressedFrame(WAY)).toBe(message.frame(testPrimitives));
  });

  it('is asked for by the first who waits for it, and told to all of them, once', () => {
    const message = new PreparedMessage(LONG);
    const [one, two, other] = [new Waiter(), new Waiter(), new Waiter()];
    expect(message.awaitCompressed(WAY, one)).toBe(true);
    expect(message.awaitCompressed(WAY, two)).toBe(false);
    expect(message.awaitCompressed(OTHER_WAY, other)).toBe(true);
    message.keepCompressed(WAY, octets('01'), testPrimitives);
    message.keepCompressed(WAY, octets('02'), testPrimitives);
    expect([one.told, two.told, other.told]).toEqual([['c1 01 01'], ['c1 01 01'], []]);
  });

  it('is awaited as long as one of them still waits; after that the next one begins anew', () => {
    const message = new PreparedMessage(LONG);
    const [one, two] = [new Waiter(), new Waiter()];
    expect(message.isAwaited(WAY)).toBe(false);
    message.awaitCompressed(WAY, one);
    message.awaitCompressed(WAY, two);
    one.waits = false;
    expect(message.isAwaited(WAY)).toBe(true);
    two.waits = false;
    expect(message.isAwaited(WAY)).toBe(false);
    expect(message.awaitCompressed(WAY, one)).toBe(true);
  });

  it('is kept though nobody waits for it any more', () => {
    const message = new PreparedMessage(LONG);
    message.awaitCompressed(WAY, new Waiter());
    const frame = message.keepCompressed(WAY, octets('01'), testPrimitives);
    expect(message.isAwaited(WAY)).toBe(false);
    expect(message.compressedFrame(WAY)).toBe(frame);
  });
});
