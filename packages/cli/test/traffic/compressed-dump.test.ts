// What the dump shows where permessage-deflate was negotiated, and where it was not.
import { constants, deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Dumping, frames, upgradedDumping } from './dumping.ts';

const OFFER = 'permessage-deflate; client_max_window_bits';
const ALONE = 'permessage-deflate; server_no_context_takeover; client_no_context_takeover';
const TAKEOVER = 'permessage-deflate';
const HEADER = 'FIN, RSV1 (compressed), masked with 00000000';

function compressedDumping(answer: string = ALONE, role: 'server' | 'client' = 'server'): Dumping {
  return upgradedDumping({ role }, { offer: OFFER, answer });
}

/** One frame, compressed; with a key of zeros where a client sends it. */
function compressedFrame(message: Buffer, first = 0xc1, masked = false): Buffer {
  const payload = deflateRawSync(message, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);
  const header = Buffer.alloc(payload.length < 126 ? 2 : payload.length < 65_536 ? 4 : 10);
  header[0] = first;
  if (header.length === 2) header[1] = payload.length;
  else if (header.length === 4) {
    header[1] = 126;
    header.writeUInt16BE(payload.length, 2);
  } else {
    header[1] = 127;
    header.writeBigUInt64BE(BigInt(payload.length), 2);
  }
  if (!masked) return Buffer.concat([header, payload]);
  header[1] = (header[1] ?? 0) | 0x80;
  return Buffer.concat([header, Buffer.alloc(4), payload]);
}

describe('a compressed message in the dump', () => {
  it('A7 is shown as it is, unmasked, and inflated', () => {
    const { listener, decoded } = compressedDumping();
    void listener.received(frames('c1 87 01020304 f34acecdc80503'));
    expect(decoded()).toEqual([
      '   text, FIN, RSV1 (compressed), masked with 01020304, 7 octets',
      '     00000000  f2 48 cd c9 c9 07 00                              |.H.....|',
      '   inflated: text, 5 octets: "Hello"',
    ]);
  });

  it('A7 of a server is inflated too, its octets stand above', () => {
    const { listener, decoded } = compressedDumping();
    void listener.sent(frames('c1 07 f248cdc9c90700'));
    expect(decoded()).toEqual([
      '   text, FIN, RSV1 (compressed), unmasked, 7 octets',
      '   inflated: text, 5 octets: "Hello"',
    ]);
  });

  it('A7 is inflated after its last fragment, a ping in between', () => {
    const { listener, decoded } = compressedDumping();
    void listener.sent(frames('41 03 f248cd 89 01 70 80 04 c9c90700'));
    expect(decoded()).toEqual([
      '   text, no FIN, RSV1 (compressed), unmasked, 3 octets',
      '   ping, FIN, unmasked, 1 octet: "p"',
      '   continuation of text, FIN, unmasked, 4 octets',
      '   inflated: text, 5 octets: "Hello"',
    ]);
  });

  it('A7 is inflated after an empty last fragment', () => {
    const { listener, decoded } = compressedDumping();
    void listener.sent(frames('41 07 f248cdc9c90700 80 00'));
    expect(decoded().at(-1)).toBe('   inflated: text, 5 octets: "Hello"');
  });

  it('A7 is binary in rows where it is binary', () => {
    const { listener, decoded } = compressedDumping();
    void listener.sent(compressedFrame(Buffer.from([0, 1, 2]), 0xc2));
    expect(decoded().slice(1)).toEqual([
      '   inflated: binary, 3 octets',
      '     00000000  00 01 02                                          |...|',
    ]);
  });

  it('A7 stands beside one that is not compressed', () => {
    const { listener, decoded } = compressedDumping();
    void listener.sent(frames('81 02 6869 c1 07 f248cdc9c90700 81 02 6869'));
    expect(decoded().map((line) => line.trim())).toEqual([
      'text, FIN, unmasked, 2 octets: "hi"',
      'text, FIN, RSV1 (compressed), unmasked, 7 octets',
      'inflated: text, 5 octets: "Hello"',
      'text, FIN, unmasked, 2 octets: "hi"',
    ]);
  });

  it('A7 may refer to the one before where takeover was agreed on, in each direction', () => {
    const { listener, decoded } = compressedDumping(TAKEOVER);
    void listener.sent(frames('c1 07 f248cdc9c90700'));
    void listener.received(frames('c1 87 k f248cdc9c90700'));
    void listener.sent(frames('81 01 61 c1 05 f200110000'));
    void listener.received(frames('c1 85 k f200110000'));
    const inflated = decoded().filter((line) => line.includes('inflated'));
    expect(inflated).toEqual(Array(4).fill('   inflated: text, 5 octets: "Hello"'));
  });

  it('A7 of a client of ours is inflated as well', () => {
    const { listener, decoded } = compressedDumping(ALONE, 'client');
    void listener.sent(frames('c1 87 k f248cdc9c90700'));
    void listener.received(frames('c1 07 f248cdc9c90700'));
    expect(decoded().filter((line) => line.includes('inflated: text, 5'))).toHaveLength(2);
  });

  it('A7 that came before the 101 is inflated once it has passed', () => {
    const { listener, decoded } = upgradedDumping(
      {},
      { offer: `${OFFER}\r\nX-Early: 1`, answer: ALONE },
    );
    void listener.received(frames('c1 87 k f248cdc9c90700'));
    expect(decoded().at(-1)).toBe('   inflated: text, 5 octets: "Hello"');
  });

  it('A7 shows nothing inflated that a terminal obeys', () => {
    const { listener, text } = compressedDumping();
    void listener.sent(compressedFrame(Buffer.from('\x1b[2J\x07\u202e')));
    expect(text()).toContain('"\\x1b[2J\\x07\\u202e"');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: none of them may be there
    expect(text()).not.toMatch(/[\0-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e]/);
  });
});

