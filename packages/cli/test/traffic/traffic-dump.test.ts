import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { paletteFor } from '../../src/terminal/palette.ts';
import { dumping, frames, REQUEST, RESPONSE, TIME, upgradedDumping } from './dumping.ts';

const PEER = `${TIME} #4 127.0.0.1:8000`;

/** The exchange that the founding documents show, octet by octet. */
const EXCHANGE = JSON.parse(
  readFileSync(new URL('document-exchange.json', import.meta.url), 'utf8'),
) as readonly { readonly direction: 'in' | 'out'; readonly hex: string }[];

describe('the dump of a connection', () => {
  it("A7 renders the documents' own exchange", () => {
    const { listener, text } = dumping();
    for (const { direction, hex } of EXCHANGE) {
      const octets = Buffer.from(hex, 'hex');
      void (direction === 'in' ? listener.received(octets) : listener.sent(octets));
    }
    void listener.ended('in');
    void listener.ended('out');
    void listener.closed(undefined);
    const expected = readFileSync(new URL('document-exchange.txt', import.meta.url), 'utf8');
    expect(text()).toBe(expected);
  });

  it('A7 shows what is binary unmasked in rows, where it was masked', () => {
    const { listener, decoded } = upgradedDumping();
    void listener.received(frames('82 85 01020304 0102030405'));
    void listener.sent(frames('82 02 0102'));
    expect(decoded()).toEqual([
      '   binary, FIN, masked with 01020304, 5 octets',
      '     00000000  00 00 00 00 04                                    |.....|',
      '   binary, FIN, unmasked, 2 octets',
    ]);
  });

  it('A7 names control frames, close codes and reasons', () => {
    const { listener, decoded } = upgradedDumping();
    void listener.received(frames('89 80 k 8a 82 k 6869 89 82 k 0001 88 85 k 03e8 627965'));
    void listener.sent(frames('88 02 0fa1'));
    expect(decoded()).toEqual([
      '   ping, FIN, masked with 00000000, 0 octets',
      '   pong, FIN, masked with 00000000, 2 octets: "hi"',
      '   ping, FIN, masked with 00000000, 2 octets',
      '     00000000  00 01                                             |..|',
      '   close, FIN, masked with 00000000, 5 octets: 1000 normal closure, "bye"',
      '   close, FIN, unmasked, 2 octets: 4001 (private use)',
    ]);
  });

  it.each([
    ['88 00', 'no code'],
    ['88 02 03ed', '1005 no status received'],
    ['88 02 0bb8', '3000 (registered by a library)'],
    ['88 02 1388', '5000 (no meaning)'],
    ['88 01 03', 'half a code, 03'],
  ])('A7 says of the Close frame %s: %s', (hex, said) => {
    const { listener, decoded } = upgradedDumping();
    void listener.sent(frames(hex));
    expect(decoded()[0]).toMatch(new RegExp(`: ${said.replace(/[()]/g, '\\$&')}$`));
  });

  it('A7 shows text of which a character is cut by fragments', () => {
    const { listener, decoded } = upgradedDumping();
    void listener.received(frames('01 81 k e2 00 81 k 82 80 81 k ac'));
    expect(decoded()).toEqual([
      '   text, no FIN, masked with 00000000, 1 octet: ""',
      '   continuation of text, no FIN, masked with 00000000, 1 octet: ""',
      '   continuation of text, FIN, masked with 00000000, 1 octet: "€"',
    ]);
  });

  it('A7 shows a control frame between fragments', () => {
    const { listener, decoded } = upgradedDumping();
    void listener.received(frames('01 81 k 61 89 81 k 70 80 81 k 62'));
    expect(decoded().map((line) => line.trim().split(',')[0])).toEqual([
      'text',
      'ping',
      'continuation of text',
    ]);
    expect(decoded().at(-1)).toMatch(/: "b"$/);
  });

  it('A7 quotes text so that its end is its end', () => {
    const { listener, decoded } = upgradedDumping();
    void listener.sent(Buffer.concat([Buffer.from([0x81, 10]), Buffer.from('"\\\n\x1b[2J\u202e')]));
    expect(decoded()).toEqual(['   text, FIN, unmasked, 10 octets: "\\"\\\\\\n\\x1b[2J\\u202e"']);
  });

  it('A7 shows a frame of 70,000 octets in pieces, and how far each is', () => {
    const { listener, decoded } = upgradedDumping();
    const frame = Buffer.concat([frames('81 ff 0000000000011170 k'), Buffer.alloc(70_000, 'x')]);
    void listener.received(frame.subarray(0, 65_536));
    void listener.received(frame.subarray(65_536));
    const lines = decoded();
    expect(lines).toHaveLength(18);
    expect(lines[0]).toBe(
      `   text, FIN, masked with 00000000, 70000 octets; 1 to 4096: "${'x'.repeat(4096)}"`,
    );
    expect(lines[1]).toBe(`   frame at 000000a1, 4097 to 8192 of 70000: "${'x'.repeat(4096)}"`);
    expect(lines[17]).toBe(`   frame at 000000a1, 69633 to 70000 of 70000: "${'x'.repeat(368)}"`);
  });

  it('A7 counts offsets on past 2^32', () => {
    const { listener, text } = upgradedDumping({ offset: 0xffff_ff5f - 8 });
    void listener.received(frames('82 8c k 000102030405060708090a0b'));
    expect(text()).toContain('\nfffffff8  82 8c ');
    expect(text()).toContain('\n100000008  0a 0b ');
  });

  it('A7 decodes the same, however the octets are cut', () => {
    const octets = frames(
      '01 83 01020304 60606062 82 80 84 k f09f9880 82 85 k 0102030405 89 81 k 70 88 82 k 03e8',
    );
    const request = Buffer.concat([REQUEST, octets]);
    const told = (cuts: readonly number[]): string[] => {
      const { listener, decoded } = dumping();
      let at = 0;
      for (const cut of [...new Set(cuts)].sort((a, b) => a - b)) {
        if (cut >= REQUEST.length && at < REQUEST.length) {
          void listener.received(request.subarray(at, REQUEST.length));
          void listener.sent(RESPONSE);
          at = REQUEST.length;
        }
        void listener.received(request.subarray(at, cut));
        at = cut;
      }
      void listener.received(request.subarray(at));
      void listener.closed(undefined);
      return decoded();
    };
    const all = Array.from(request, (_octet, at) => at);
    const whole = told([REQUEST.length]);
    expect(told(all)).toEqual(whole);
    fc.assert(
      fc.property(fc.subarray(all), (cuts) => {
        expect(told([...cuts, REQUEST.length])).toEqual(whole);
      }),
    );
  });

  it('H17 decodes frames that came before the 101 when the 101 has passed', () => {
    const { listener, text, decoded } = dumping();
    void listener.received(Buffer.concat([REQUEST, frames('81 82 k 6869 81')]));
    const before = text();
    expect(before).toContain('81 82 00 00 00 00');
    expect(before).not.toContain('"hi"');
    void listener.sent(RESPONSE);
    expect(decoded().slice(-2)).toEqual([
      '   the other side sent already, at 000000a1:',
      '   text, FIN, masked with 00000000, 2 octets: "hi"',
    ]);
    void listener.received(frames('81 k 61'));
    expect(decoded().at(-1)).toBe('   text, FIN, masked with 00000000, 1 octet: "a"');
  });

  it('A7 never decodes what came behind an upgrade that was refused', () => {
    const { listener, decoded } = dumping();
    void listener.received(Buffer.concat([REQUEST, frames('81 82 k 6869')]));
    void listener.sent(Buffer.from('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n'));
    void listener.received(frames('81 82 k 6869'));
    expect(decoded().join('\n')).not.toContain('"hi"');
    expect(decoded().at(-1)).toMatch(/^!! WS_RESPONSE_STATUS: the server did not upgrade: 403/);
  });

  it('A7 gives up frames before the 101 that are more than it keeps', () => {
    const { listener, decoded } = dumping();
    void listener.received(REQUEST);
    void listener.received(Buffer.alloc(524_288, 0x81));
    void listener.received(Buffer.alloc(10, 0x81));
    void listener.sent(RESPONSE);
    expect(decoded().at(-1)).toMatch(/not decoded$/);
    void listener.received(frames('81 82 k 6869'));
    expect(decoded().join('')).not.toContain('"hi"');
  });

  it('H17 decodes all frames that a server reads before its 101, and stars none of them', () => {
    const { listener, text, decoded } = dumping();
    void listener.received(REQUEST);
    const frame = Buffer.concat([frames('82 fe 1000 k'), Buffer.alloc(4_096, 'x')]);
    for (let count = 0; count < 40; count += 1) void listener.received(frame);
    void listener.sent(RESPONSE);
    void listener.received(frames('81 82 k 6869'));
    expect(decoded().filter((line) => line.includes('binary, FIN'))).toHaveLength(40);
    expect(decoded().at(-1)).toMatch(/2 octets: "hi"$/);
    expect(text()).not.toContain('**');
  });

  it('A7 reads the next request behind an upgrade that was declined', () => {
    const { listener, decoded } = dumping();
    void listener.received(REQUEST);
    void listener.sent(Buffer.from('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n'));
    void listener.received(REQUEST);
    void listener.sent(RESPONSE);
    void listener.received(frames('81 82 k 6869'));
    expect(decoded().at(-1)).toMatch(/2 octets: "hi"$/);
  });

  it('A7 tells the frames of a client, whose requests go out', () => {
    const { listener, decoded } = upgradedDumping({ role: 'client' });
    void listener.sent(frames('81 81 k 61'));
    void listener.received(frames('81 01 62'));
    expect(decoded()).toEqual([
      '   text, FIN, masked with 00000000, 1 octet: "a"',
      '   text, FIN, unmasked, 1 octet: "b"',
    ]);
  });

  it('names what it can of a Unix socket', () => {
    const nothing = {
      localAddress: undefined,
      localPort: undefined,
      remoteAddress: undefined,
      remotePort: undefined,
    };
    const { text } = dumping(nothing);
    expect(text()).toBe(`${TIME} #4 (unix socket) -- (unix socket)  opened\n`);
  });

  it('puts IPv6 addresses in brackets', () => {
    expect(dumping({ localAddress: '::1', remoteAddress: '::1' }).text()).toContain(
      '[::1]:8000 -- [::1]:59668',
    );
  });

  it('says how a connection ended, once', () => {
    const { listener, text } = upgradedDumping();
    void listener.received(frames('81 85 k 6162'));
    void listener.ended('in');
    void listener.closed(new Error('read ECONNRESET\n'));
    expect(text().split('\n').slice(2)).toEqual([
      `${PEER} <- 127.0.0.1:59668  FIN after 169 octets`,
      '          text, FIN, masked with 00000000, 5 octets; 1 to 2: "ab"',
      '       !! it ended in the middle of this frame',
      `${PEER} -- 127.0.0.1:59668  closed: read ECONNRESET\\n`,
      '',
    ]);
  });

  it('answers with the promise of an output that is behind', async () => {
    const waiting = Promise.resolve();
    const { ConnectionDump } = await import('../../src/traffic/connection-dump.ts');
    const dump = new ConnectionDump(
      { id: 1, role: 'server' },
      {
        write: () => waiting,
        palette: paletteFor(process.stdout, { NO_COLOR: '1' }),
        showSecrets: false,
      },
    );
    expect(dump.received(REQUEST)).toBe(waiting);
    expect(dump.sent(RESPONSE)).toBe(waiting);
    expect(dump.ended('in')).toBe(waiting);
  });

  it('does not touch the octets', () => {
    const { listener } = upgradedDumping();
    const octets = frames('81 82 01020304 6869');
    const before = Buffer.from(octets);
    void listener.received(octets);
    expect(octets.equals(before)).toBe(true);
  });
});

