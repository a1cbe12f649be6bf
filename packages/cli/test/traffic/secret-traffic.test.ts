import fc from 'fast-check';
import { expect, it } from 'vitest';
import { dumping, frames, REQUEST, RESPONSE } from './dumping.ts';

const SECRET = 'Tr0ub4dor3xyzzy';

const REQUESTS: readonly [where: string, head: string][] = [
  ['Authorization', `GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${SECRET}\r\n\r\n`],
  ['Authorization without a scheme', `GET / HTTP/1.1\r\nAuthorization: ${SECRET}\r\n\r\n`],
  ['Proxy-Authorization', `GET / HTTP/1.1\r\nproxy-authorization:Basic ${SECRET}\r\n\r\n`],
  ['Cookie', `GET / HTTP/1.1\r\nCookie: a=b; c=${SECRET}\r\nHost: a\r\n\r\n`],
  ['a token in the query', `GET /ws?x=1&token=${SECRET}&y=2 HTTP/1.1\r\nHost: a\r\n\r\n`],
  ['an absolute target', `GET http://me:${SECRET}@a/ HTTP/1.1\r\nHost: a\r\n\r\n`],
  ['a Referer', `GET / HTTP/1.1\r\nReferer: https://a/?Api_Key=${SECRET}\r\n\r\n`],
  [
    'bearer, in Sec-WebSocket-Protocol',
    `GET / HTTP/1.1\r\nSec-WebSocket-Protocol: chat, bearer, ${SECRET}\r\n\r\n`,
  ],
  [
    'bearer. in Sec-WebSocket-Protocol',
    `GET / HTTP/1.1\r\nSec-WebSocket-Protocol: bearer.${SECRET}, chat\r\n\r\n`,
  ],
  ['an upgrade', REQUEST.toString().replace('/chat', `/chat?access_token=${SECRET}`)],
  [
    'a second request',
    `${REQUEST.toString().replace('Upgrade: websocket\r\n', '')}GET /?sig=${SECRET} HTTP/1.1\r\n\r\n`,
  ],
  ['what is pipelined behind an upgrade', `${REQUEST}GET / HTTP/1.1\r\nCookie: ${SECRET}\r\n\r\n`],
  [
    'a second request pipelined behind an upgrade',
    `${REQUEST}GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /?token=${SECRET} HTTP/1.1\r\n\r\n`,
  ],
  ['garbage before a head', `\x01\r\n\r\nGET / HTTP/1.1\r\nCookie: ${SECRET}\r\n\r\n`],
  ['a head that never ends', `GET / HTTP/1.1\r\nCookie: ${SECRET}`],
  ['a folded line', `GET / HTTP/1.1\r\nCookie:\r\n ${SECRET}\r\n\r\n`],
  ['a blank before the colon', `GET / HTTP/1.1\r\nCookie : ${SECRET}\r\n\r\n`],
];

it.each(REQUESTS)(
  'S20 stars %s in octets and in what is decoded, however it is cut',
  (_where, head) => {
    const octets = Buffer.from(head, 'latin1');
    const dumped = (cuts: readonly number[], showSecrets = false): string => {
      const { listener, text } = dumping({}, { showSecrets });
      let at = 0;
      for (const cut of [...cuts].sort((one, other) => one - other)) {
        void listener.received(octets.subarray(at, cut));
        at = cut;
      }
      void listener.received(octets.subarray(at));
      void listener.closed(undefined);
      return text();
    };
    const found = (text: string): boolean => {
      const ascii = [...text.matchAll(/\|(.*)\|\n/g)].map((row) => row[1]).join('');
      const hex = [...text.matchAll(/^[0-9a-f]{8} {2}(.{48}) {2}\|/gm)]
        .map((row) => row[1])
        .join('')
        .replace(/ /g, '');
      return (
        text.includes(SECRET) ||
        ascii.includes(SECRET) ||
        hex.includes(Buffer.from(SECRET).toString('hex'))
      );
    };
    expect(found(dumped([], true))).toBe(true);
    expect(found(dumped([]))).toBe(false);
    // A piece of it may be all that is in a chunk.
    const single = dumped(Array.from(octets, (_octet, at) => at));
    const ascii = [...single.matchAll(/\|(.*)\|\n/g)].map((row) => row[1]).join('');
    expect(ascii).toHaveLength(octets.length);
    expect(ascii).not.toContain(SECRET.slice(3, 8));
    fc.assert(
      fc.property(fc.subarray(Array.from(octets, (_octet, at) => at)), (cuts) => {
        expect(found(dumped(cuts))).toBe(false);
      }),
      { numRuns: 20 },
    );
  },
);

