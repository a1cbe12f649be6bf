import { createServer as createTcpServer } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { connect } from 'meerkat';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  type Certificate,
  type CertificateSubject,
  selfSigned,
} from '../../../../test/support/certificate.ts';
import { dial, failure } from '../support/dialling.ts';
import { expectNothingUnhandled } from '../support/failures.ts';
import { echo, listen, serve } from '../support/serving.ts';

beforeEach(expectNothingUnhandled);

const DAY = 86_400_000;

describe('wss:', () => {
  it('speaks TLS with a certificate that `ca` vouches for', async () => {
    const tls = selfSigned();
    const site = await serve(echo, { tls });
    const { connection, next } = await dial(site.url, { tls: { ca: tls.cert } });
    expect(connection.url).toBe(site.url);
    expect(connection.remoteAddress).toBe('127.0.0.1');
    for (const message of ['hello', 'h'.repeat(200_000)]) {
      connection.send(message);
      expect(await next()).toBe(message);
    }
    connection.close(1000, 'bye');
    expect(await connection.closed).toMatchObject({ code: 1000, clean: true });
    expect(await site.opened[0]?.closed).toMatchObject({ code: 1000, reason: 'bye', clean: true });
  });

  it('https: means the same', async () => {
    const tls = selfSigned();
    const site = await serve(echo, { tls });
    const { connection } = await dial(site.url.replace('wss:', 'https:'), {
      tls: { ca: tls.cert },
    });
    expect(connection.url).toBe(site.url);
  });

  it('K10 any certificate is accepted only when told so', async () => {
    const site = await serve(echo, { tls: selfSigned() });
    const { connection, next } = await dial(site.url, { tls: { rejectUnauthorized: false } });
    connection.send('hello');
    expect(await next()).toBe('hello');
  });

  it('asks for the host of the URL, or for `servername`', async () => {
    const seen: unknown[] = [];
    const tls = selfSigned({ names: ['localhost', 'other.example'] });
    const site = await serve(
      {
        open: (_connection, request) =>
          void seen.push(Reflect.get(request.incoming.socket, 'servername')),
      },
      { tls },
    );
    const url = site.url.replace('127.0.0.1', 'localhost');
    await dial(url, { tls: { ca: tls.cert } });
    await dial(url, { tls: { ca: tls.cert, servername: 'other.example' } });
    await dial(url, { tls: { ca: tls.cert }, headers: { Host: `localhost:${site.port}` } });
    expect(seen).toEqual(['localhost', 'other.example', 'localhost']);
  });

  it.each<[string, CertificateSubject, boolean, string]>([
    ['that is self-signed', {}, false, 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    [
      'that has expired',
      { notBefore: new Date(Date.now() - 2 * DAY), notAfter: new Date(Date.now() - DAY) },
      true,
      'CERT_HAS_EXPIRED',
    ],
    [
      'of another host',
      { names: ['other.example'], addresses: ['127.0.0.2'] },
      true,
      'ERR_TLS_CERT_ALTNAME_INVALID',
    ],
  ])('K10 a certificate %s fails', async (_title, subject, trusted, cause) => {
    const tls = selfSigned(subject);
    const site = await serve(echo, { tls });
    const error = await failure(connect(site.url, trusted ? { tls: { ca: tls.cert } } : {}));
    expect(error).toMatchObject({ code: 'MEERKAT_CONNECT_FAILED', status: 0 });
    expect(error.cause).toMatchObject({ code: cause });
    expect(site.opened).toEqual([]);
  });

  it('K3 a refusal over TLS fails with status, header fields and body', async () => {
    const tls = selfSigned();
    const site = await serve(
      { upgrade: () => ({ refuse: 401, headers: { 'WWW-Authenticate': 'Basic' }, body: 'wer?' }) },
      { tls },
    );
    const error = await failure(connect(site.url, { tls: { ca: tls.cert } }));
    expect(error).toMatchObject({ code: 'WS_RESPONSE_STATUS', status: 401, body: 'wer?' });
    expect(error.headers).toContainEqual(['WWW-Authenticate', 'Basic']);
  });

  it('K10 TLS 1.1 fails', async () => {
    const tls: Certificate = selfSigned();
    const server = createTlsServer({
      ...tls,
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    });
    server.on('tlsClientError', () => {});
    const { port } = await listen(server);
    const error = await failure(connect(`wss://127.0.0.1:${port}/`, { tls: { ca: tls.cert } }));
    expect(error).toMatchObject({ code: 'MEERKAT_CONNECT_FAILED' });
  });

  it('a server that speaks plain HTTP fails', async () => {
    const server = createTcpServer((socket) => {
      socket.on('error', () => {});
      socket.write('HTTP/1.1 400 Bad Request\r\n\r\n');
    });
    const { port } = await listen(server);
    const error = await failure(connect(`wss://127.0.0.1:${port}/`));
    expect(error).toMatchObject({ code: 'MEERKAT_CONNECT_FAILED' });
  });

  it('ws: to a server that speaks TLS fails', async () => {
    const site = await serve(echo, { tls: selfSigned() });
    const error = await failure(connect(site.url.replace('wss:', 'ws:')));
    expect(error.code).toMatch(/^(MEERKAT_CONNECT_FAILED|WS_RESPONSE_HEADERS)$/);
  });
});
