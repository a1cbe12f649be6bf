import { UsageError } from 'meerkat';
import { describe, expect, it } from 'vitest';
import {
  exchange,
  refused,
  SAMPLE_ACCEPT,
  upgraded,
  upgradeRequest,
} from '../support/handshake.ts';
import { parseResponse } from '../support/http-response.ts';
import { observe } from '../support/observed.ts';
import { serve } from '../support/serving.ts';

describe('the answer', () => {
  it('H1 the key of RFC 6455 §1.3 is answered with its Accept', async () => {
    const site = await serve();
    const { response } = await upgraded(site.port);
    observe(`101 with Sec-WebSocket-Accept: ${response.header('sec-websocket-accept')}`);
    expect(response.header('sec-websocket-accept')).toBe(SAMPLE_ACCEPT);
    expect(response.header('upgrade')).toBe('websocket');
    expect(response.header('connection')).toBe('Upgrade');
    expect(response.header('sec-websocket-protocol')).toBeUndefined();
    expect(response.header('sec-websocket-extensions')).toBeUndefined();
  });

  it.each([
    ['aijc515qfzyVZxdEyv1cDw==', 'MuGQ/SKV5Xm4wvNLi4qUhRw7lkc='],
    ['x3JJHMbDL1EzLkh9GBhXDw==', 'HSmrc0sMlYUkAGmm5OPpG2HaGWk='],
  ])('answers the founding documents’ key %s', async (key, accept) => {
    const site = await serve();
    const { response } = await upgraded(site.port, { headers: { 'Sec-WebSocket-Key': key } });
    expect(response.header('sec-websocket-accept')).toBe(accept);
  });
});

describe('Host (RFC 9112 §3.2)', () => {
  it.each([
    ['missing', undefined],
    ['empty', ''],
    ['there twice', ['127.0.0.1', '127.0.0.1']],
    ['two hosts', 'a, b'],
    ['a URL', 'http://127.0.0.1'],
    ['with a port out of range', '127.0.0.1:99999'],
    ['with a bad IPv6 address', '[::1'],
  ])('H4 a Host that is %s is answered 400', async (_title, Host) => {
    const site = await serve();
    expect((await refused(site, { headers: { Host } })).status).toBe(400);
  });
});