describe('what breaks the rules', () => {
  const code = (closeCode: number): string => `88 82 k ${closeCode.toString(16).padStart(4, '0')}`;
  it.each<[row: string, hex: string, violation: string, closeCode: number]>([
    ['F1 RSV1', 'c1 81 k 61', 'WS_RESERVED_BIT_SET', 1002],
    ['F1 RSV2', 'a1 81 k 61', 'WS_RESERVED_BIT_SET', 1002],
    ['F1 RSV3', '91 81 k 61', 'WS_RESERVED_BIT_SET', 1002],
    ['F1 all reserved bits', 'f1 81 k 61', 'WS_RESERVED_BIT_SET', 1002],
    ['F1 RSV1 on a control frame', 'c9 81 k 61', 'WS_RESERVED_BIT_SET', 1002],
    ['F1 RSV1 on a continuation', '01 81 k 61 c0 81 k 62', 'WS_RESERVED_BIT_SET', 1002],
    ['F2 opcode 3', '83 81 k 61', 'WS_OPCODE_RESERVED', 1002],
    ['F2 opcode 11', '8b 81 k 61', 'WS_OPCODE_RESERVED', 1002],
    ['F3 a fragmented ping', '09 81 k 61', 'WS_CONTROL_FRAGMENTED', 1002],
    ['F3 a fragmented close', '08 82 k 03e8', 'WS_CONTROL_FRAGMENTED', 1002],
    ['F4 a control frame of 126 octets', '89 fe 007e k', 'WS_CONTROL_TOO_LONG', 1002],
    [
      'F4 a control frame with a long length',
      '89 ff 0000000000000001 k 61',
      'WS_CONTROL_TOO_LONG',
      1002,
    ],
    ['F5 five octets in 16 bits', '81 fe 0005 k 68656c6c6f', 'WS_LENGTH_NOT_MINIMAL', 1002],
    ['F5 five octets in 64 bits', '81 ff 0000000000000005 k', 'WS_LENGTH_NOT_MINIMAL', 1002],
    ['F6 a length of 2^63', '82 ff 8000000000000000', 'WS_LENGTH_MSB_SET', 1002],
    ['F6 a length of 2^63-1', '82 ff 7fffffffffffffff', 'WS_MESSAGE_TOO_BIG', 1009],
    ['F7 an unmasked frame', '81 01 61', 'WS_MASK_MISSING', 1002],
    ['F8 a continuation without a start', '80 81 k 61', 'WS_CONTINUATION_UNEXPECTED', 1002],
    ['F8 a new message inside of another', '01 81 k 61 81 81 k 62', 'WS_MESSAGE_INTERRUPTED', 1002],
    ['F10 a Close with one octet', '88 81 k 03', 'WS_CLOSE_PAYLOAD_LENGTH', 1002],
    ...[0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535].map(
      (closeCode) =>
        [`F11 close code ${closeCode}`, code(closeCode), 'WS_CLOSE_CODE_INVALID', 1002] as [
          string,
          string,
          string,
          number,
        ],
    ),
    ['F14 a close reason that is no UTF-8', '88 83 k 03e8ff', 'WS_CLOSE_REASON_UTF8', 1007],
    ['F14 a bad code and a bad reason', '88 83 k 03edff', 'WS_CLOSE_CODE_INVALID', 1002],
    ['F18 text of ff', '81 81 k ff', 'WS_TEXT_UTF8', 1007],
    ['F18 an overlong form', '81 82 k c080', 'WS_TEXT_UTF8', 1007],
    ['F18 a surrogate', '81 83 k eda080', 'WS_TEXT_UTF8', 1007],
    ['F18 a cut character at the end', '81 82 k e282', 'WS_TEXT_UTF8', 1007],
    ['F18 a cut character before an empty end', '01 82 k e282 80 80 k', 'WS_TEXT_UTF8', 1007],
    ['F20 a wrong octet in a first fragment', '01 84 k cebaff80', 'WS_TEXT_UTF8', 1007],
    ['F20 a wrong octet in an unfinished frame', '81 e4 k cebaffff', 'WS_TEXT_UTF8', 1007],
  ])('A7 marks %s', (_row, hex, violation, closeCode) => {
    const whole = upgradedDumping();
    const octets = frames(hex);
    void whole.listener.received(octets);
    const lines = whole.decoded();
    expect(lines.at(-2)).toMatch(
      new RegExp(`^!! ${violation}: .* \\(RFC 6455 §[0-9.]+\\) → ${closeCode}`),
    );
    expect(lines.at(-1)).toBe('   what follows in this direction is not decoded');
    const split = upgradedDumping();
    for (const octet of octets) void split.listener.received(Uint8Array.of(octet));
    expect(split.decoded()).toEqual(lines);
    void whole.listener.received(frames('81 81 k 61'));
    void whole.listener.closed(undefined);
    expect(whole.decoded()).toEqual(lines);
  });

  it('A7 F7 marks a masked frame of a server', () => {
    const { listener, decoded } = upgradedDumping();
    void listener.sent(frames('81 81 k 61'));
    expect(decoded()[1]).toMatch(/^!! WS_MASK_UNEXPECTED: .* → 1002$/);
  });

  it('A7 F15 marks octets behind a Close frame, in that direction only', () => {
    const { listener, decoded } = upgradedDumping();
    void listener.received(frames('88 82 k 03e8 81 84 k 6c617465'));
    void listener.sent(frames('88 02 03e8'));
    expect(decoded().map((line) => line.slice(0, 35))).toEqual([
      '   close, FIN, masked with 00000000',
      '!! octets after the Close frame, wh',
      '   they are not decoded',
      '   close, FIN, unmasked, 2 octets: ',
    ]);
  });

  it('A7 F13 finds nothing wrong with an empty Close, F9 with a ping between fragments', () => {
    const { listener, decoded } = upgradedDumping();
    void listener.received(frames('01 81 k 61 89 81 k 70 80 81 k 62 88 80 k'));
    void listener.closed(undefined);
    expect(decoded().filter((line) => line.startsWith('!!'))).toEqual([]);
  });

  it('A7 recognises a server that sends its whole buffer: zeros behind the message', () => {
    const { listener, decoded } = upgradedDumping({ role: 'client' });
    void listener.received(frames('81 01 61 0000000000'));
    expect(decoded()[2]).toMatch(/^!! WS_CONTINUATION_UNEXPECTED: .*zeros only/);
  });

  it('A7 says of a violation in the middle of a text where it is', () => {
    const { listener, decoded } = upgradedDumping();
    void listener.received(frames('81 e4 k cebaffff'));
    expect(decoded()[0]).toBe('   text, FIN, masked with 00000000, 100 octets; 1 to 3: "κ\ufffd"');
  });
});