describe('what breaks the rules of compression', () => {
  it.each<[row: string, answer: string | undefined, hex: string, said: RegExp]>([
    ['F1 RSV1 where nothing was agreed on', undefined, 'c1 81 k 61', /WS_RESERVED_BIT_SET.*1002/],
    ['F1 RSV1 where something else was', 'foo', 'c1 81 k 61', /WS_RESERVED_BIT_SET.*1002/],
    ['F1 RSV2', ALONE, 'a1 81 k 61', /WS_RESERVED_BIT_SET: .*§5\.2\) → 1002/],
    ['C6 RSV1 on a control frame', ALONE, 'c9 81 k 00', /WS_RESERVED_BIT_SET.* → 1002/],
    ['C6 RSV1 on a continuation', ALONE, '41 82 k ca48 c0 85 k', /WS_RESERVED_BIT_SET.* → 1002/],
    [
      'C2 garbage',
      ALONE,
      'c1 84 k ffffffff',
      /WS_DEFLATE_INVALID: .* \(RFC 7692 §7\.2\.2\) → 1007/,
    ],
    ['C2 a distance too far', ALONE, 'c1 83 k 038200', /WS_DEFLATE_INVALID: .* → 1007/],
    ['C4 garbage behind BFINAL', ALONE, 'c1 8b k cb48cdc9c90700deadbeef', /WS_DEFLATE_INVALID/],
    ['C7 what inflates to no UTF-8', ALONE, 'c1 84 k faff0f00', /WS_TEXT_UTF8: .* → 1007/],
    [
      'C12 a context that was to be forgotten',
      ALONE,
      'c1 8b k ca48cdc9c957c800910000 c1 85 k ca40300100',
      /WS_DEFLATE_INVALID: .* → 1007/,
    ],
  ])('A7 marks %s', (_row, answer, hex, said) => {
    const given = answer === undefined ? {} : { offer: `foo, ${OFFER}`, answer };
    const octets = frames(hex);
    const { listener, decoded } = upgradedDumping({}, given);
    void listener.received(octets);
    expect(decoded().at(-2)).toMatch(said);
    expect(decoded().at(-2)).toMatch(/^!! /);
    expect(decoded().at(-1)).toBe('   what follows in this direction is not decoded');
    const split = upgradedDumping({}, given);
    for (const octet of octets) void split.listener.received(Uint8Array.of(octet));
    expect(split.decoded()).toEqual(decoded());
    void listener.received(frames('81 81 k 61'));
    expect(decoded()).toEqual(split.decoded());
  });

  it.each([
    ['C1 the tail left on', 'c1 8b k ca48cdc9c907000000ffff', '"hello"'],
    ['C1 a single 00', 'c1 81 k 00', '""'],
    ['C1 no payload', 'c1 80 k', '""'],
    ['C3 BFINAL', 'c1 87 k cb48cdc9c90700', '"hello"'],
    ['C4 BFINAL, and an empty block', 'c1 88 k f348cdc9c9070000', '"Hello"'],
  ])('A7 finds nothing wrong with %s', (_row, hex, shown) => {
    const { listener, decoded } = compressedDumping();
    void listener.received(frames(`${hex} 81 81 k 61`));
    expect(decoded()).toContainEqual(expect.stringMatching(/^ {3}inflated: text, \d octets: /));
    expect(decoded().join('\n')).toContain(`octets: ${shown}\n`);
    expect(decoded().at(-1)).toMatch(/: "a"$/);
    expect(decoded().join('\n')).not.toContain('!!');
    expect(decoded()[0]).toContain(HEADER);
  });

  it('K5 marks RSV1 behind an answer that no server may give', () => {
    const { listener, decoded } = upgradedDumping(
      {},
      { offer: OFFER, answer: 'permessage-deflate; level=9' },
    );
    void listener.sent(frames('c1 07 f248cdc9c90700'));
    expect(decoded().join('\n')).toContain('!! WS_RESERVED_BIT_SET');
  });
});

