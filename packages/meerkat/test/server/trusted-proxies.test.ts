import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { BlockList } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import {
  type Connection,
  type ConnectOptions,
  connect,
  WebSocketServer,
  type WebSocketServerOptions,
} from 'meerkat';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { TrustedProxies } from '../../src/server/trusted-proxies.ts';
import { dial, failure } from '../support/dialling.ts';
import { expectNothingUnhandled } from '../support/failures.ts';
import { upgraded } from '../support/handshake.ts';
import { serve } from '../support/serving.ts';
import { until } from '../support/waiting.ts';

beforeEach(expectNothingUnhandled);

type TrustProxy = WebSocketServerOptions['trustProxy'];

/** The client's address of a request from `peer` with these lines of X-Forwarded-For. */
function client(trustProxy: TrustProxy, peer: string | undefined, ...lines: string[]) {
  const sender = { remoteAddress: peer, localAddress: peer };
  const raw = lines.flatMap((line) => ['x-forwarded-For', line]);
  return new TrustedProxies(trustProxy).clientAddress({
    ...sender,
    rawHeaders: ['Host', 'a', ...raw],
  });
}

const PROXY = '10.0.0.1';

describe('the address of a client', () => {
  it('is the peer’s where no proxy is trusted, whatever X-Forwarded-For says', () => {
    expect(client(undefined, PROXY, '203.0.113.9')).toBe(PROXY);
    expect(client([], PROXY, '203.0.113.9')).toBe(PROXY);
    expect(client(['10.0.0.2'], PROXY, '203.0.113.9')).toBe(PROXY);
    expect(client(['unix'], '127.0.0.1', '203.0.113.9')).toBe('127.0.0.1');
  });

  it.each([
    ['the one entry', ['203.0.113.9'], '203.0.113.9'],
    [
      'the last entry: the client may have written the others',
      ['1.1.1.1, 203.0.113.9'],
      '203.0.113.9',
    ],
    ['the last that is no proxy', ['1.1.1.1, 203.0.113.9, 10.0.0.7, 10.9.9.9'], '203.0.113.9'],
    ['out of all lines, as one list', ['1.1.1.1', '203.0.113.9', '10.0.0.7'], '203.0.113.9'],
    ['the first entry where all are proxies', ['10.0.0.9, 10.0.0.8'], '10.0.0.9'],
    ['the peer’s without the field', [], PROXY],
    ['the peer’s where the field is empty', [''], PROXY],
    ['without its port', ['203.0.113.9:5678'], '203.0.113.9'],
    ['without brackets', ['[2001:db8::9]'], '2001:db8::9'],
    ['without brackets and port', ['[2001:db8::9]:80'], '2001:db8::9'],
    ['in one spelling', ['2001:0DB8:0:0::0009'], '2001:db8::9'],
    ['of IPv4 as such', ['::ffff:203.0.113.9'], '203.0.113.9'],
    ['of IPv4 in hexadecimal as such', ['::FFFF:cb00:7109'], '203.0.113.9'],
    ['whatever the blanks', [' \t203.0.113.9\t '], '203.0.113.9'],
  ])('behind a trusted proxy is %s', (_which, lines, address) => {
    expect(client(['10.0.0.0/8'], PROXY, ...lines)).toBe(address);
  });

  it.each([
    'unknown',
    '_hidden',
    '',
    'localhost',
    '203.0.113',
    '203.0.113.256',
    '203.0.113.09',
    '203.0.113.9:',
    '203.0.113.9:http',
    '203.0.113.9:123456',
    '203.0.113.9 ',
    '2001:db8::9:80:1:2:3:4:5',
    '[2001:db8::9',
    '[2001:db8::9]x',
    '[203.0.113.9]',
    '[]',
    'fe80::1%eth0',
    '::1%<script>',
    '[fe80::1%eth0]:80',
    '"203.0.113.9"',
    'for=203.0.113.9',
    '203.0.113.9/32',
    '203.0.113.9\u0000',
    `${'0'.repeat(60)}:203.0.113.9`,
  ])('ends before the entry %j, which is no address', (entry) => {
    expect(client(['10.0.0.0/8'], PROXY, `203.0.113.1, x${entry}`)).toBe(PROXY);
    expect(client(['10.0.0.0/8'], PROXY, `203.0.113.1, ${entry}, 10.0.0.7`)).toBe(
      entry === '203.0.113.9 ' ? '203.0.113.9' : '10.0.0.7', // only blanks
    );
  });

  it.each<[TrustProxy, string | undefined, boolean]>([
    [['127.0.0.1'], '127.0.0.1', true],
    [['127.0.0.1'], '127.0.0.2', false],
    [['127.0.0.1'], '::ffff:127.0.0.1', true],
    [['::ffff:127.0.0.1'], '127.0.0.1', true],
    [['loopback'], '127.255.255.254', true],
    [['loopback'], '128.0.0.1', false],
    [['loopback'], '::1', true],
    [['loopback'], '::2', false],
    [['loopback'], '::ffff:127.0.0.1', true],
    [['loopback'], undefined, false],
    [['unix'], undefined, true],
    [['loopback', 'unix'], undefined, true],
    [['192.0.2.0/24'], '192.0.2.255', true],
    [['192.0.2.0/24'], '192.0.3.0', false],
    [['192.0.2.1/32'], '192.0.2.1', true],
    [['192.0.2.1/32'], '192.0.2.0', false],
    [['0.0.0.0/0'], '203.0.113.250', true],
    [['2001:db8::/32'], '2001:db8:ffff::1', true],
    [['2001:db8::/32'], '2001:db9::', false],
    [['2001:db8::/33'], '2001:db8:8000::', false],
    [['2001:DB8::1'], '2001:db8:0::1', true],
    [['fe80::/10'], 'fe80::1%eth0', true],
    [['192.0.2.1', '198.51.100.0/24'], '198.51.100.7', true],
    [['192.0.2.0/24'], '2001:db8::1', false],
    [(address) => address === '192.0.2.1', '192.0.2.1', true],
    [(address) => address === '192.0.2.1', '::ffff:192.0.2.1', true],
    [(address) => address === 'fe80::1', 'fe80::1%eth0', true],
    [(address) => address === undefined, undefined, true],
    [() => 1 as unknown as boolean, '192.0.2.1', false],
    [(async () => false) as unknown as () => boolean, '192.0.2.1', false],
  ])('with trustProxy %o is %s’s to say: %s', (trustProxy, peer, trusted) => {
    expect(client(trustProxy, peer, '203.0.113.9')).toBe(trusted ? '203.0.113.9' : peer);
  });

  it('is asked of a function for the peer, then for each entry from the end', () => {
    const asked: (string | undefined)[] = [];
    const trust = (address: string | undefined): boolean => {
      asked.push(address);
      return address !== '203.0.113.9';
    };
    expect(client(trust, undefined, '1.1.1.1, 203.0.113.9, [::ffff:10.0.0.1]:80')).toBe(
      '203.0.113.9',
    );
    expect(asked).toEqual([undefined, '10.0.0.1', '203.0.113.9']);
  });

  it('is nobody’s once a TCP peer is gone: it does not pass for a unix socket', () => {
    const proxies = new TrustedProxies(['unix']);
    const gone = { remoteAddress: undefined, localAddress: '192.0.2.1' };
    expect(
      proxies.clientAddress({ ...gone, rawHeaders: ['X-Forwarded-For', '203.0.113.9'] }),
    ).toBeUndefined();
  });

  it('is found in linear time in the longest field that node:http takes, and beyond', () => {
    const long = (entry: string, octets: number): string => entry.repeat(octets / entry.length);
    const proxies = new TrustedProxies(['loopback', '10.0.0.0/8']);
    for (const entry of ['::1,', '10.0.0.1,', ',', ' ,', 'x,', '[', '[::1]:1,', '1.', '1:', '%']) {
      const milliseconds = (octets: number): number => {
        const before = process.cpuUsage();
        const raw = ['X-Forwarded-For', `${long(entry, octets)}::1`];
        proxies.clientAddress({ remoteAddress: PROXY, localAddress: PROXY, rawHeaders: raw });
        const { user, system } = process.cpuUsage(before);
        return (user + system) / 1_000;
      };
      milliseconds(16_384);
      expect(milliseconds(131_072), entry).toBeLessThan(1_000); // 32,768 entries; quadratic would be minutes
    }
  });

  it('is an address or the peer’s, whatever is in the field', () => {
    const piece = fc.oneof(
      fc.constantFrom('10.0.0.1', '[::1]', '::1', ':80', ',', ' ', '%', '203.0.113.9', '/', '\t'),
      fc.string(),
      fc.ipV4(),
      fc.ipV6(),
    );
    const lines = fc.array(
      fc.array(piece).map((pieces) => pieces.join('')),
      { maxLength: 5 },
    );
    fc.assert(
      fc.property(lines, (given) => {
        const address = client(['10.0.0.0/8', 'loopback'], PROXY, ...given);
        expect(address).toMatch(/^(?:\d+(?:\.\d+){3}|[0-9a-f:]+(?:\d+\.\d+\.\d+\.\d+)?)$/);
      }),
    );
  });
});

