// Section H, second part: how much there is of a request, how it is cut, what comes with it, and what is hardly HTTP.
import type { RequestCase, RequestOutcome } from './case.ts';
import {
  CLIENT_ERROR,
  DROPS,
  DROPS_SILENTLY,
  IGNORES,
  numberedRequests,
  OPENS,
  opensAgainst,
  opensAsPolicy,
  type RequestRow,
  refused,
  refusedAgainst,
  refusedAsPolicy,
  upgradeRequest,
} from './request-case.ts';

/** Whoever closes while octets are on their way may lose its own answer: TCP is reset (RFC 9112 §9.6). */
const TOO_MUCH: readonly RequestOutcome[] = [CLIENT_ERROR, refused([[500, 503]]), DROPS];
const LARGE_LIMIT = opensAsPolicy('its limit is larger');

function filler(octets: number): Readonly<Record<string, string>> {
  return { 'X-Filler': 'a'.repeat(octets) };
}

function lines(count: number): Readonly<Record<string, readonly string[]>> {
  return { x: Array<string>(count).fill('') };
}

const SIZES: readonly RequestCase[] = [
  ...numberedRequests('H14', 'RFC 9110 §5.4, RFC 9112 §3', [
    {
      what: 'a target of 7,000 octets',
      fault: 'refuses a request line of 7,000 octets, where 8,000 are recommended',
      request: { target: `{path}{and}meerkat=${'a'.repeat(7_000)}` },
      outcomes: [
        OPENS,
        refusedAgainst([[400, 499]], 'request lines of 8,000 octets are recommended'),
      ],
    },
    {
      what: 'a target of 9,000 octets',
      fault: 'does not answer a target of 9,000 octets properly',
      request: { target: `{path}{and}meerkat=${'a'.repeat(9_000)}` },
      outcomes: [CLIENT_ERROR, LARGE_LIMIT, DROPS_SILENTLY],
    },
    {
      what: 'a target of 100,000 octets',
      fault: 'does not answer a target of 100,000 octets properly',
      request: { target: `{path}{and}meerkat=${'a'.repeat(100_000)}` },
      outcomes: [...TOO_MUCH, LARGE_LIMIT],
    },
    {
      what: 'a field of 17,000 octets',
      fault: 'does not answer a field of 17,000 octets properly',
      request: { fields: filler(17_000) },
      outcomes: [CLIENT_ERROR, LARGE_LIMIT, DROPS_SILENTLY],
    },
    {
      what: 'a field of 100,000 octets',
      fault: 'does not answer a field of 100,000 octets properly',
      request: { fields: filler(100_000) },
      outcomes: [...TOO_MUCH, LARGE_LIMIT],
    },
    {
      what: 'a field of 2,000,000 octets',
      fault: 'does not answer a field of 2,000,000 octets properly',
      request: { fields: filler(2_000_000) },
      pieces: 65_536,
      outcomes: [
        ...TOO_MUCH,
        opensAgainst('each connection may cost it that much memory before anybody is known'),
      ],
    },
  ]),
  ...numberedRequests('H15', 'RFC 9110 §5.4', [
    {
      what: '100 header lines',
      fault: 'does not answer 100 header lines properly',
      request: { fields: lines(95) },
      outcomes: [OPENS, refusedAsPolicy([[400, 499]], 'its limit is lower')],
    },
    {
      what: '2,200 header lines more than the proper ones',
      fault: 'does not answer 2,200 header lines properly',
      request: { fields: lines(2_200) },
      outcomes: [CLIENT_ERROR, LARGE_LIMIT, DROPS_SILENTLY],
    },
    {
      what: '2,200 header lines in front of Upgrade',
      fault: 'forgets fields that stand behind many others',
      request: { fields: { Upgrade: undefined, ...lines(2_200), upgrade: 'websocket' } },
      outcomes: [CLIENT_ERROR, LARGE_LIMIT, DROPS_SILENTLY],
    },
    {
      what: 'a second key behind 2,200 header lines',
      fault: 'does not see a second key behind many other fields',
      request: { fields: { ...lines(2_200), 'sec-websocket-key': 'AQIDBAUGBwgJCgsMDQ4PEC==' } },
      outcomes: [CLIENT_ERROR, DROPS_SILENTLY],
    },
  ]),
];