describe('what is too much to inflate', () => {
  it('C9 a bomb is shown in its beginning, and what follows is decoded', () => {
    const { listener, decoded } = compressedDumping();
    const bomb = compressedFrame(Buffer.alloc(16 * 1_048_576), 0xc2);
    const before = process.memoryUsage().arrayBuffers;
    void listener.sent(bomb);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * 1_048_576);
    expect(decoded()).toContain('   inflated: binary, at least 65536 octets');
    expect(decoded().at(-1)).toBe('   inflated: the rest, not shown');
    void listener.sent(compressedFrame(Buffer.from('next')));
    expect(decoded().at(-1)).toBe('   inflated: text, 4 octets: "next"');
  });

  it('C9 with takeover, what follows a bomb is not inflated, as it may refer to it', () => {
    const { listener, decoded } = compressedDumping(TAKEOVER);
    void listener.sent(compressedFrame(Buffer.alloc(2 * 1_048_576)));
    void listener.sent(compressedFrame(Buffer.from('next')));
    expect(decoded().at(-1)).toBe('   not inflated: it may refer to one before it that was not');
    void listener.sent(frames('81 01 61'));
    expect(decoded().at(-1)).toBe('   text, FIN, unmasked, 1 octet: "a"');
  });

  it('A7 shows 64 KiB of a long message, and says that there is more', () => {
    const { listener, decoded } = compressedDumping();
    const text = Buffer.from(Array.from({ length: 20_000 }, (_, at) => `${at % 9_999} `).join(''));
    void listener.sent(compressedFrame(text));
    const inflated = decoded().filter((line) => line.startsWith('   inflated'));
    expect(inflated).toHaveLength(16 + 1);
    expect(inflated.at(-2)).toMatch(/^ {3}inflated, 61441 to 65536 of at least 65536: "/);
    expect(inflated.at(-1)).toBe('   inflated: the rest, not shown');
  });

  it('C9 writes no thousand times of what small bombs are on the wire', () => {
    const { listener, text } = compressedDumping();
    const bomb = compressedFrame(Buffer.alloc(65_536, 'x'));
    const chunk = Buffer.concat(Array.from({ length: 500 }, () => bomb));
    void listener.sent(chunk);
    expect(text().match(/inflated: text, at least \d+ octets/g)?.length).toBeGreaterThan(20);
    expect(text().match(/not inflated: too much at once/g)?.length).toBeGreaterThan(400);
    expect(text().length).toBeLessThan(30 * chunk.length);
  });

  it('C7 finds what is no UTF-8 in the beginning of a long message', () => {
    const { listener, decoded } = compressedDumping();
    const text = Buffer.concat([Buffer.from([0xff]), Buffer.alloc(100_000, 'x')]);
    void listener.sent(compressedFrame(text));
    expect(decoded().at(-2)).toMatch(/^!! WS_TEXT_UTF8/);
  });

  it('C7 takes a character that is cut by the end of what is shown for no fault', () => {
    const { listener, decoded } = compressedDumping();
    void listener.sent(compressedFrame(Buffer.from(`x${'ä'.repeat(100_000)}`)));
    expect(decoded().at(-1)).toBe('   inflated: the rest, not shown');
  });

  it('C7 with takeover finds what is no UTF-8 behind what is shown, too', () => {
    const { listener, decoded } = compressedDumping(TAKEOVER);
    const text = Buffer.concat([Buffer.alloc(100_000, 'x'), Buffer.from([0xff])]);
    void listener.sent(compressedFrame(text));
    expect(decoded().at(-2)).toMatch(/^!! WS_TEXT_UTF8/);
  });

  it('A7 shows a message of 1 MiB and its echo in the same turn, with takeover or without', () => {
    const text = Buffer.from('a meerkat stands upright. '.repeat(40_329));
    for (const answer of [ALONE, TAKEOVER]) {
      const { listener, decoded } = compressedDumping(answer);
      void listener.received(compressedFrame(text, 0xc1, true));
      void listener.sent(compressedFrame(text));
      expect(decoded().filter((line) => line.startsWith('   inflated: text'))).toHaveLength(2);
    }
  });
});

it('A7 throws nothing, whatever stands in compressed frames', () => {
  fc.assert(
    fc.property(
      fc.boolean(),
      fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 6 }),
      (takeover, payloads) => {
        const { listener, decoded } = compressedDumping(takeover ? TAKEOVER : ALONE);
        for (const payload of payloads) {
          void listener.sent(Buffer.from([0xc1, payload.length, ...payload]));
        }
        void listener.closed(undefined);
        const faults = decoded().filter((line) => line.startsWith('!!'));
        expect(faults.length).toBeLessThanOrEqual(1);
      },
    ),
    { numRuns: 300 },
  );
});
