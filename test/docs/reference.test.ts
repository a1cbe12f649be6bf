// The pages of docs/reference that speak of the library: the same names, defaults and ranges as the code.
import {
  COMPRESSION_RANGES,
  CONNECTION_RANGES,
  type ConnectOptions,
  connect,
  DEFAULT_COMPRESSION_NUMBERS,
  DEFAULT_CONNECTION_NUMBERS,
  defaultServerNumbers,
  SERVER_RANGES,
  Topics,
  UsageError,
  WebSocketServer,
} from 'meerkat';
import { HandshakeError, handshakeCodes } from 'meerkat/protocol';
import { connectionPair } from 'meerkat/testing';
import { describe, expect, it } from 'vitest';
import { cell, codeSpans, expectGenerated, read, rowsBelow, table } from '../support/doc-page.ts';
import { interfaceMembers, type Member } from './interface-members.ts';

const SOURCE = 'packages/meerkat/src';
const members = (file: string, name: string): Member[] =>
  interfaceMembers(`${SOURCE}/${file}`, name);

const NUMBERS = [
  ...members('protocol/limits.ts', 'Limits'),
  ...members('protocol/keepalive.ts', 'KeepaliveTimes'),
  ...members('connection/connection-options.ts', 'ConnectionNumbers'),
];
const CONNECTION_OPTIONS = [
  ...NUMBERS,
  ...members('connection/connection-options.ts', 'ConnectionOptions'),
];
const CONNECTION_HANDLERS = members('connection/connection-handlers.ts', 'ConnectionHandlers');
const SERVER_NUMBERS = members('server/server-options.ts', 'ServerNumbers');
const SERVER_OPTIONS = [
  ...members('server/server-options.ts', 'WebSocketServerOptions'),
  ...SERVER_NUMBERS,
  ...members('server/origin-policy.ts', 'OriginOptions'),
];
const SERVER_HANDLERS = members('server/server-options.ts', 'ServerHandlers');
const CLIENT_OPTIONS = members('client/connect-options.ts', 'ConnectOptions');
const UPGRADE_REQUEST = [
  ...members('server/server-options.ts', 'ServerUpgradeRequest'),
  ...members('protocol/handshake/upgrade-request.ts', 'UpgradeRequest'),
];

/** What the library says to an option; undefined when it takes it. */
type Try = (name: string, value: unknown) => UsageError | undefined;

function caught(action: () => unknown): UsageError | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
}

const tryServer: Try = (name, value) => caught(() => new WebSocketServer({ [name]: value }));

// Never dials: there is always something wrong with the options, an unknown name before all else.
const tryClient: Try = (name, value) => {
  const wrong = value === undefined ? { handshakeTimeout: Number.NaN } : {};
  const options = { [name]: value, ...wrong } as ConnectOptions;
  const error = caught(() => connect('ws://localhost/', options));
  const other = error?.message.includes('handshakeTimeout is') && name !== 'handshakeTimeout';
  return other ? undefined : error;
};

/** Least and greatest value, out of what is said to a value that is no number at all. */
function rangeOf(name: string, attempt: Try): string {
  const said = /from (\d+) to (\w+)/.exec(attempt(name, Number.NaN)?.message ?? '');
  if (said === null) throw new Error(`${name} has no range`);
  return `${grouped(said[1])} to ${grouped(said[2])}`;
}

function grouped(digits = ''): string {
  return `\`${digits.replace(/\B(?=(\d{3})+$)/g, '_')}\``;
}

function defaultOf({ defaultText = '' }: Member): string {
  return /^(?:[\d_]+|'\w+'|true|false)$/.test(defaultText) ? `\`${defaultText}\`` : defaultText;
}

/** Names of types that say less than what they stand for, and where that is. */
const ALIASES: Readonly<Record<string, string>> = {
  MessageTypes: 'protocol/message-reader.ts',
  OverRate: 'connection/receive-rate.ts',
};

function typeOf({ type }: Member): string {
  const file = ALIASES[type];
  if (file === undefined) return type;
  const [, alias = type] =
    new RegExp(`type ${type} = ([^;]+);`).exec(read(`${SOURCE}/${file}`)) ?? [];
  return alias;
}

function optionTable(options: readonly Member[], attempt: Try): readonly string[] {
  const rows = options.map((option) => [
    `\`${option.name}\``,
    cell(`\`${typeOf(option)}\``),
    cell(defaultOf(option)),
    option.type === 'number' ? rangeOf(option.name, attempt) : '',
    cell(option.text),
  ]);
  return table(['option', 'type', 'default', 'range', 'what it does'], rows);
}

function memberTable(head: readonly string[], list: readonly Member[]): readonly string[] {
  return table(
    head,
    list.map((one) => [
      `\`${one.name}\``,
      cell(`\`${one.isMethod ? one.type.replace(/^\((.*?)\): /, '($1) => ') : one.type}\``),
      cell(one.text),
    ]),
  );
}