function cut(size: number): RequestRow {
  return {
    what: `an upgrade request in pieces of ${size === 1 ? 'one octet' : `${size} octets`}`,
    fault: 'does not put a request together that comes in pieces',
    request: {},
    pieces: size,
    outcomes: [OPENS],
  };
}

const PIPELINED = 'GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n';

const NOT_13: readonly RequestOutcome[] = [CLIENT_ERROR];

const PIECES: readonly RequestCase[] = [
  ...numberedRequests('H18', 'RFC 9112 §2.2', [
    cut(1),
    cut(2),
    cut(3),
    cut(7),
    cut(16),
    cut(61),
    {
      what: 'an upgrade request of version 12 octet by octet',
      fault: 'answers a request that comes in pieces in another way than a whole one',
      request: { fields: { 'Sec-WebSocket-Version': '12' } },
      pieces: 1,
      outcomes: NOT_13,
    },
  ]),
  ...numberedRequests('H20', 'RFC 6455 §4.2.2, RFC 9112 §9.6', [
    {
      what: 'an upgrade request of version 99 and, behind it, an ordinary request',
      fault: 'serves what is pipelined behind a refused upgrade',
      request: { fields: { 'Sec-WebSocket-Version': '99' }, behind: PIPELINED },
      oneAnswer: true,
      outcomes: NOT_13,
    },
    {
      what: 'an upgrade request without a key and, behind it, an ordinary request',
      fault: 'serves what is pipelined behind a refused upgrade',
      request: { fields: { 'Sec-WebSocket-Key': undefined }, behind: PIPELINED },
      oneAnswer: true,
      outcomes: NOT_13,
    },
    {
      what: 'an upgrade request of version 99 and, behind it, a proper one',
      fault: 'serves what is pipelined behind a refused upgrade',
      request: { fields: { 'Sec-WebSocket-Version': '99' }, behind: upgradeRequest() },
      oneAnswer: true,
      outcomes: NOT_13,
    },
  ]),
];

const BODY: readonly RequestOutcome[] = [
  CLIENT_ERROR,
  IGNORES,
  opensAgainst('it reads the body and upgrades then, which not every proxy in front of it will'),
  DROPS_SILENTLY,
];
const NO_LENGTH: readonly RequestOutcome[] = [
  refused([400]),
  refusedAgainst([[401, 499]], '400 is called for'),
  DROPS_SILENTLY,
];

const BODIES: readonly RequestCase[] = numberedRequests('H21', 'RFC 9110 §7.8, RFC 9112 §6.3', [
  {
    what: 'an upgrade request with Content-Length: 5 and a body',
    fault: 'takes the body of an upgrade request for frames',
    request: { fields: { 'Content-Length': '5' }, behind: 'hello' },
    outcomes: BODY,
  },
  {
    what: 'an upgrade request with Transfer-Encoding: chunked and a body',
    fault: 'takes the body of an upgrade request for frames',
    request: { fields: { 'Transfer-Encoding': 'chunked' }, behind: '5\r\nhello\r\n0\r\n\r\n' },
    outcomes: BODY,
  },
  {
    what: 'an upgrade request with Content-Length and Transfer-Encoding',
    fault: 'takes the body of an upgrade request for frames',
    request: {
      fields: { 'Content-Length': '5', 'Transfer-Encoding': 'chunked' },
      behind: '0\r\n\r\n',
    },
    outcomes: BODY,
  },
  {
    what: 'an upgrade request with Content-Length: 0',
    fault: 'refuses an upgrade request with an empty body',
    request: { fields: { 'Content-Length': '0' } },
    outcomes: [OPENS, refusedAgainst([[400, 499]], 'there is no body')],
  },
  {
    what: 'an upgrade request with two different Content-Length fields',
    fault: 'opens a connection for a request whose length nobody knows',
    request: { fields: { 'Content-Length': ['0', '5'] }, behind: 'hello' },
    outcomes: NO_LENGTH,
  },
  {
    what: 'an upgrade request with Content-Length: -1',
    fault: 'opens a connection for a request whose length nobody knows',
    request: { fields: { 'Content-Length': '-1' } },
    outcomes: NO_LENGTH,
  },
]);