describe('the option trustProxy', () => {
  it.each([
    'loopback',
    true,
    1,
    null,
    {},
    new BlockList(),
    [''],
    ['localhost'],
    ['Loopback'],
    ['10.0.0.1', 5],
    [undefined],
    ['10.0.0'],
    ['10.0.0.1:80'],
    ['[::1]'],
    [' 10.0.0.1'],
    ['10.0.0.0/33'],
    ['10.0.0.0/-1'],
    ['10.0.0.0/'],
    ['10.0.0.0/8/8'],
    ['10.0.0.0/8 '],
    ['10.0.0.0/0x8'],
    ['10.0.0.0/255.0.0.0'],
    ['2001:db8::/129'],
    ['fe80::1%eth0'],
    ['fe80::%eth0/10'],
    ['::ffff:10.0.0.0/104'],
    ['192.0.2.77/24'],
    ['2001:db8::1/32'],
  ])('is refused at once: %o', (trustProxy) => {
    expect(() => new WebSocketServer({ trustProxy: trustProxy as TrustProxy })).toThrow(
      expect.objectContaining({ name: 'UsageError', code: 'MEERKAT_OPTION_RANGE' }),
    );
  });
});

describe('what is wrong with an entry of trustProxy', () => {
  const said = (entry: string) => () => new WebSocketServer({ trustProxy: [entry] });

  it('is said in one sentence', () => {
    expect(said('nope')).toThrow(
      /: trustProxy: "nope" is no address, no network such as 10\.0\.0\.0\/8, neither unix nor loopback$/,
    );
  });

  it.each([
    ['10.0.0.1/8', '10.0.0.0/8'],
    ['192.0.2.129/25', '192.0.2.128/25'],
    ['192.0.2.1/31', '192.0.2.0/31'],
    ['203.0.113.9/0', '0.0.0.0/0'],
    ['192.0.2.1/024', '192.0.2.0/24'],
    ['2001:DB8::1/32', '2001:db8::/32'],
    ['2001:db8:8001::/33', '2001:db8:8000::/33'],
    ['2001:db8::192.0.2.1/112', '2001:db8::c000:0/112'],
    ['1:2:3:4:5:6:7:8/65', '1:2:3:4::/65'],
    ['::1/0', '::/0'],
  ])('is, of %s, that the network %s may be meant', (entry, network) => {
    expect(said(entry)).toThrow(`${network} may be meant, or ${entry.split('/')[0]}`);
    expect(said(network)).not.toThrow();
  });

  it('is nothing where the network is all of the address', () => {
    expect(said('10.0.0.1/32')).not.toThrow();
    expect(said('2001:db8::1/128')).not.toThrow();
    expect(said('2001:DB8:0:0::/32')).not.toThrow();
  });
});

