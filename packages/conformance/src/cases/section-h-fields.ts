// Section H, first part: the request line and the fields of the handshake (RFC 6455 §4.2.1).
import type { RequestCase, RequestOutcome } from './case.ts';
import {
  CLIENT_ERROR,
  DROPS_SILENTLY,
  IGNORES,
  numberedRequests,
  OPENS,
  opensAgainst,
  type RequestRow,
  refused,
  refusedAgainst,
  refusedAsPolicy,
  upgradeRequest,
} from './request-case.ts';

/** The example of RFC 6455 §1.3. */
const SAMPLE_KEY = 'dGhlIHNhbXBsZSBub25jZQ==';

const VALID: readonly RequestRow[] = [
  {
    what: 'the upgrade request with the key of RFC 6455 §1.3',
    fault: 'refuses a proper upgrade request',
    request: { fields: { 'Sec-WebSocket-Key': SAMPLE_KEY } },
    outcomes: [OPENS],
  },
  {
    what: 'an upgrade request with a random key',
    fault: 'refuses a proper upgrade request',
    request: {},
    outcomes: [OPENS],
  },
  {
    what: 'field names in other case, and none of the usual order',
    fault: 'looks at the case or the order of field names',
    rule: 'RFC 9110 §5.1, §5.3',
    request:
      'GET {path} HTTP/1.1\r\nsec-websocket-version: 13\r\nSEC-WEBSOCKET-KEY: {key}\r\nconnection: Upgrade\r\nuPGRADE: websocket\r\n{headers}hOST: {host}\r\n\r\n',
    outcomes: [OPENS],
  },
  {
    what: 'fields without a blank behind the colon',
    fault: 'demands a blank behind the colon of a field',
    rule: 'RFC 9112 §5',
    request: upgradeRequest().replaceAll(': ', ':'),
    outcomes: [OPENS],
  },
  {
    what: 'fields with blanks and tabs around their values',
    fault: 'takes blanks around a field for a part of its value',
    rule: 'RFC 9112 §5',
    // No tab follows the token in Connection: the parser of Node 20 misses it then, before any server on it has a say.
    request:
      'GET {path} HTTP/1.1\r\nHost:\t{host} \r\nUpgrade:   websocket\t\r\nConnection: \tUpgrade  \r\nSec-WebSocket-Key:  {key}  \r\nSec-WebSocket-Version: 13\t\r\n{headers}\r\n',
    outcomes: [OPENS],
  },
  {
    what: 'an upgrade request with fields that nobody knows, one of them empty',
    fault: 'stumbles over a field that it does not know',
    rule: 'RFC 9110 §5.1',
    request: { fields: { 'X-Unknown': 'anything', 'X-Empty': '', 'X-Twice': ['one', 'two'] } },
    outcomes: [OPENS],
  },
  {
    what: 'an upgrade request with a further parameter in its target',
    fault: 'refuses a target with a query',
    rule: 'RFC 6455 §3',
    request: { target: '{path}{and}meerkat=%2F%3F' },
    outcomes: [OPENS, refusedAsPolicy([400, 404], 'the parameter is one that it does not know')],
  },
];

const METHOD: readonly RequestOutcome[] = [
  refused([405], { allow: '*' }),
  refusedAgainst([405], 'without the field Allow, which RFC 9110 §15.5.6 demands'),
  refused([[400, 404], [406, 499], 501]),
  IGNORES,
  DROPS_SILENTLY,
];

function method(name: string, fields: Readonly<Record<string, string>> = {}): RequestRow {
  return {
    what: `an upgrade request with the method ${name}`,
    fault: `opens a connection for the method ${name}`,
    request: { method: name, fields },
    outcomes: METHOD,
  };
}

function version(name: string, outcomes: readonly RequestOutcome[]): RequestRow {
  return {
    what: `an upgrade request of ${name}`,
    fault: `opens a connection for a request of ${name}`,
    request: { version: name },
    outcomes: [...outcomes, DROPS_SILENTLY],
  };
}

/** "A server MUST respond with a 400 (Bad Request) status code" for each of these. */
const BAD_HOST: readonly RequestOutcome[] = [
  refused([400]),
  refusedAgainst([[401, 499]], '400 is called for'),
  DROPS_SILENTLY,
];

function host(
  how: string,
  values: string | readonly string[] | undefined,
  outcomes: readonly RequestOutcome[] = BAD_HOST,
): RequestRow {
  return {
    what: `an upgrade request with ${how}`,
    fault: `opens a connection for a request with ${how}`,
    request: { fields: { Host: values } },
    outcomes,
  };
}

