import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { acceptKey, createKey, isKey } from '../../../src/protocol/handshake/accept-key.ts';
import { testPrimitives } from '../support/recording-endpoint.ts';

describe('Sec-WebSocket-Accept (§4.2.2)', () => {
  it.each([
    ['RFC 6455 §1.3 and §4.2.2', 'dGhlIHNhbXBsZSBub25jZQ==', 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='],
    [
      'the dump of the founding document',
      'aijc515qfzyVZxdEyv1cDw==',
      'MuGQ/SKV5Xm4wvNLi4qUhRw7lkc=',
    ],
    ['the console server’s notes', 'x3JJHMbDL1EzLkh9GBhXDw==', 'HSmrc0sMlYUkAGmm5OPpG2HaGWk='],
  ])('of %s: %s gives %s', (_source, key, accept) => {
    expect(acceptKey(key, testPrimitives)).toBe(accept);
  });

  it('is made of the key as it stands in the request, not of what it decodes to', () => {
    const canonical = acceptKey('dGhlIHNhbXBsZSBub25jZQ==', testPrimitives);
    expect(acceptKey('dGhlIHNhbXBsZSBub25jZR==', testPrimitives)).not.toBe(canonical);
  });
});

describe('a key for one handshake (§4.1)', () => {
  it('is 16 octets of entropy in base64', () => {
    const fillRandom = (octets: Uint8Array): void => {
      for (let at = 0; at < octets.length; at += 1) octets[at] = at;
    };
    expect(createKey({ ...testPrimitives, fillRandom })).toBe('AAECAwQFBgcICQoLDA0ODw==');
  });

  it('is new each time', () => {
    let round = 0;
    const fillRandom = (octets: Uint8Array) => octets.fill(++round);
    const primitives = { ...testPrimitives, fillRandom };
    expect(createKey(primitives)).not.toBe(createKey(primitives));
  });

  it('is one that a server takes, whatever the entropy', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (entropy) => {
        const key = createKey({ ...testPrimitives, fillRandom: (octets) => octets.set(entropy) });
        expect(isKey(key)).toBe(true);
        expect(Buffer.from(key, 'base64')).toEqual(Buffer.from(entropy));
      }),
      { numRuns: 100 },
    );
  });
});

describe('a key in a request is "base64-encoded … 16 bytes in length" (§4.2.1)', () => {
  it.each([
    ['the one of the RFC', 'dGhlIHNhbXBsZSBub25jZQ=='],
    ['one whose last four bits are not zero: they are not looked at', 'dGhlIHNhbXBsZSBub25jZR=='],
    ['one with + and /', '++++++++++//////////++=='],
  ])('so taken: %s', (_what, key) => {
    expect(isKey(key)).toBe(true);
  });

  it.each([
    ['nothing', ''],
    ['3 octets', 'AAAA'],
    ['15 octets', 'AAAAAAAAAAAAAAAAAAAA'],
    ['17 octets', 'AAAAAAAAAAAAAAAAAAAAAAA='],
    ['no padding', 'dGhlIHNhbXBsZSBub25jZQ'],
    ['half the padding', 'dGhlIHNhbXBsZSBub25jZQ='],
    ['too much padding', 'dGhlIHNhbXBsZSBub25jZQ==='],
    ['another alphabet', 'dGhlIHNhbXBsZSBub25j-_=='],
    ['nothing of the alphabet', '!!..=='],
    ['a blank before it', ' dGhlIHNhbXBsZSBub25jZQ=='],
    ['a line feed behind it', 'dGhlIHNhbXBsZSBub25jZQ==\n'],
    ['two keys, as a proxy may join them', 'dGhlIHNhbXBsZSBub25jZQ==, dGhlIHNhbXBsZSBub25jZQ=='],
  ])('so refused: %s', (_what, key) => {
    expect(isKey(key)).toBe(false);
  });
});