const names = (list: readonly Member[]): string[] => list.map(({ name }) => name);

describe('the comments in the code', () => {
  it('give the defaults that hold', () => {
    const said = [...NUMBERS, ...SERVER_NUMBERS].map(({ name, defaultText = '' }) => [
      name,
      Number(defaultText.replaceAll('_', '')),
    ]);
    const { maxConnections, ...numbers } = defaultServerNumbers(); // that one is the system's
    expect(Object.fromEntries(said)).toEqual({
      ...DEFAULT_CONNECTION_NUMBERS,
      ...numbers,
      maxConnections: Number.NaN,
    });
    expect(maxConnections).toBeGreaterThanOrEqual(0);
  });

  it('stand above every option that has a range', () => {
    expect(names(NUMBERS).sort()).toEqual(Object.keys(CONNECTION_RANGES).sort());
    expect(names(SERVER_NUMBERS).sort()).toEqual(Object.keys(SERVER_RANGES).sort());
  });

  it.each([
    ['an option', [...CONNECTION_OPTIONS, ...SERVER_OPTIONS, ...CLIENT_OPTIONS]],
    ['a handler', [...CONNECTION_HANDLERS, ...SERVER_HANDLERS]],
    ['what a handler gets', UPGRADE_REQUEST],
  ])('leave out nothing: %s', (_what, list) => {
    expect(list.filter(({ text }) => text === '').map(({ name }) => name)).toEqual([]);
  });
});

describe.each([
  {
    page: 'docs/reference/server-options.md',
    attempt: tryServer,
    known: [...SERVER_OPTIONS, ...SERVER_HANDLERS, ...CONNECTION_OPTIONS, ...CONNECTION_HANDLERS],
    source: 'server/server-options.ts',
  },
  {
    page: 'docs/reference/client-options.md',
    attempt: tryClient,
    known: [...CLIENT_OPTIONS, ...CONNECTION_OPTIONS, ...CONNECTION_HANDLERS],
    source: 'client/connect-options.ts',
  },
])('$page', ({ page, attempt, known, source }) => {
  it('lists no option that the library does not know', () => {
    const unknown = names(known).filter(
      (name) => attempt(name, undefined)?.code === 'MEERKAT_OPTION_UNKNOWN',
    );
    expect(unknown).toEqual([]);
    expect(attempt('noSuchOption', undefined)?.code).toBe('MEERKAT_OPTION_UNKNOWN');
  });

  it('lists every option that the library knows', () => {
    const files = [source, 'connection/connection-options.ts', 'connection/connection-handlers.ts'];
    const words = files.flatMap((file) => read(`${SOURCE}/${file}`).match(/\b[a-z]\w*\b/g) ?? []);
    const taken = [...new Set(words)].filter(
      (word) => attempt(word, undefined)?.code !== 'MEERKAT_OPTION_UNKNOWN',
    );
    expect(taken.filter((word) => !names(known).includes(word))).toEqual([]);
    const rows = read(page)
      .split('\n')
      .flatMap((line) => /^\| `(\w+)` \|/.exec(line)?.slice(1) ?? []);
    expect(names(known).filter((name) => !rows.includes(name))).toEqual([]);
  });
});