it('S20 stars what a server sets, and shows it where that is wanted', () => {
  const response = Buffer.from(
    `HTTP/1.1 302 Found\r\nSet-Cookie: id=${SECRET}\r\nLocation: /?code=${SECRET}\r\n\r\n`,
  );
  const { listener, text } = dumping();
  void listener.sent(response);
  expect(text()).toContain('   Set-Cookie: (redacted)');
  expect(text()).toContain('   Location: /?code=(redacted)');
  const shown = dumping({}, { showSecrets: true });
  void shown.listener.sent(response);
  expect(shown.text()).toContain(`   Set-Cookie: id=${SECRET}`);
});

it('S20 keeps offsets and lengths where it stars', () => {
  const { listener, text } = dumping();
  void listener.received(Buffer.from('GET /?token=abcdefgh HTTP/1.1\r\n\r\n'));
  expect(text()).toContain(
    '00000000  47 45 54 20 2f 3f 74 6f  6b 65 6e 3d ** ** ** **  |GET /?token=****|\n' +
      '00000010  ** ** ** ** 20 48 54 54  50 2f 31 2e 31 0d 0a 0d  |**** HTTP/1.1...|\n',
  );
});

it('S20 hides what it cannot keep of a head', () => {
  const { listener, text } = dumping();
  void listener.received(
    Buffer.from(`GET / HTTP/1.1\r\nA: ${'a'.repeat(70_000)}\r\nCookie: ${SECRET}\r\n\r\n`),
  );
  expect(text()).not.toContain(SECRET.slice(0, 5));
});

it('A7 throws nothing and writes no control character, whatever passes', () => {
  const pieces = [
    REQUEST,
    RESPONSE,
    Buffer.from('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'),
    Buffer.from('POST / HTTP/1.1\r\nContent-Length: 3\r\nX: \x1b[2J\u009b\r\n\r\n', 'latin1'),
    Buffer.from('\r\n'),
    frames('81 82 k 1b5b'),
    frames('82 7e 00ff'),
    frames('01 02 0d0a'),
    frames('88 04 03e8 e280ae'),
  ];
  const chunk = fc.oneof(
    fc.constantFrom(...pieces),
    fc.uint8Array({ maxLength: 64 }).map((octets) => Buffer.from(octets)),
  );
  const step = fc.tuple(fc.constantFrom('received', 'sent', 'ended in', 'ended out'), chunk);
  fc.assert(
    fc.property(
      fc.constantFrom('server', 'client'),
      fc.boolean(),
      fc.array(step, { maxLength: 12 }),
      (role, showSecrets, steps) => {
        const { listener, text } = dumping({ role }, { showSecrets });
        for (const [what, octets] of steps) {
          if (what === 'received') void listener.received(octets);
          else if (what === 'sent') void listener.sent(octets);
          else void listener.ended(what === 'ended in' ? 'in' : 'out');
        }
        void listener.closed(new Error('\x07'));
        // biome-ignore lint/suspicious/noControlCharactersInRegex: none of them may be there
        expect(text()).not.toMatch(/[\0-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e]/);
      },
    ),
    { numRuns: 500 },
  );
});
