import { expect, it } from 'vitest';
import { banner } from '../../src/serve/banner.ts';
import type { Endpoint } from '../../src/serve/listener.ts';
import type { TlsIdentity } from '../../src/serve/tls-identity.ts';

function serving(...endpoints: Endpoint[]): Parameters<typeof banner>[0] {
  return { directory: '/srv/www', testPagePath: '/', endpoints };
}

const identity: TlsIdentity = { cert: '', key: '', fingerprint: 'AB:CD', selfSigned: true };

it('A2 prints every URL that a server answers on, and how to end it', () => {
  expect(banner(serving({ secure: false, authority: 'localhost:8000' }), undefined, {})).toBe(
    `meerkat serves /srv/www
  test page and files  http://localhost:8000/
  WebSocket echo       ws://localhost:8000/websocket
  REST                 http://localhost:8000/rest
Ctrl-C ends it.
`,
  );
});

it('B5 says https and wss where TLS is spoken, and the fingerprint of the certificate', () => {
  const text = banner(
    serving({ secure: false, authority: 'localhost:80' }, { secure: true, authority: '[::1]:443' }),
    identity,
    {},
  );
  expect(text).toContain('http://localhost:80/\n');
  expect(text).toContain('ws://localhost:80/websocket\n');
  expect(text).toContain('https://[::1]:443/\n');
  expect(text).toContain('wss://[::1]:443/websocket\n');
  expect(text).toContain('https://[::1]:443/rest\n');
  expect(text).toMatch(/SHA-256 AB:CD, made for this run: .*do not trust it\n/);
});

it('does not call a certificate of the user one that nobody trusts', () => {
  const text = banner(
    serving({ secure: true, authority: 'a.test:443' }),
    { ...identity, selfSigned: false },
    {},
  );
  expect(text).toMatch(/SHA-256 AB:CD\n/);
});

it('tells how a unix socket is reached', () => {
  const text = banner(
    serving({ secure: false, path: '/run/s' }, { secure: true, path: '/run/t' }),
    undefined,
    {},
  );
  expect(text).toMatch(
    /unix socket +\/run\/s\n.* ws:\/\/localhost\/websocket, with meerkat connect --unix \/run\/s\n/,
  );
  expect(text).toMatch(/unix socket +\/run\/t \(TLS\)\n.* wss:\/\/localhost\/websocket/);
});

it('tells where the test page is when the directory has a page of its own', () => {
  const here = serving({ secure: false, authority: 'localhost:8000' });
  const text = banner({ ...here, testPagePath: '/test.html' }, undefined, {});
  expect(text).toMatch(/^ {2}files +http:\/\/localhost:8000\/$/m);
  expect(text).toMatch(/^ {2}test page +http:\/\/localhost:8000\/test\.html$/m);
});

it('shows the control characters of a name, and does not send them', () => {
  const text = banner({ ...serving(), directory: '/srv/\x1b[31m\u202e' }, undefined, {});
  expect(text).toContain('/srv/\\x1b[31m\\u202e\n');
});

it('A9 says that messages are compressed', () => {
  const here = serving({ secure: false, authority: 'localhost:8000' });
  expect(banner(here, undefined, { compression: true })).toMatch(
    /^ {2}compression {10}for clients that offer permessage-deflate$/m,
  );
  expect(banner(here, undefined, {})).not.toContain('compression');
});

it('promises an echo only where there is one', () => {
  const here = serving({ secure: false, authority: 'localhost:8000' });
  const manned = banner(here, undefined, { console: true });
  expect(manned).toMatch(/^ {2}WebSocket +ws:\/\/localhost:8000\/websocket$/m);
  expect(manned).toMatch(/\/help .*\/quit ends it\.\n$/);
  expect(banner(here, undefined, { console: true, echo: true })).toContain('WebSocket echo');
});
