import { describe, expect, it } from 'vitest';
import { exchange, refused, upgraded, upgradeRequest } from '../support/handshake.ts';
import { parseResponse } from '../support/http-response.ts';
import { control } from '../support/observed.ts';
import { serve } from '../support/serving.ts';

describe('the method (RFC 6455 §4.2.1)', () => {
  it.each([
    ['POST', '/chat'],
    ['PUT', '/chat'],
    ['DELETE', '/chat'],
    ['OPTIONS', '/chat'],
    ['OPTIONS', '*'],
  ])('H2 %s %s with Upgrade is answered 405 with Allow: GET', async (method, target) => {
    const site = await serve();
    const response = await refused(site, { method, target });
    expect(response.status).toBe(405);
    expect(response.header('allow')).toBe('GET');
  });

  it('H2 a method is refused on a path that nobody attached as well', async () => {
    const site = await serve();
    expect((await refused(site, { method: 'POST', target: '/elsewhere' })).status).toBe(405);
  });
});

describe('the HTTP version (RFC 6455 §4.2.1)', () => {
  it.each([
    ['HTTP/1.0', 'HTTP/1.0'],
    ['HTTP/2.0', 'HTTP/2.0'],
    ['HTTP/0.9, which is none at all', ''],
  ])('H3 a request line with %s is answered 505', async (_title, version) => {
    const site = await serve();
    expect((await refused(site, { version })).status).toBe(505);
  });

  it('H3 HTTP/1.2 is answered 400 by the parser', async () => {
    const site = await serve();
    expect((await refused(site, { version: 'HTTP/1.2' })).status).toBe(400);
  });
});

describe('the sizes', () => {
  it('H14 a header block of more than 16 KiB is answered 431', async () => {
    const site = await serve();
    const response = await refused(site, { headers: { 'X-Filler': 'a'.repeat(16_500) } });
    expect(response.status).toBe(431);
  });

  it('H14 a target of more than 8 KiB is answered 414', async () => {
    const site = await serve();
    const target = `/chat?${'a'.repeat(8_187)}`;
    expect(target.length).toBe(8_193);
    expect((await refused(site, { target })).status).toBe(414);
  });

  it('H14 a target of exactly 8 KiB is accepted', async () => {
    const site = await serve();
    await control(() => upgraded(site.port, { target: `/chat?${'a'.repeat(8_186)}` }));
  });

  it('H14 a target that exceeds the limit of the block too is answered 431', async () => {
    const site = await serve();
    const response = await refused(site, { target: `/${'a'.repeat(16_500)}` });
    expect(response.status).toBe(431);
  });

  it('H15 128 header lines are accepted', async () => {
    const site = await serve();
    const headers = { 'X-Filler': Array<string>(123).fill('a') };
    await control(() => upgraded(site.port, { headers }));
  });

  it.each([124, 1_100, 2_200])(
    'H15 %i lines more than the proper ones are answered 431',
    async (count) => {
      const site = await serve();
      const response = await refused(site, {
        headers: { x: Array<string>(count).fill('a') },
      });
      expect(response.status).toBe(431);
    },
  );

  it.each([124, 1_100, 2_200])(
    'H15 %i lines in front of Upgrade are answered 431, where Node drops fields silently',
    async (count) => {
      const site = await serve();
      const headers = {
        Upgrade: undefined,
        x: Array<string>(count).fill('a'),
        upgrade: 'websocket',
      };
      expect((await refused(site, { headers })).status).toBe(431);
    },
  );

  it('H15 more lines than a lower limit of the HTTP server are answered 431', async () => {
    const site = await serve();
    site.server.maxHeadersCount = 20;
    const headers = { x: Array<string>(60).fill('a'), 'Transfer-Encoding': 'chunked' };
    expect((await refused(site, { headers })).status).toBe(431);
  });
});

describe('the target (RFC 9112 §3.2)', () => {
  it.each([
    ['the same authority', 'http://127.0.0.1/chat', '127.0.0.1', '/chat'],
    ['the same authority in other case', 'HTTP://LocalHost/chat?a=1', 'localhost', '/chat?a=1'],
    ['the default port spelt out', 'ws://localhost:80/chat', 'localhost', '/chat'],
  ])('H23 absolute form with %s is upgraded on its path', async (_title, target, host, url) => {
    const site = await serve();
    await upgraded(site.port, { target, headers: { Host: host } });
    expect(site.opened.map((connection) => connection.url)).toEqual([url]);
  });

  it.each([
    ['another host', 'http://evil.example/chat'],
    ['another port', 'http://127.0.0.1:1/chat'],
    ['user information', 'http://127.0.0.1@evil.example/chat'],
    ['a scheme of its own', 'file://127.0.0.1/chat'],
    ['no host', 'http:///chat'],
  ])('H23 absolute form with %s is answered 400', async (_title, target) => {
    const site = await serve();
    expect((await refused(site, { target })).status).toBe(400);
  });

  it('H23 //evil/x is a path, and the host stays that of the field', async () => {
    const hosts: string[] = [];
    const site = await serve(
      {
        open: (_connection, request) => {
          hosts.push(request.host);
        },
      },
      { path: '//evil/x' },
    );
    await upgraded(site.port, { target: '//evil/x' });
    expect(site.opened[0]?.url).toBe('//evil/x');
    expect(hosts).toEqual(['127.0.0.1']);
  });

  it('H23 //evil/x that nobody attached is answered 404', async () => {
    const site = await serve();
    expect((await refused(site, { target: '//evil/x' })).status).toBe(404);
  });
});

describe('the octets of the head (RFC 9112 §2.2, §5)', () => {
  it.each([
    ['a folded line', upgradeRequest({ headers: { 'X-Folded': 'a\r\n b' } })],
    ['a blank before the colon', upgradeRequest({ headers: { 'X-Blank ': 'a' } })],
    ['NUL', upgradeRequest({ headers: { 'X-Nul': 'a\0b' } })],
    ['a bare CR', upgradeRequest({ headers: { 'X-Cr': 'a\rb' } })],
    ['a bare LF', upgradeRequest({ headers: { 'X-Lf': 'a\nX-More: b' } })],
    ['bare LF everywhere', upgradeRequest().replaceAll('\r\n', '\n')],
    ['raw UTF-8 in the target', upgradeRequest({ target: '/ch\xc3\xa4t' })],
    ['a blank in the target', upgradeRequest({ target: '/ch at' })],
  ])('H24 %s is answered 400', async (_title, octets) => {
    const site = await serve();
    expect((await refused(site, octets)).status).toBe(400);
  });

  it.each([
    ['CR LF in front', `\r\n${upgradeRequest()}`],
    ['octets 80 to ff in a value', upgradeRequest({ headers: { 'X-Latin': '\x80\xe4\xff' } })],
    ['# in the target', upgradeRequest({ target: '/chat#top' })],
  ])('H24 %s is accepted', async (_title, octets) => {
    const site = await serve();
    await upgraded(site.port, octets);
    expect(site.opened.map((connection) => connection.url)).toEqual(['/chat']);
  });
});

describe('an ordinary request', () => {
  it('stays the user’s', async () => {
    const site = await serve();
    const text = await exchange(
      site.port,
      'GET /page HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n',
    );
    expect(parseResponse(text)).toMatchObject({ status: 200, body: '/page' });
  });
});