describe('a server behind a proxy', () => {
  const via = (forwarded: string): ConnectOptions => ({
    headers: { 'X-Forwarded-For': forwarded },
  });

  it('H27 tells the client’s address, and counts it', async () => {
    const asked: (string | undefined)[] = [];
    const site = await serve({
      trustProxy: ['loopback'],
      maxConnectionsPerAddress: 1,
      upgrade: ({ remoteAddress }) => void asked.push(remoteAddress),
    });
    const { connection } = await dial(site.url, via('203.0.113.9'));
    expect(asked).toEqual(['203.0.113.9']);
    const [first] = site.opened;
    expect([first?.remoteAddress, first?.remotePort]).toEqual(['203.0.113.9', undefined]);
    expect((await failure(connect(site.url, via('1.1.1.1, 203.0.113.9')))).status).toBe(429);
    await dial(site.url, via('203.0.113.10'));
    connection.close();
    await connection.closed;
    await until(() => site.wss.connections.size === 1);
    await dial(site.url, via('203.0.113.9, 127.0.0.9'));
    expect(asked).toHaveLength(3);
  });

  it('H27 counts an IPv6 network of 64 bits as one address', async () => {
    const site = await serve({ trustProxy: ['loopback'], maxConnectionsPerAddress: 1 });
    await dial(site.url, via('2001:db8:1:2::1'));
    expect((await failure(connect(site.url, via('[2001:db8:1:2::9]:443')))).status).toBe(429);
    await dial(site.url, via('2001:db8:1:3::1'));
  });

  it('does not believe who is not its proxy', async () => {
    const site = await serve({ trustProxy: ['10.0.0.0/8', 'unix'], maxConnectionsPerAddress: 1 });
    await dial(site.url, via('203.0.113.9'));
    const [connection] = site.opened;
    expect(connection?.remoteAddress).toBe('127.0.0.1');
    expect(connection?.remotePort).toBeGreaterThan(0);
    expect((await failure(connect(site.url, via('203.0.113.10')))).status).toBe(429);
  });

  it('believes a proxy that comes through a unix socket', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'meerkat-'));
    const server = createServer();
    const opened: Connection<undefined>[] = [];
    const wss = new WebSocketServer({
      trustProxy: ['unix'],
      maxConnectionsPerAddress: 1,
      open: (connection) => void opened.push(connection),
    }).attach(server);
    const socketPath = join(folder, 's');
    await new Promise<void>((resolve) => {
      server.listen(socketPath, resolve);
    });
    onTestFinished(async () => {
      await wss.close();
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true });
    });
    const url = 'ws://localhost/';
    await dial(url, { socketPath, ...via('203.0.113.9') });
    expect(opened[0]?.remoteAddress).toBe('203.0.113.9');
    const again = failure(connect(url, { socketPath, ...via('203.0.113.9') }));
    expect((await again).status).toBe(429);
    await dial(url, { socketPath });
    expect(opened[1]?.remoteAddress).toBeUndefined();
  });

  it('takes 16 KiB of entries, on many lines', async () => {
    const site = await serve({ trustProxy: ['loopback'] });
    const lines = Array.from({ length: 85 }, () => '::1,'.repeat(40).slice(0, -1));
    await upgraded(site.port, { headers: { 'X-Forwarded-For': ['203.0.113.9', ...lines] } });
    await until(() => site.opened.length === 1);
    expect(site.opened[0]?.remoteAddress).toBe('203.0.113.9');
  });

  it('H26 answers 500 when the function throws, reports it once, and goes on', async () => {
    let fail = true;
    const site = await serve({
      maxConnections: 1,
      trustProxy: () => {
        if (fail) throw new Error('in trustProxy');
        return true;
      },
    });
    expect((await failure(connect(site.url))).status).toBe(500);
    expect(site.errors).toEqual([new Error('in trustProxy')]);
    fail = false;
    await dial(site.url, via('203.0.113.9'));
    expect(site.opened[0]?.remoteAddress).toBe('203.0.113.9');
  });
});

describe('the handler `refused`', () => {
  it.each([
    ['the client’s address', ['loopback'], '203.0.113.9'],
    ['the peer’s, where nobody is trusted', undefined, '127.0.0.1'],
  ] as const)('hears %s', async (_what, trustProxy, address) => {
    const heard: unknown[] = [];
    const site = await serve({
      trustProxy,
      upgrade: () => ({ refuse: 403 }),
      refused: (_refusal, _incoming, remoteAddress) => void heard.push(remoteAddress),
    });
    await failure(connect(site.url, { headers: { 'X-Forwarded-For': '203.0.113.9' } }));
    expect(heard).toEqual([address]);
  });

  it('hears the peer’s where the function that decides fails', async () => {
    const heard: unknown[] = [];
    const site = await serve({
      trustProxy: () => {
        throw new Error('mine');
      },
      error: () => {},
      refused: ({ status }, _incoming, remoteAddress) => void heard.push(status, remoteAddress),
    });
    await failure(connect(site.url));
    expect(heard).toEqual([500, '127.0.0.1']);
  });
});
