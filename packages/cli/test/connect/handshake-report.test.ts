import { HandshakeError } from 'meerkat';
import { handshakeCodes } from 'meerkat/protocol';
import { describe, expect, it } from 'vitest';
import { describeHandshakeError } from '../../src/connect/handshake-report.ts';
import { HANDSHAKE_ADVICE } from '../../src/explain/error-advice.ts';

const URL = 'ws://localhost:8000/x';

function refused(
  status: number,
  text: string,
  headers: [string, string][] = [],
  body?: string,
): string {
  const details = { detail: `${status} ${text}`.trim(), status, headers };
  const error = new HandshakeError(
    'WS_RESPONSE_STATUS',
    body === undefined ? details : { ...details, body },
  );
  return describeHandshakeError(error, URL);
}

function network(code: string, message = 'what the system says'): string {
  const cause = Object.assign(new Error(message), { code });
  const error = new HandshakeError('MEERKAT_CONNECT_FAILED', { detail: message, cause });
  return describeHandshakeError(error, URL);
}

describe('describeHandshakeError', () => {
  it('says status, what the server says, and what to do', () => {
    const type: [string, string] = ['Content-Type', 'text/plain; charset=utf-8'];
    expect(refused(404, 'Not Found', [type], 'there is no WebSocket at this path\n')).toBe(
      `${URL} refused: 404 Not Found (it says "there is no WebSocket at this path"): check the path.`,
    );
  });

  it.each([
    [200, 'OK', 'an ordinary web page answers there'],
    [401, 'Unauthorized', '--header'],
    [403, 'Forbidden', '--origin'],
    [429, 'Too Many Requests', 'wait'],
    [503, 'Service Unavailable', 'try again later'],
    [418, '', HANDSHAKE_ADVICE.WS_RESPONSE_STATUS],
  ])('tells what to do about %i', (status, text, advice) => {
    expect(refused(status, text)).toContain(`${URL} refused: ${`${status} ${text}`.trim()}: `);
    expect(refused(status, text)).toContain(advice);
  });

  it('tells where a redirect leads', () => {
    expect(refused(301, 'Moved Permanently', [['Location', 'wss://new.example/x']])).toContain(
      'it is at wss://new.example/x now',
    );
    expect(refused(302, 'Found')).toContain(HANDSHAKE_ADVICE.WS_RESPONSE_STATUS);
  });

  it('shows no page of HTML, and only the beginning of a long text', () => {
    expect(refused(404, 'Not Found', [['content-type', 'text/html']], '<h1>No</h1>')).not.toContain(
      'h1',
    );
    expect(refused(500, 'No', [['content-type', 'application/problem+json']], '{}')).toContain(
      '"{}"',
    );
    expect(refused(500, 'No', [], 'x'.repeat(70_000)).length).toBeLessThan(400);
  });

  it('S19 shows control characters of the answer', () => {
    expect(refused(500, 'No', [], 'a\x1b[2J\nb')).toContain('"a\\x1b[2J\\nb"');
  });

  it.each([
    ['ECONNREFUSED', 'ECONNREFUSED: nobody listens there'],
    ['ENOTFOUND', 'ENOTFOUND: there is no such host'],
    ['ETIMEDOUT', 'ETIMEDOUT: no answer'],
    ['ECONNRESET', 'ECONNRESET: the server hung up'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', '--ca FILE'],
    ['CERT_HAS_EXPIRED', 'expired'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'for another name'],
    ['ESTRANGE', 'cannot connect: what the system says: Check host and port'],
  ])('tells what to do about %s', (code, text) => {
    expect(network(code)).toContain(`${URL}: cannot connect: `);
    expect(network(code)).toContain(text);
  });

  it('tells a port without TLS from a TLS handshake that failed', () => {
    const openssl = (what: string): string =>
      `write EPROTO 80:error:0A00010B:SSL routines:ssl3_get_record:${what}:../deps/openssl/x.c:350:\n`;
    expect(network('EPROTO', openssl('wrong version number'))).toContain(
      'try ws:// in place of wss://',
    );
    expect(network('EPROTO', openssl('sslv3 alert handshake failure'))).toContain(
      'the TLS handshake failed (sslv3 alert handshake failure)',
    );
  });

  it('D7 says "Sec-WebSocket-Accept mismatch"', () => {
    expect(describeHandshakeError(new HandshakeError('WS_RESPONSE_ACCEPT'), URL)).toBe(
      `${URL}: Sec-WebSocket-Accept mismatch. ${HANDSHAKE_ADVICE.WS_RESPONSE_ACCEPT}`,
    );
  });

  it.each(handshakeCodes)('makes a line of %s', (code) => {
    const line = describeHandshakeError(new HandshakeError(code), URL);
    expect(line).toContain(URL);
    expect(line).not.toContain('undefined');
  });
});
