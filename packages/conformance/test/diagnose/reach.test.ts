// The way to the server: URL, name, TCP, TLS.
import type { Socket } from 'node:net';
import { createServer } from 'node:net';
import type { TlsOptions } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { selfSigned } from '../../../../test/support/certificate.ts';
import { diagnose } from '../../src/diagnose/diagnose.ts';
import type { DiagnoseOptions, Diagnosis, Step } from '../../src/diagnose/diagnosis.ts';
import { listen, rawServer, rawTlsServer, sloppyServer, talk } from './sloppy-server.ts';

const TIMEOUT_MS = 400;

function look(url: string, more: Partial<DiagnoseOptions> = {}): Promise<Diagnosis> {
  return diagnose({ url, timeoutMs: TIMEOUT_MS, ...more });
}

/** What is not ok, as `name: fault outcome`. */
function matters({ steps }: Diagnosis): string[] {
  return steps
    .filter(({ outcome }) => outcome === 'wrong' || outcome === 'warning')
    .map(({ name, fault = 'no fault', outcome }) => `${name}: ${fault} ${outcome}`);
}

function step({ steps }: Diagnosis, name: Step['name']): Step | undefined {
  return steps.find((one) => one.name === name);
}

const echo = (socket: Socket): void => talk(socket, {}, () => {});

describe.concurrent('the URL', () => {
  it.each([
    ['another scheme', 'ftp://127.0.0.1/', 'url-invalid'],
    ['a blank', 'ws://127.0.0.1:1/a b', 'url-invalid'],
    ['no host', 'ws://', 'url-invalid'],
    ['a port that is none', 'ws://127.0.0.1:99999/', 'url-invalid'],
  ])('with %s leads nowhere', async (_what, url, fault) => {
    const diagnosis = await look(url);
    expect(matters(diagnosis)).toEqual([`URL: ${fault} wrong`]);
    expect(diagnosis.steps).toHaveLength(1);
    expect(diagnosis.verdict).toBe('does not work');
  });

  it('with http:// is taken for ws://, with a warning', async () => {
    const url = await sloppyServer();
    const diagnosis = await look(url.replace('ws:', 'http:'));
    expect(matters(diagnosis)).toEqual(['URL: url-scheme warning']);
    expect(diagnosis).toMatchObject({ verdict: 'works', url });
  });

  it('with a fragment is refused by browsers, whatever the server says', async () => {
    const diagnosis = await look(`${await sloppyServer()}#top`);
    expect(matters(diagnosis)).toEqual(['URL: url-fragment wrong']);
    expect(diagnosis.verdict).toBe('does not work');
    expect(diagnosis.conclusion).toContain('Leave out');
  });

  it('without a port is the port of its scheme, which is rarely meant at home', async () => {
    const diagnosis = await look('ws://localhost/', { lookup: async () => [], timeoutMs: 50 });
    expect(matters(diagnosis)).toEqual(['URL: url-no-port warning', 'name: name-unknown wrong']);
  });

  it('with a user name that is no percent-encoding is taken as it is', async () => {
    const url = (await sloppyServer()).replace('ws://', 'ws://%zz@');
    expect((await look(url)).verdict).toBe('works');
  });

  it('is shown without user name, password and query, and so is the path', async () => {
    const url = (await sloppyServer()).replace('ws://', 'ws://eve:pass@');
    const diagnosis = await look(`${url}?token=secret`);
    expect(diagnosis.verdict).toBe('works');
    expect(JSON.stringify(diagnosis)).not.toMatch(/secret|pass|eve/);
  });
});

describe.concurrent('the name', () => {
  it('that nobody knows', async () => {
    const lookup = () => Promise.reject(Object.assign(new Error('no'), { code: 'ENOTFOUND' }));
    expect(matters(await look('ws://nobody.test:1/', { lookup }))).toEqual([
      'name: name-unknown wrong',
    ]);
  });

  it('that nobody looks up in time', async () => {
    const lookup = () => new Promise<never>(() => {});
    const diagnosis = await look('ws://slow.test:1/', { lookup, timeoutMs: 50 });
    expect(matters(diagnosis)).toEqual(['name: name-failed wrong']);
  });

  it('with several addresses: all are tried, and it is said which one answers', async () => {
    const port = new URL(await sloppyServer()).port;
    const diagnosis = await look(`ws://two.test:${port}/`, {
      lookup: async () => ['127.0.0.2', '127.0.0.1'],
    });
    expect(matters(diagnosis)).toEqual(['TCP: refused warning']);
    expect(step(diagnosis, 'TCP')?.means).toContain('listens on 127.0.0.1 and not on 127.0.0.2');
    expect(diagnosis.verdict).toBe('works');
  });

  it('localhost that is another address here: the one that answers is found', async () => {
    const port = new URL(await sloppyServer()).port;
    const diagnosis = await look(`ws://localhost:${port}/`, { lookup: async () => ['127.0.0.2'] });
    expect(matters(diagnosis)).toEqual(['TCP: refused warning', 'TCP: no fault warning']);
    expect(diagnosis.verdict).toBe('works');
  });
});

