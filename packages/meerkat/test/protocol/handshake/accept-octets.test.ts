import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { acceptKey, createKey } from '../../../src/protocol/handshake/accept-key.ts';
import { ACCEPT_LENGTH, writeAccept } from '../../../src/protocol/handshake/accept-octets.ts';
import {
  buildUpgradeResponse,
  plainUpgradeResponse,
} from '../../../src/protocol/handshake/upgrade-response.ts';
import { testPrimitives } from '../support/recording-endpoint.ts';

const latin1 = (octets: Uint8Array): string => Buffer.from(octets).toString('latin1');

/** Any key that a request may have: the last four bits of what is encoded are not looked at. */
const keys = fc
  .tuple(fc.uint8Array({ minLength: 16, maxLength: 16 }), fc.constantFrom('A', 'B', 'P', 'Q', '/'))
  .map(([octets, last]) => `${Buffer.from(octets).toString('base64').slice(0, 21)}${last}==`);

describe('Sec-WebSocket-Accept as octets', () => {
  it('is that of RFC 6455 §1.3, where it is wanted and nowhere else', () => {
    const octets = new Uint8Array(ACCEPT_LENGTH + 4);
    writeAccept('dGhlIHNhbXBsZSBub25jZQ==', octets, 2);
    expect(latin1(octets)).toBe('\0\0s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\0\0');
  });

  it('agrees with the general digest for every key, whatever was digested before', () => {
    const octets = new Uint8Array(ACCEPT_LENGTH);
    fc.assert(
      fc.property(keys, (key) => {
        writeAccept(key, octets, 0);
        expect(latin1(octets)).toBe(acceptKey(key, testPrimitives));
      }),
      { numRuns: 500 },
    );
  });
});

describe('a response that agrees to nothing of its own', () => {
  it('has the same octets as one that is built', () => {
    for (let round = 0; round < 20; round += 1) {
      const request = {
        key: createKey(testPrimitives),
        host: 'a',
        path: '/',
        url: '/',
        subprotocols: [],
        extensions: [],
        origins: [],
      };
      const built = buildUpgradeResponse(
        request,
        { subprotocol: '', extensions: [], headers: [] },
        testPrimitives,
      );
      expect(latin1(plainUpgradeResponse(request))).toBe(built);
    }
  });
});
