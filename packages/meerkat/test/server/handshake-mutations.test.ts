import fc from 'fast-check';
import { RawPeer } from 'meerkat/testing';
import { expect, it } from 'vitest';
import { expectNothingUnhandled } from '../support/failures.ts';
import { SAMPLE_ACCEPT, upgradeRequest } from '../support/handshake.ts';
import { parseResponse } from '../support/http-response.ts';
import { serve } from '../support/serving.ts';
import { until } from '../support/waiting.ts';

const REQUEST = Buffer.from(
  upgradeRequest({
    target: '/chat?a=b',
    headers: {
      Origin: 'http://127.0.0.1',
      'Sec-WebSocket-Protocol': 'chat, superchat',
      'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits="10"',
    },
  }),
);

/** One change: octets of a request taken away, and others put in their place. */
const change = fc.record({
  at: fc.nat(REQUEST.length),
  length: fc.nat(3),
  octets: fc.oneof(
    fc.uint8Array({ maxLength: 3 }),
    fc
      .constantFrom('\r\n', '\n', ',', ';', '"', ':', ' ', '\0', '%')
      .map((text) => Buffer.from(text)),
  ),
});

it('a request with a few octets changed is accepted or refused once, whatever they are', async () => {
  expectNothingUnhandled();
  const site = await serve({ subprotocols: ['chat'] });
  let connections = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
      let request = REQUEST;
      for (const { at, length, octets } of changes) {
        request = Buffer.concat([request.subarray(0, at), octets, request.subarray(at + length)]);
      }
      const opened = site.opened.length;
      const served = site.requests.length;
      const peer = await RawPeer.connect(site.port);
      connections += 1;
      await peer.send(request);
      peer.end();
      const text = await peer.takeText();
      await peer.close();
      await until(() => site.sockets.length === connections);
      await until(() => site.sockets.at(-1)?.destroyed === true);
      if (text === '') return; // node:http answers nothing when a request stops in the middle
      const response = parseResponse(text);
      expect(site.opened.length - opened).toBe(response.status === 101 ? 1 : 0);
      if (response.status === 101) {
        expect(response.header('sec-websocket-accept')).toHaveLength(SAMPLE_ACCEPT.length);
        // Where the head ends too early, the rest of it are frames; they break the rules.
        expect(response.body).toMatch(/^(\x88|$)/);
      } else {
        expect(response.status).toBeLessThan(506);
        // Nothing is served behind a refusal. An ordinary request may have another one behind it.
        if (site.requests.length === served) expect(response.body).not.toContain('HTTP/1.1 ');
      }
    }),
    { numRuns: 500 },
  );
  await until(() => site.wss.connections.size === 0);
  expect(site.errors).toEqual([]);
});