const ANY_ORIGIN = opensAsPolicy(
  'any page on the web may connect from the browser of a user (§10.2), with the cookies of that user',
);

function origin(how: string, values: string | readonly string[]): RequestRow {
  return {
    what: `an upgrade request with ${how}`,
    fault: `fails over ${how}`,
    request: { fields: { Origin: values } },
    outcomes: [CLIENT_ERROR, ANY_ORIGIN, DROPS_SILENTLY],
  };
}

function target(
  how: string,
  text: string,
  outcomes: readonly RequestOutcome[],
  fault = `fails over ${how}`,
): RequestRow {
  return { what: `an upgrade request with ${how}`, fault, request: { target: text }, outcomes };
}

const OTHER_HOST: readonly RequestOutcome[] = [
  CLIENT_ERROR,
  opensAsPolicy('it does not look at the host in the target'),
  DROPS_SILENTLY,
];
const NO_TARGET: readonly RequestOutcome[] = [
  CLIENT_ERROR,
  opensAgainst('a GET has no such target (RFC 9112 §3.2)'),
  DROPS_SILENTLY,
];

const ORIGINS_AND_TARGETS: readonly RequestCase[] = [
  ...numberedRequests('H22', 'RFC 6455 §10.2', [
    {
      what: 'an upgrade request with the Origin of the server itself',
      fault: 'refuses pages of its own origin',
      request: { fields: { Origin: '{origin}' } },
      outcomes: [OPENS, refusedAsPolicy([[400, 499]], 'its pages come from elsewhere')],
    },
    origin('a foreign Origin', 'http://foreign.example'),
    origin('the Origin null', 'null'),
    origin('an Origin that is no URL', 'http://[::1'),
    origin('a bad percent-encoding as Origin', '%%'),
    origin('Origin twice', ['http://foreign.example', 'http://other.example']),
  ]),
  ...numberedRequests('H23', 'RFC 9112 §3.2', [
    target(
      'a target in absolute form',
      '{origin}{path}',
      [OPENS],
      'refuses a target in absolute form',
    ),
    target('the host of another server in its target', 'http://other.example{path}', OTHER_HOST),
    target('a target that begins with two slashes', '//other.example/x', [
      CLIENT_ERROR,
      opensAsPolicy('it opens on any path'),
      IGNORES,
      DROPS_SILENTLY,
    ]),
    target('the target *', '*', NO_TARGET),
    target('an authority as its target', '{host}', NO_TARGET),
    target('a path without a slash', 'meerkat', NO_TARGET),
  ]),
];

/** Both are allowed: to refuse it, and to take the octet for a blank or a line end. */
const EITHER: readonly RequestOutcome[] = [OPENS, CLIENT_ERROR, DROPS_SILENTLY];

function octets(
  how: string,
  request: RequestRow['request'],
  outcomes: readonly RequestOutcome[],
  rule?: string,
): RequestRow {
  return {
    what: `an upgrade request with ${how}`,
    fault: `fails over ${how}`,
    request,
    outcomes,
    ...(rule === undefined ? {} : { rule }),
  };
}

function not(how: string, request: string, outcomes: readonly RequestOutcome[]): RequestRow {
  return { what: how, fault: `opens a connection for ${how}`, request, outcomes };
}