/** "It is not necessary for the server to base64-decode" the key (§4.2.2), so that not all see what is wrong. */
const BAD_KEY: readonly RequestOutcome[] = [
  CLIENT_ERROR,
  opensAgainst(
    'a key has to be 16 octets in base64 (§4.2.1), though no server is made to decode it',
  ),
  DROPS_SILENTLY,
];
const NO_KEY: readonly RequestOutcome[] = [CLIENT_ERROR, DROPS_SILENTLY];

function key(
  how: string,
  values: string | readonly string[] | undefined,
  outcomes: readonly RequestOutcome[],
): RequestRow {
  return {
    what: `an upgrade request with ${how}`,
    fault: `opens a connection for a request with ${how}`,
    request: { fields: { 'Sec-WebSocket-Key': values } },
    outcomes,
  };
}

/** "an appropriate HTTP error code (such as 426 Upgrade Required) and a |Sec-WebSocket-Version| header field" (§4.2.2). */
const OTHER_VERSION: readonly RequestOutcome[] = [
  refused([426], { 'sec-websocket-version': '*', upgrade: 'websocket' }),
  {
    verdict: 'NON-STRICT',
    because: 'without the field Upgrade, which RFC 9110 §15.5.22 demands of a 426',
    status: [426],
    fields: { 'sec-websocket-version': '*' },
  },
  refused(
    [
      [400, 425],
      [427, 499],
    ],
    { 'sec-websocket-version': '*' },
  ),
];
const DRAFT = opensAgainst('it is the version of a draft');
/** No version at all: what the server knows is good to say, and nothing demands it. */
const MALFORMED_VERSION: readonly RequestOutcome[] = [CLIENT_ERROR, DROPS_SILENTLY];

function wsVersion(
  how: string,
  values: string | readonly string[] | undefined,
  outcomes: readonly RequestOutcome[],
): RequestRow {
  return {
    what: `an upgrade request with ${how}`,
    fault: `opens a connection for ${how}`,
    request: { fields: { 'Sec-WebSocket-Version': values } },
    outcomes,
  };
}

/** What did not ask for this upgrade is an ordinary request, whatever its answer. */
const ORDINARY: readonly RequestOutcome[] = [refused([[200, 599]]), DROPS_SILENTLY];

function connection(values: string | readonly string[]): RequestRow {
  const words = [values].flat().join('" and "');
  return {
    what: `an upgrade request with Connection: "${words}"`,
    fault: `does not find the token upgrade in Connection: "${words}"`,
    request: { fields: { Connection: values } },
    outcomes: [OPENS],
  };
}

function noConnection(how: string, value: string | undefined): RequestRow {
  return {
    what: `a request with ${how}`,
    fault: `upgrades a request with ${how}`,
    request: { fields: { Connection: value } },
    outcomes: ORDINARY,
  };
}

function upgradeField(value: string): RequestRow {
  return {
    what: `an upgrade request with Upgrade: ${value}`,
    fault: `does not take Upgrade: ${value} for websocket`,
    request: { fields: { Upgrade: value } },
    outcomes: [OPENS],
  };
}

function noUpgrade(how: string, value: string | undefined): RequestRow {
  return {
    what: `a request with ${how}`,
    fault: `upgrades a request with ${how}`,
    request: { fields: { Upgrade: value } },
    outcomes: ORDINARY,
  };
}

const LINE_AND_HOST: readonly RequestCase[] = [
  ...numberedRequests('H1', 'RFC 6455 §4.2.1', VALID),
  ...numberedRequests('H2', 'RFC 6455 §4.2.1', [
    method('POST', { 'Content-Length': '0' }),
    method('PUT', { 'Content-Length': '0' }),
    method('OPTIONS'),
    method('HEAD'),
    method('DELETE'),
    method('get'),
    method('MEERKAT'),
  ]),
  ...numberedRequests('H3', 'RFC 6455 §4.2.1', [
    version('HTTP/1.0', [refused([[400, 499], 505]), IGNORES]),
    version('HTTP/2.0', [
      refused([[400, 499], 505]),
      opensAgainst('HTTP/2 is not spoken in this form'),
    ]),
    version('HTTP/1.2', [OPENS, refused([400, 505])]),
    version('http/1.1', [
      refused([[400, 499], 505]),
      opensAgainst('the name is written in capitals (RFC 9112 §2.3)'),
    ]),
  ]),
  ...numberedRequests('H4', 'RFC 9112 §3.2', [
    host('no Host', undefined),
    host('an empty Host', '', [
      CLIENT_ERROR,
      opensAgainst('a WebSocket URI has a host (RFC 6455 §4.2.1)'),
      DROPS_SILENTLY,
    ]),
    host('Host twice', ['{host}', '{host}']),
    host('two different Host fields', ['{host}', 'other.example']),
    host('a blank in its Host', 'one two'),
    host('a URL as its Host', 'http://{host}/'),
    host('user information in its Host', 'user@{host}'),
    host('a port out of range in its Host', 'localhost:99999', [
      CLIENT_ERROR,
      opensAgainst('the port is none of TCP'),
      DROPS_SILENTLY,
    ]),
  ]),
];

