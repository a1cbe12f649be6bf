import fc from 'fast-check';
import { expect, it } from 'vitest';
import { dumping, frames, REQUEST, RESPONSE } from './dumping.ts';

const SECRET = 'Tr0ub4dor3xyzzy';

/** An upgrade with a secret behind a request with these fields. */
function behind(fields: string, body = ''): string {
  const upgrade = 'Upgrade: websocket\r\nConnection: Upgrade\r\n';
  return `POST /1 HTTP/1.1\r\nHost: a\r\n${fields}\r\n${body}GET /2 HTTP/1.1\r\n${upgrade}Authorization: Bearer ${SECRET}\r\n\r\n`;
}

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
  ['what follows an empty Transfer-Encoding', behind('Transfer-Encoding:\r\n')],
  ['what follows a length of many zeros', behind(`Content-Length: ${'0'.repeat(16)}\r\n`)],
  ['what follows a length that no parser takes', behind('Content-Length: 1x\r\n')],
  ['what follows two lengths', behind('Content-Length: 9\r\nContent-Length: 9\r\n')],
  [
    'what follows a length and chunks',
    behind('Content-Length: 9\r\nTransfer-Encoding: chunked\r\n'),
  ],
  ['what follows an empty Upgrade', behind('Connection: Upgrade\r\nUpgrade:\r\n')],
  ['what follows an unknown coding', behind('Transfer-Encoding: gzip\r\n')],
  ['what follows a folded length', behind('Content-Length:\r\n 999\r\n')],
  ['what follows a chunk without a size', behind('Transfer-Encoding: chunked\r\n')],
  [
    'what follows a malformed chunk',
    behind('Transfer-Encoding: chunked\r\n', '1\r\nab\r\n0\r\n\r\n'),
  ],
  [
    'a field in place of a chunk, whose name begins with a digit of a size',
    `POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nAuthorization: ${SECRET}\r\n\r\n`,
  ],
  [
    'a trailer',
    `POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\nAuthorization: Bearer ${SECRET}\r\n\r\n`,
  ],
  ['what follows a status line from a client', `HTTP/1.1 200 OK\r\n\r\n${behind('')}`],
  [
    'what is pipelined behind the body of an upgrade',
    behind('Upgrade: x\r\nConnection: Upgrade\r\nContent-Length: 2\r\n', '\x81\x82'),
  ],
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

it.each([
  ['an empty Transfer-Encoding', 'Transfer-Encoding:\r\n', ''],
  ['a length of many zeros', `Content-Length: ${'0'.repeat(40)}\r\n`, ''],
  ['an empty Upgrade', 'Connection: Upgrade\r\nUpgrade:\r\n', ''],
  ['chunks with zeros', 'Transfer-Encoding: a, chunked\r\n', `${'0'.repeat(40)}\r\n\r\n`],
  [
    'a coding and an empty one',
    'Transfer-Encoding: chunked\r\nTransfer-Encoding:\r\n',
    '0\r\n\r\n',
  ],
])("A7 finds the next head behind %s, as Node's parser does", (_what, fields, body) => {
  const { listener, decoded } = dumping();
  void listener.received(Buffer.from(behind(fields, body)));
  expect(decoded()).toContain('   Authorization: Bearer (redacted)');
  expect(decoded().some((line) => line.includes(' GET /2 HTTP/1.1'))).toBe(true);
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
