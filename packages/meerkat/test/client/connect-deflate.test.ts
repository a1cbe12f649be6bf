import { connect } from 'meerkat';
import { beforeEach, describe, expect, it } from 'vitest';
import { dial, failure } from '../support/dialling.ts';
import { expectNothingUnhandled } from '../support/failures.ts';
import { fakeServer, fieldOf, switching } from '../support/fake-server.ts';
import { echo, serve } from '../support/serving.ts';
import { until } from '../support/waiting.ts';

beforeEach(expectNothingUnhandled);

/** A server that answers every offer with this. */
const answering = (extensions: string | string[]) =>
  fakeServer(({ key }) => switching(key, { 'Sec-WebSocket-Extensions': extensions }));

const DEFLATE = 'permessage-deflate';

describe('an answer about extensions that is wrong (RFC 6455 §4.1, RFC 7692 §7.1)', () => {
  it.each<[string, string | string[]]>([
    ['an extension that was not requested', 'x-webkit-deflate-frame'],
    ['one that was not requested beside the one that was', `${DEFLATE}, foo`],
    ['the extension twice', `${DEFLATE}, ${DEFLATE}`],
    ['the extension twice, on two lines', [DEFLATE, DEFLATE]],
    ['a field that is malformed', ';;'],
    ['an empty field', ''],
    ...['1000', '7', '16', '010'].flatMap((bits): [string, string][] => [
      [`server window bits of ${bits}`, `${DEFLATE}; server_max_window_bits=${bits}`],
      [`client window bits of ${bits}`, `${DEFLATE}; client_max_window_bits=${bits}`],
    ]),
    ['an unknown parameter', `${DEFLATE}; foo=1`],
    ['a repeated parameter', `${DEFLATE}; server_max_window_bits=9; server_max_window_bits=9`],
    ['a repeated flag', `${DEFLATE}; server_no_context_takeover; server_no_context_takeover`],
    ['a flag with a value', `${DEFLATE}; server_no_context_takeover=1`],
    ['client_max_window_bits without a value', `${DEFLATE}; client_max_window_bits`],
    ['server_max_window_bits without a value', `${DEFLATE}; server_max_window_bits`],
  ])('K5 %s fails', async (_title, extensions) => {
    const server = await answering(extensions);
    const error = await failure(connect(server.url));
    expect(error).toMatchObject({ code: 'WS_RESPONSE_EXTENSION', status: 101 });
    await until(() => server.sockets[0]?.readableEnded === true);
  });

  it('K5 permessage-deflate fails for a client that did not offer it', async () => {
    const server = await answering(DEFLATE);
    const error = await failure(connect(server.url, { compression: false }));
    expect(error.code).toBe('WS_RESPONSE_EXTENSION');
    expect(fieldOf(server.heads[0] ?? '', 'Sec-WebSocket-Extensions')).toBeUndefined();
  });
});

describe('an answer about permessage-deflate that is right', () => {
  it.each([
    ['server_max_window_bits=8', `${DEFLATE}; server_max_window_bits=8`],
    ['client_max_window_bits=8', `${DEFLATE}; client_max_window_bits=8`],
    ['quoted window bits', `${DEFLATE}; server_max_window_bits="10"`],
    ['no parameter at all', DEFLATE],
    ['a larger window than the first offer asked for', `${DEFLATE}; client_max_window_bits=15`],
  ])('K5 %s works', async (_title, extensions) => {
    const server = await fakeServer(async ({ key, peer }) => {
      await peer.sendText(switching(key, { 'Sec-WebSocket-Extensions': extensions }));
      await peer.send('c1 07 f2 48 cd c9 c9 07 00');
    });
    const { connection, next } = await dial(server.url);
    expect(connection.extensions).toBe(extensions.replaceAll('"', ''));
    expect(await next()).toBe('Hello');
  });

  it('none at all is a connection without compression', async () => {
    const server = await fakeServer(({ key }) => switching(key));
    const { connection } = await dial(server.url);
    expect(connection.extensions).toBe('');
  });
});

describe('a client and a server of ours', () => {
  it.each([8, 9, 12, 15])(
    'agree on windows of %i bits, with takeover and without',
    async (windowBits) => {
      for (const takeover of [false, true]) {
        const compression = {
          windowBits,
          threshold: 0,
          serverNoContextTakeover: !takeover,
          clientNoContextTakeover: !takeover,
        };
        const site = await serve({ ...echo, compression });
        const { connection, next } = await dial(site.url, { compression });
        expect(connection.extensions).toBe(site.opened[0]?.extensions);
        expect(connection.extensions.includes('no_context_takeover')).toBe(!takeover);
        for (let at = 0; at < 20; at += 1) {
          const text = `the same again and again, the same again and again: ${at}`;
          connection.send(text);
          expect(await next()).toBe(text);
        }
      }
    },
  );
});