const NO_HTTP: readonly RequestOutcome[] = [CLIENT_ERROR, refused([[500, 505]]), DROPS];

const OCTETS: readonly RequestCase[] = [
  ...numberedRequests('H24', 'RFC 9112 §2.2, §5', [
    octets('a folded line', { fields: { 'X-Folded': 'a\r\n b' } }, EITHER, 'RFC 9112 §5.2'),
    octets(
      'a blank in front of a colon',
      { fields: { 'X-Blank ': 'a' } },
      [refused([400]), refusedAgainst([[401, 499]], '400 is called for'), DROPS_SILENTLY],
      'RFC 9112 §5.1',
    ),
    octets('a line without a colon', upgradeRequest().replace('{headers}', 'X-None\r\n{headers}'), [
      CLIENT_ERROR,
      opensAgainst('such a line is no field'),
      DROPS_SILENTLY,
    ]),
    octets('a field without a name', { fields: { '': 'a' } }, [
      CLIENT_ERROR,
      opensAgainst('a name is a token'),
      DROPS_SILENTLY,
    ]),
    octets('NUL in a field', { fields: { 'X-Nul': 'a\0b' } }, EITHER, 'RFC 9110 §5.5'),
    octets('a bare CR in a field', { fields: { 'X-Cr': 'a\rb' } }, EITHER, 'RFC 9110 §5.5'),
    octets('a bare LF in a field', { fields: { 'X-Lf': 'a\nX-More: b' } }, EITHER),
    octets('bare LF at the end of all lines', upgradeRequest().replaceAll('\r\n', '\n'), [
      OPENS,
      CLIENT_ERROR,
      DROPS,
    ]),
    octets('octets from 80 to ff in a field', { fields: { 'X-Latin': '\x80\xe4\xff' } }, [
      OPENS,
      refusedAgainst([[400, 499]], 'a field may hold them (RFC 9110 §5.5)'),
    ]),
    octets('an empty line in front of it', `\r\n${upgradeRequest()}`, [
      OPENS,
      refusedAgainst([[400, 499]], 'a server should pass over an empty line'),
      DROPS_SILENTLY,
    ]),
    octets(
      'a blank line behind the request line',
      upgradeRequest().replace('\r\n', '\r\n \r\n'),
      EITHER,
    ),
    octets('a blank in its target', { target: '{path} x' }, [
      CLIENT_ERROR,
      opensAgainst('a request line has three parts (RFC 9112 §3)'),
      DROPS_SILENTLY,
    ]),
    octets('raw UTF-8 in its target', { target: '{path}{and}\xc3\xa4' }, [
      CLIENT_ERROR,
      opensAgainst('a target is ASCII (RFC 3986 §2)'),
      DROPS_SILENTLY,
    ]),
    octets('a fragment in its target', { target: '{path}#top' }, [...EITHER, IGNORES]),
  ]),
  ...numberedRequests('H25', 'RFC 9112 §2.2', [
    not(
      'the first octets of a TLS handshake',
      '\x16\x03\x01\x00\x2f\x01\x00\x00\x2b\x03\x03\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f\x00\x00\x02\x13\x01\x01\x00\x00\x00',
      NO_HTTP,
    ),
    not('garbage', '\xff\xfe\x00\x01\r\n\r\n', NO_HTTP),
    not('a WebSocket frame and nothing else', '\x81\x82\x00\x00\x00\x00hi\r\n\r\n', NO_HTTP),
    not(
      'CONNECT with the fields of an upgrade',
      upgradeRequest({ method: 'CONNECT', target: '{host}' }),
      [...NO_HTTP],
    ),
  ]),
];

/** Sizes, pieces, bodies, targets and octets. */
export const SECTION_H_OCTETS: readonly RequestCase[] = [
  ...SIZES,
  ...PIECES,
  ...BODIES,
  ...ORIGINS_AND_TARGETS,
  ...OCTETS,
];