it.concurrent('TCP that is refused', async () => {
  const server = createServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  const diagnosis = await look(`ws://127.0.0.1:${port}/`);
  expect(matters(diagnosis)).toEqual(['TCP: refused wrong']);
  expect(diagnosis.conclusion).toContain('refused');
});

describe.concurrent('TLS', () => {
  const good = selfSigned();
  const served = (options: TlsOptions, host?: string): Promise<string> =>
    rawTlsServer(options, echo, host);

  it('with a certificate that is trusted works', async () => {
    const diagnosis = await look(await served(good), { ca: good.cert });
    expect(matters(diagnosis)).toEqual([]);
    expect(diagnosis.verdict).toBe('works');
  });

  it('where the port speaks HTTP in the clear', async () => {
    const url = await sloppyServer({ answer: (right) => right });
    const http = await rawServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    for (const plain of [url, http]) {
      const diagnosis = await look(plain.replace('ws:', 'wss:'));
      expect(matters(diagnosis)).toEqual(['TLS: tls-on-plain-port wrong']);
    }
  });

  it('where ws:// is not spoken: the port is found to speak TLS', async () => {
    const url = await served(good);
    expect(matters(await look(url.replace('wss:', 'ws:')))).toEqual([
      'answer: plain-on-tls-port wrong',
    ]);
  });

  it('where ws:// gets an alert', async () => {
    const url = await rawServer((socket) => socket.end(Buffer.from('15030300020246', 'hex')));
    const diagnosis = await look(url);
    expect(matters(diagnosis)).toEqual(['answer: plain-on-tls-port wrong']);
    expect(step(diagnosis, 'answer')?.seen).toContain('alert 70');
  });

  const DAY = 86_400_000;
  const yesterday = new Date(Date.now() - DAY);
  const tomorrow = new Date(Date.now() + DAY);
  it.each([
    ['expired', selfSigned({ notBefore: new Date(0), notAfter: yesterday }), 'certificate-expired'],
    [
      'not valid yet',
      selfSigned({ notBefore: tomorrow, notAfter: new Date(Date.now() + 9 * DAY) }),
      'certificate-not-yet-valid',
    ],
    ['for another host', selfSigned({ names: ['example.com'] }), 'certificate-wrong-host'],
  ])('with a certificate that is %s', async (_what, certificate, fault) => {
    const diagnosis = await look(await served(certificate), { ca: certificate.cert });
    expect(matters(diagnosis)).toEqual([`TLS: ${fault} wrong`]);
  });

  it('with a certificate that the server signed itself; nothing is sent then', async () => {
    let octets = 0;
    const url = await rawTlsServer(good, (socket) =>
      socket.on('data', (chunk) => {
        octets += chunk.length;
      }),
    );
    const diagnosis = await look(url);
    expect(matters(diagnosis)).toEqual(['TLS: certificate-self-signed wrong']);
    expect(diagnosis.steps.at(-1)?.name).toBe('TLS');
    expect(octets).toBe(0);
  });

  it('with a certificate of an authority that is not known', async () => {
    const diagnosis = await look(await served(selfSigned({ issuer: 'somebody else' })));
    expect(matters(diagnosis)).toEqual(['TLS: certificate-unknown-authority wrong']);
  });

  it('goes on with one that it signed itself where that is wanted, and warns', async () => {
    const diagnosis = await look(await served(good), { rejectUnauthorized: false });
    expect(matters(diagnosis)).toEqual(['TLS: certificate-self-signed warning']);
    expect(diagnosis.verdict).toBe('works');
  });

  it('in versions that nobody speaks any more', async () => {
    const old = {
      ...good,
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    } as const;
    expect(matters(await look(await served(old)))).toEqual(['TLS: tls-version wrong']);
  });

  it('for HTTP/2 only (ALPN)', async () => {
    expect(matters(await look(await served({ ...good, ALPNProtocols: ['h2'] })))).toEqual([
      'TLS: tls-alpn wrong',
    ]);
  });

  it('that never begins', async () => {
    const url = await rawServer((socket) => void socket.resume());
    expect(matters(await look(url.replace('ws:', 'wss:'), { timeoutMs: 300 }))).toEqual([
      'TLS: tls-timeout wrong',
    ]);
  });
});