describe('docs/reference/server-options.md', () => {
  const page = 'docs/reference/server-options.md';

  it('has the options of the server as they are in the code', () => {
    expectGenerated(page, 'server options', optionTable(SERVER_OPTIONS, tryServer));
  });

  it('has the options of its connections as they are in the code', () => {
    expectGenerated(page, 'connection options', optionTable(CONNECTION_OPTIONS, tryServer));
  });

  it('has the handlers as they are in the code', () => {
    const head = ['handler', 'called with, and may return', 'when'];
    expectGenerated(page, 'server handlers', memberTable(head, SERVER_HANDLERS));
    expectGenerated(page, 'connection handlers', memberTable(head, CONNECTION_HANDLERS));
  });

  it('has every refusal that does not come from a broken rule', () => {
    const refusals = handshakeCodes.filter((code) => {
      const { status } = new HandshakeError(code);
      return status > 0 && (code.startsWith('MEERKAT_') || code === 'WS_REQUEST_ORIGIN');
    });
    const rows = rowsBelow(read(page), 'What a refusal looks like to the client');
    const documented = rows.map(([, , code = '']) => codeSpans(code)[0] ?? '');
    expect(documented.filter((code) => /^(?:MEERKAT|WS_REQUEST)_/.test(code)).sort()).toEqual(
      refusals.sort(),
    );
    for (const [, status = '', code = ''] of rows) {
      const known = refusals.find((one) => one === codeSpans(code)[0] && one !== 'MEERKAT_REFUSED');
      if (known !== undefined) {
        expect(Number.parseInt(status, 10), known).toBe(new HandshakeError(known).status);
      }
    }
  });

  it('has what the upgrade handler gets as it is in the code', () => {
    const head = ['member', 'type', 'what it is'];
    expectGenerated(page, 'upgrade request', memberTable(head, UPGRADE_REQUEST));
  });

  it('has the options of attach, listen and close as they are in the code', () => {
    const head = ['option', 'type', 'default', 'what it does'];
    for (const [name, list] of [
      ['attach options', members('server/attach-options.ts', 'AttachOptions')],
      [
        'listen options',
        [
          ...members('server/attach-options.ts', 'AttachOptions'),
          ...members('server/listening.ts', 'ListenOptions'),
        ],
      ],
      ['close options', members('server/web-socket-server.ts', 'ServerCloseOptions')],
    ] as const) {
      const rows = list.map((one) => [
        `\`${one.name}\``,
        cell(`\`${one.type}\``),
        cell(defaultOf(one)),
        cell(one.text),
      ]);
      expectGenerated(page, name, table(head, rows));
    }
  });

  it('names every member of a server', () => {
    const all = Object.getOwnPropertyNames(WebSocketServer.prototype);
    const documented = rowsBelow(read(page), 'The server itself').map(([first = '']) =>
      codeSpans(first)[0]?.replace(/\(.*/, ''),
    );
    expect(documented.sort()).toEqual(
      [...all.filter((name) => name !== 'constructor'), '[Symbol.asyncDispose]'].sort(),
    );
  });
});

describe('docs/reference/client-options.md', () => {
  const page = 'docs/reference/client-options.md';

  it('has the options of a dial as they are in the code', () => {
    expectGenerated(page, 'client options', optionTable(CLIENT_OPTIONS, tryClient));
  });

  it('has the options of its connection as they are in the code', () => {
    expectGenerated(page, 'connection options', optionTable(CONNECTION_OPTIONS, tryClient));
  });

  it('has the handlers as they are in the code', () => {
    const head = ['handler', 'called with, and may return', 'when'];
    expectGenerated(page, 'connection handlers', memberTable(head, CONNECTION_HANDLERS));
  });
});

describe('docs/reference/compression.md', () => {
  const page = 'docs/reference/compression.md';
  const file = 'connection/compression/compression-options.ts';
  const options = [...members(file, 'CompressionNumbers'), ...members(file, 'CompressionOptions')];
  const attempt: Try = (name, value) => tryServer('compression', { [name]: value });

  it('has every option, as it is in the code', () => {
    expectGenerated(page, 'compression options', optionTable(options, attempt));
  });

  it('lists every option that the library knows, and no other', () => {
    const words = read(`${SOURCE}/${file}`).match(/\b[a-z]\w*\b/g) ?? [];
    const taken = [...new Set(words)].filter(
      (word) => attempt(word, undefined)?.code !== 'MEERKAT_OPTION_UNKNOWN',
    );
    expect(taken.sort()).toEqual(names(options).sort());
  });

  it('is about code whose comments give the defaults that hold', () => {
    const numbers = members(file, 'CompressionNumbers');
    const said = numbers.map(({ name, defaultText = '' }) => [
      name,
      Number(defaultText.replaceAll('_', '')),
    ]);
    expect(Object.fromEntries(said)).toEqual(DEFAULT_COMPRESSION_NUMBERS);
    expect(names(numbers).sort()).toEqual(Object.keys(COMPRESSION_RANGES).sort());
  });
});

describe('docs/reference/connection.md', () => {
  const page = 'docs/reference/connection.md';
  const firsts = (heading: string): string[] =>
    rowsBelow(read(page), heading).map(([first = '']) => codeSpans(first)[0] ?? first);

  it('has every member of a connection, and no other', async () => {
    const { client } = connectionPair();
    const onPrototype = Reflect.ownKeys(Object.getPrototypeOf(client)).map((key) =>
      typeof key === 'symbol' ? `[${key.description?.replace('nodejs', 'Symbol')}]` : key,
    );
    const all = [...Object.keys(client), ...onPrototype].filter((name) => name !== 'constructor');
    const documented = [...firsts('What it is'), ...firsts('What it does')];
    expect(documented.map((name) => name.replace(/\(.*/, '')).sort()).toEqual(all.sort());
    client.terminate();
    await client.closed;
  });

  it('has every answer of send, and no other', () => {
    const [, answers = ''] =
      /type SendResult = ([^;]+);/.exec(read(`${SOURCE}/protocol/sendable.ts`)) ?? [];
    expect(firsts('What send answers')).toEqual(answers.split(' | '));
  });

  it('has every field of closed as it is in the code', async () => {
    const { client } = connectionPair();
    client.terminate();
    const closed = await client.closed;
    const fields = members('connection/closed.ts', 'Closed');
    expect(names(fields).sort()).toEqual(Object.keys(closed).sort());
    const head = ['field', 'type', 'what it says'];
    expectGenerated(page, 'closed', memberTable(head, fields));
  });

  it('has every cause of an end, and no other', () => {
    const source = read(`${SOURCE}/connection/closed.ts`);
    const [, union = ''] = /type ClosedBecause =([^;]+);/.exec(source) ?? [];
    const causes = [...union.matchAll(/'\w+'/g)].map(([cause]) => cause);
    expect(causes.length).toBeGreaterThan(5);
    expect(firsts('Why it ended')).toEqual(causes);
  });

  it('has every state, and no other', () => {
    const source = read(`${SOURCE}/protocol/connection-state.ts`);
    const [, union = ''] = /type ConnectionState =([^;]+);/.exec(source) ?? [];
    expect(firsts('Its states')).toEqual([...union.matchAll(/'\w+'/g)].map(([state]) => state));
  });
});

describe('docs/reference/topics.md', () => {
  const page = 'docs/reference/topics.md';
  const file = 'topics/topics-options.ts';
  const options = [...members(file, 'TopicsNumbers'), ...members(file, 'TopicsOptions')];
  const attempt: Try = (name, value) => caught(() => new Topics({ [name]: value }));

  it('has every option, as it is in the code', () => {
    expectGenerated(page, 'topics options', optionTable(options, attempt));
  });

  it('lists every option that topics know, and no other', () => {
    const words = read(`${SOURCE}/${file}`).match(/\b[a-z]\w*\b/g) ?? [];
    const taken = [...new Set(words)].filter(
      (word) => attempt(word, undefined)?.code !== 'MEERKAT_OPTION_UNKNOWN',
    );
    expect(taken.sort()).toEqual(names(options).sort());
  });

  it('has the options of publish, its answer and the members of a subscriber as they are in the code', () => {
    const given = members('topics/publish-options.ts', 'PublishOptions').map((one) => [
      `\`${one.name}\``,
      cell(`\`${one.type}\``),
      cell(defaultOf(one)),
      cell(one.text),
    ]);
    const head = ['option', 'type', 'default', 'what it does'];
    expectGenerated(page, 'publish options', table(head, given));
    const answer = members('topics/topic.ts', 'Published');
    expect(names(answer)).toEqual(Object.keys(new Topics().publish('tea', '')));
    expectGenerated(page, 'published', memberTable(['field', 'type', 'what it counts'], answer));
    const subscriber = members('topics/subscriber.ts', 'Subscriber');
    expectGenerated(
      page,
      'subscriber',
      memberTable(['member', 'type', 'what it does'], subscriber),
    );
  });

  it('gives the defaults that hold', () => {
    const [topics, name, other] = members(file, 'TopicsNumbers').map(({ defaultText }) =>
      Number(defaultText),
    );
    expect(other).toBeUndefined();
    const one = { closed: new Promise(() => {}), send: () => 'sent' as const };
    const rooms = new Topics();
    for (let at = 0; at < Number(topics); at += 1) rooms.subscribe(`${at}`, one);
    expect(() => rooms.subscribe('one more', one)).toThrow(UsageError);
    expect(rooms.unsubscribeAll(one)).toBe(topics);
    rooms.subscribe('x'.repeat(Number(name)), one);
    expect(() => rooms.subscribe('x'.repeat(Number(name) + 1), one)).toThrow(UsageError);
  });

  it('names every member of Topics', () => {
    const all = Object.getOwnPropertyNames(Topics.prototype);
    const documented = rowsBelow(read(page), 'What it does').map(([first = '']) =>
      codeSpans(first)[0]?.replace(/\(.*/, ''),
    );
    expect(documented.sort()).toEqual(all.filter((name) => name !== 'constructor').sort());
  });
});

describe('docs/reference/limits.md', () => {
  it('says what one count is of every limit that is counted, and of no other', () => {
    const rows = rowsBelow(read('docs/reference/limits.md'), 'What limitHits counts');
    const keys = rows.flatMap(([first = '']) => codeSpans(first));
    expect(keys.sort()).toEqual(Object.keys(new WebSocketServer().limitHits).sort());
  });

  it('has every number that a server can be told beside those of its connections', () => {
    const numbers = SERVER_OPTIONS.filter(({ type }) => type === 'number');
    const rows = numbers.map((option) => [
      `\`${option.name}\``,
      cell(defaultOf(option)),
      rangeOf(option.name, tryServer),
      cell(option.text),
    ]);
    const head = ['option', 'default', 'range', 'what it bounds'];
    expectGenerated('docs/reference/limits.md', 'server limits', table(head, rows));
  });
});