const HANDSHAKE_FIELDS: readonly RequestCase[] = [
  ...numberedRequests('H5', 'RFC 6455 §4.2.1', [
    key('no Sec-WebSocket-Key', undefined, NO_KEY),
    key('an empty Sec-WebSocket-Key', '', NO_KEY),
    key('Sec-WebSocket-Key twice', [SAMPLE_KEY, SAMPLE_KEY], NO_KEY),
    key('two different keys', [SAMPLE_KEY, 'AQIDBAUGBwgJCgsMDQ4PEC=='], NO_KEY),
    key('a key of 3 octets', 'AAAA', BAD_KEY),
    key('a key of 17 octets', 'dGhlIHNhbXBsZSBub25jZWE=', BAD_KEY),
    key('a key without padding', 'dGhlIHNhbXBsZSBub25jZQ', BAD_KEY),
    key('a key that is not base64', `${'!'.repeat(22)}==`, BAD_KEY),
    key('a key in the alphabet for URLs', '_-_-_-_-_-_-_-_-_-_-_w==', BAD_KEY),
    {
      what: 'an upgrade request whose key has other bits in its padding',
      fault: 'fails over bits in the padding of a key',
      rule: 'RFC 4648 §3.5',
      request: { fields: { 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZR==' } },
      outcomes: [OPENS, refused([400])],
    },
  ]),
  ...numberedRequests('H6', 'RFC 6455 §4.2.2, §4.4', [
    wsVersion('no version', undefined, MALFORMED_VERSION),
    wsVersion('an empty version', '', MALFORMED_VERSION),
    wsVersion('version 0', '0', OTHER_VERSION),
    wsVersion('version 7', '7', [...OTHER_VERSION, DRAFT]),
    wsVersion('version 8', '8', [...OTHER_VERSION, DRAFT]),
    wsVersion('version 12', '12', OTHER_VERSION),
    wsVersion('version 14', '14', OTHER_VERSION),
    wsVersion('version 99', '99', OTHER_VERSION),
    wsVersion('version 256', '256', MALFORMED_VERSION),
    wsVersion('the versions 13, 8', '13, 8', MALFORMED_VERSION),
    wsVersion('version 013', '013', MALFORMED_VERSION),
    wsVersion('version 13.0', '13.0', MALFORMED_VERSION),
    wsVersion('version 1.3e1', '1.3e1', MALFORMED_VERSION),
    wsVersion('version 0x0d', '0x0d', MALFORMED_VERSION),
    wsVersion('version 13 twice', ['13', '13'], MALFORMED_VERSION),
  ]),
  ...numberedRequests('H7', 'RFC 6455 §4.2.1, RFC 9110 §7.6.1', [
    connection('keep-alive, Upgrade'),
    connection('upgrade'),
    connection('UPGRADE'),
    connection(['keep-alive', 'Upgrade']),
    connection(',,Upgrade,'),
    connection('Upgrade , x-other'),
    noConnection('Connection: close', 'close'),
    noConnection('Connection: Upgradex', 'Upgradex'),
    noConnection('no Connection', undefined),
  ]),
  ...numberedRequests('H8', 'RFC 6455 §4.2.1, RFC 9110 §7.8', [
    upgradeField('WebSocket'),
    upgradeField('WEBSOCKET'),
    noUpgrade('no Upgrade', undefined),
    noUpgrade('Upgrade: h2c', 'h2c'),
    noUpgrade('Upgrade: websockets', 'websockets'),
    noUpgrade('Upgrade: web socket', 'web socket'),
    {
      what: 'an upgrade request with Upgrade: h2c, websocket',
      fault: 'fails over a second protocol in Upgrade',
      request: { fields: { Upgrade: 'h2c, websocket' } },
      outcomes: [OPENS, refused([[200, 499]])],
    },
    {
      what: 'an upgrade request with Upgrade: websocket/13',
      fault: 'takes websocket/13 for websocket, and does not open properly',
      request: { fields: { Upgrade: 'websocket/13' } },
      outcomes: [refused([[200, 499]]), opensAgainst('the protocol has no version here (§4.2.1)')],
    },
    {
      what: 'an upgrade request with Upgrade: websocket twice',
      fault: 'does not open properly for Upgrade twice',
      request: { fields: { Upgrade: ['websocket', 'websocket'] } },
      outcomes: [refused([[200, 499]]), opensAgainst('the field should be there once')],
    },
  ]),
];

const NO_SUBPROTOCOL = opensAgainst('it takes what is malformed for no subprotocol');
const NO_EXTENSION = opensAgainst('it takes what is malformed for no extension');
const DEMANDING = refusedAsPolicy([[400, 499]], 'it may demand a subprotocol that it knows');

function subprotocols(
  how: string,
  values: string | readonly string[],
  outcomes: readonly RequestOutcome[],
): RequestRow {
  return {
    what: `an upgrade request with ${how} in Sec-WebSocket-Protocol`,
    fault: `fails over ${how} in Sec-WebSocket-Protocol`,
    request: { fields: { 'Sec-WebSocket-Protocol': values } },
    outcomes,
  };
}

const UNLISTED: readonly RequestOutcome[] = [CLIENT_ERROR, NO_SUBPROTOCOL, DROPS_SILENTLY];

function extensions(how: string, value: string, outcomes: readonly RequestOutcome[]): RequestRow {
  return {
    what: `an upgrade request with ${how} in Sec-WebSocket-Extensions`,
    fault: `fails over ${how} in Sec-WebSocket-Extensions`,
    request: { fields: { 'Sec-WebSocket-Extensions': value } },
    outcomes,
  };
}

const MALFORMED_EXTENSION: readonly RequestOutcome[] = [CLIENT_ERROR, NO_EXTENSION, DROPS_SILENTLY];

const OFFERS: readonly RequestCase[] = [
  ...numberedRequests('H9', 'RFC 6455 §4.1, §11.3.4', [
    subprotocols('a name that nobody knows', 'unknown.meerkat.example', [OPENS, DEMANDING]),
    subprotocols('names of Object.prototype', '__proto__, constructor', [OPENS, DEMANDING]),
    subprotocols('names on two lines', ['a.example', 'b.example'], [OPENS, DEMANDING]),
    subprotocols('nothing', '', UNLISTED),
    subprotocols('a list with an empty element', 'a.example,', [OPENS, CLIENT_ERROR]),
    subprotocols('a separator inside a name', 'a;b', UNLISTED),
    subprotocols('a blank inside a name', 'a b', UNLISTED),
    subprotocols('the same name twice', 'a.example, a.example', UNLISTED),
    subprotocols('10,000 blanks inside a name', `a${' '.repeat(10_000)}b`, UNLISTED),
  ]),
  ...numberedRequests('H11', 'RFC 6455 §9.1', [
    extensions('an extension that nobody knows', 'x-unknown; a=1; b', [OPENS]),
    extensions('a quoted value', 'x-unknown; a="1"', [OPENS]),
    extensions('names of Object.prototype', '__proto__; constructor=1', [OPENS]),
    extensions(
      '400 extensions',
      Array.from({ length: 400 }, (_, at) => `x-${at}; a=1`).join(', '),
      [OPENS, refusedAsPolicy([[400, 499]], 'the field is long'), DROPS_SILENTLY],
    ),
    extensions('nothing', '', MALFORMED_EXTENSION),
    extensions('separators only', ';;;', MALFORMED_EXTENSION),
    extensions('a parameter without a name', 'x-unknown;', MALFORMED_EXTENSION),
    extensions('an empty value', 'x-unknown; a=', MALFORMED_EXTENSION),
    extensions('a quoted value that is no token', 'x-unknown; a="b c"', MALFORMED_EXTENSION),
    extensions('a quoted value without an end', 'x-unknown; a="b', MALFORMED_EXTENSION),
  ]),
];

/** The request line, and the fields of RFC 6455. */
export const SECTION_H_FIELDS: readonly RequestCase[] = [
  ...LINE_AND_HOST,
  ...HANDSHAKE_FIELDS,
  ...OFFERS,
];