describe('Sec-WebSocket-Key (RFC 6455 §4.1)', () => {
  it.each([
    ['that is missing', undefined],
    ['that is empty', ''],
    ['of 3 octets', 'AAAA'],
    ['without padding', 'dGhlIHNhbXBsZSBub25jZQ'],
    ['in a wrong alphabet', '!!..=='],
    ['of 22 wrong characters', `${'!'.repeat(22)}==`],
    ['of 17 octets', 'dGhlIHNhbXBsZSBub25jZWE='],
    ['that is there twice', ['dGhlIHNhbXBsZSBub25jZQ==', 'dGhlIHNhbXBsZSBub25jZQ==']],
  ])('H5 a key %s is answered 400', async (_title, key) => {
    const site = await serve();
    expect((await refused(site, { headers: { 'Sec-WebSocket-Key': key } })).status).toBe(400);
  });

  it('H5 a key with other bits in its padding is accepted', async () => {
    const site = await serve();
    await upgraded(site.port, { headers: { 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZR==' } });
  });
});

describe('Sec-WebSocket-Version (RFC 6455 §4.4)', () => {
  it.each([
    [undefined],
    [''],
    ['0'],
    ['7'],
    ['8'],
    ['12'],
    ['99'],
    ['13, 8'],
    ['013'],
    ['13.0'],
    ['1.3e1'],
    ['0x0d'],
    [['13', '13']],
  ])('H6 version %j is answered 426 with the one that is spoken', async (version) => {
    const site = await serve();
    const response = await refused(site, { headers: { 'Sec-WebSocket-Version': version } });
    expect(response.status).toBe(426);
    expect(response.header('sec-websocket-version')).toBe('13');
    expect(response.header('upgrade')).toBe('websocket');
    // "A sender of Upgrade MUST also send an "Upgrade" connection option" (RFC 9110 §7.8)
    expect(response.header('connection')).toBe('close, Upgrade');
  });

  it('H6 blanks around 13 are accepted', async () => {
    const site = await serve();
    await upgraded(site.port, { headers: { 'Sec-WebSocket-Version': ' \t13\t ' } });
  });
});

describe('Connection (RFC 9110 §7.6.1)', () => {
  it.each([['keep-alive, Upgrade'], ['upgrade'], [['keep-alive', 'Upgrade']], [',,Upgrade,']])(
    'H7 Connection %j is upgraded',
    async (Connection) => {
      const site = await serve();
      await upgraded(site.port, { headers: { Connection } });
    },
  );

  it.each([['close'], [undefined], ['Upgradex']])(
    'H7 Connection %j is an ordinary request',
    async (Connection) => {
      const site = await serve(
        {},
        {
          request: (_request, response) => {
            response.setHeader('Connection', 'close');
            response.end('ordinary');
          },
        },
      );
      const text = await exchange(site.port, upgradeRequest({ headers: { Connection } }));
      expect(parseResponse(text)).toMatchObject({ status: 200, body: 'ordinary' });
      expect(site.opened).toEqual([]);
    },
  );
});

describe('Upgrade (RFC 9110 §7.8)', () => {
  it('H8 WebSocket in any case is upgraded', async () => {
    const site = await serve();
    await upgraded(site.port, { headers: { Upgrade: 'WebSocket' } });
  });

  it.each([['websocket/13'], [['websocket', 'websocket']], ['h2c, websocket']])(
    'H8 Upgrade %j is answered 400',
    async (Upgrade) => {
      const site = await serve();
      expect((await refused(site, { headers: { Upgrade } })).status).toBe(400);
    },
  );

  it('H8 h2c is ignored: the request is answered over HTTP/1.1', async () => {
    const site = await serve();
    const headers = { Upgrade: 'h2c', Connection: 'Upgrade, HTTP2-Settings', 'HTTP2-Settings': '' };
    const text = await exchange(site.port, upgradeRequest({ target: '/page', headers }));
    const response = parseResponse(text);
    expect(response).toMatchObject({ version: '1.1', status: 200, body: '/page' });
    expect(site.requests).toEqual(['/page']);
  });

  it('H8 a long answer to a request with h2c is complete', async () => {
    const body = 'b'.repeat(3_000_000);
    const site = await serve({}, { request: (_request, response) => void response.end(body) });
    const headers = { Upgrade: 'h2c', Connection: 'Upgrade' };
    const response = parseResponse(await exchange(site.port, upgradeRequest({ headers })));
    expect(response.body.length).toBe(body.length);
    expect(response.header('connection')).toBe('close');
  });

  it('H8 h2c with a body is answered 400', async () => {
    const site = await serve();
    const headers = { Upgrade: 'h2c', 'Content-Length': '5' };
    expect((await refused(site, `${upgradeRequest({ headers })}hello`)).status).toBe(400);
  });

  it('H8 h2c in front of a pipelined request is answered 400', async () => {
    const site = await serve();
    const headers = { Upgrade: 'h2c' };
    const next = 'GET /next HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n';
    expect((await refused(site, upgradeRequest({ headers }) + next)).status).toBe(400);
  });
});

describe('Sec-WebSocket-Protocol (RFC 6455 §4.1)', () => {
  it.each([[''], ['a,'], [',a'], ['a;b'], ['a b'], ['a, a'], [['a', 'a']]])(
    'H9 subprotocols %j are answered 400',
    async (offered) => {
      const site = await serve({ subprotocols: ['a'] });
      const headers = { 'Sec-WebSocket-Protocol': offered };
      expect((await refused(site, { headers })).status).toBe(400);
    },
  );

  it('H9 15,000 blanks inside a subprotocol are answered 400, in one pass', async () => {
    const site = await serve({ subprotocols: ['b'] });
    const headers = { 'Sec-WebSocket-Protocol': `b${' '.repeat(15_000)}x` };
    // Quadratic work would take these past the test's time limit.
    const answers = Array.from({ length: 100 }, () => refused(site, { headers }));
    for (const response of await Promise.all(answers)) expect(response.status).toBe(400);
  });

  it('H9 __proto__ is a plain string', async () => {
    const site = await serve({ subprotocols: ['__proto__'] });
    const { response } = await upgraded(site.port, {
      headers: { 'Sec-WebSocket-Protocol': '__proto__' },
    });
    expect(response.header('sec-websocket-protocol')).toBe('__proto__');
    expect(site.opened[0]?.protocol).toBe('__proto__');
  });

  it('H9 __proto__ is not taken for one that the server speaks', async () => {
    const site = await serve({ subprotocols: ['chat'] });
    const { response } = await upgraded(site.port, {
      headers: { 'Sec-WebSocket-Protocol': '__proto__, constructor' },
    });
    expect(response.header('sec-websocket-protocol')).toBeUndefined();
  });

  it.each([['superchat'], ['chat\r\nSet-Cookie: a=b']])(
    'H10 the hook picks %j, which was not offered: 500, nothing of it on the wire, reported',
    async (subprotocol) => {
      const site = await serve({ upgrade: () => ({ subprotocol }) });
      const response = await refused(site, { headers: { 'Sec-WebSocket-Protocol': 'chat' } });
      expect(response.status).toBe(500);
      expect(JSON.stringify([response.headers, response.body])).not.toMatch(
        /superchat|Set-Cookie/i,
      );
      expect(site.errors).toEqual([
        expect.objectContaining({ name: 'UsageError', code: 'MEERKAT_HANDSHAKE_VALUE' }),
      ]);
      expect(site.errors[0]).toBeInstanceOf(UsageError);
    },
  );
});

describe('Sec-WebSocket-Extensions (RFC 6455 §9.1)', () => {
  it.each([[';;;'], [''], ['foo;'], ['foo; bar='], ['foo; bar="a b"'], ['foo,'], ['foo; bar="a']])(
    'H11 extensions %j are answered 400',
    async (offered) => {
      const site = await serve();
      const headers = { 'Sec-WebSocket-Extensions': offered };
      expect((await refused(site, { headers })).status).toBe(400);
    },
  );

  it.each([
    ['an unknown one', 'foo; bar=1'],
    ['500 of them', Array.from({ length: 500 }, (_, at) => `x-${at}; a=1; b`).join(', ')],
    ['names of Object.prototype', '__proto__; constructor=1'],
  ])('H11 %s is upgraded without it', async (_title, offered) => {
    const site = await serve();
    const before = Object.getOwnPropertyNames(Object.prototype);
    const { response } = await upgraded(site.port, {
      headers: { 'Sec-WebSocket-Extensions': offered },
    });
    expect(response.header('sec-websocket-extensions')).toBeUndefined();
    expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(before);
  });

  it('H11 a run of separators is answered 400, in one pass', async () => {
    const site = await serve();
    const headers = { 'Sec-WebSocket-Extensions': `a${'; b'.repeat(5_000)};` };
    const answers = Array.from({ length: 100 }, () => refused(site, { headers }));
    for (const response of await Promise.all(answers)) expect(response.status).toBe(400);
  });
});

describe('Origin (RFC 6455 §10.2)', () => {
  it.each([
    ['http://evil.example'],
    ['null'],
    ['http://[::1'],
    ['%%'],
    [''],
    ['http://127.0.0.1.evil.example'],
    ['http://127.0.0.1:81'],
    ['http://user@127.0.0.1'],
    [['http://127.0.0.1', 'http://127.0.0.1']],
  ])('H22 Origin %j is answered 403', async (Origin) => {
    const site = await serve();
    const response = await refused(site, { headers: { Origin } });
    expect(response.status).toBe(403);
    expect(site.errors).toEqual([]);
  });

  it('H22 the body of a 403 names Origin, Host and the option', async () => {
    const site = await serve();
    const { body } = await refused(site, { headers: { Origin: 'http://evil.example' } });
    observe(`403 + FIN, ${body.trim()}`);
    expect(body).toContain('http://evil.example');
    expect(body).toContain('127.0.0.1');
    expect(body).toContain('origins');
  });

  it.each([
    [undefined, '127.0.0.1'],
    ['http://127.0.0.1', '127.0.0.1'],
    ['http://127.0.0.1', '127.0.0.1:80'],
    ['http://127.0.0.1:8000', '127.0.0.1:8000'],
    ['https://Example.COM', 'example.com'],
    ['https://example.com', 'example.com:443'],
    // The port is filled in by the Origin's scheme: a proxy may have ended the TLS.
    ['https://example.com', 'example.com'],
    ['http://[::1]:8000', '[::1]:8000'],
  ])('H22 Origin %j is accepted for Host %s', async (Origin, Host) => {
    const site = await serve();
    await upgraded(site.port, { headers: { Origin, Host } });
  });

  it('H22 an absent Origin is answered 403 where one is required', async () => {
    const site = await serve({ requireOrigin: true });
    expect((await refused(site, {})).status).toBe(403);
    await upgraded(site.port, { headers: { Origin: 'http://127.0.0.1' } });
  });
});
