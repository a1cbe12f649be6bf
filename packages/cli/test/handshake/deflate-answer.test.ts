import { parseExtensions } from 'meerkat/protocol';
import { describe, expect, it } from 'vitest';
import { agreedDeflate, extensionsIn, unfitAnswer } from '../../src/handshake/deflate-answer.ts';
import { raw, requestHead } from './heads.ts';

const FIELD = 'Sec-WebSocket-Extensions';
const answer = (value: string | readonly string[] | undefined) => ({
  status: 101,
  httpVersion: '1.1',
  rawHeaders: raw({ Upgrade: 'websocket', [FIELD]: value }),
});
const one = (value: string) => {
  const [extension] = parseExtensions(value) ?? [];
  if (extension === undefined) throw new Error(`no extension: ${value}`);
  return extension;
};

describe('agreedDeflate', () => {
  const offering = requestHead({ [FIELD]: 'permessage-deflate; client_max_window_bits' });

  it('A9 reads what holds for each direction', () => {
    const agreed = answer(
      'permessage-deflate; server_no_context_takeover; client_max_window_bits=10',
    );
    expect(agreedDeflate(agreed, offering)).toEqual({
      server: { windowBits: 15, contextTakeover: false },
      client: { windowBits: 10, contextTakeover: true },
    });
  });

  it.each([
    ['there is no answer', undefined],
    ['the answer is malformed', ';;;'],
    ['a parameter is unknown', 'permessage-deflate; level=9'],
    ['another extension was answered', 'foo'],
  ])('A9 is nothing where %s', (_when, value) => {
    expect(agreedDeflate(answer(value), offering)).toBeUndefined();
  });

  it('A9 is nothing where nobody offered it, and believes the answer where the request is not known', () => {
    expect(agreedDeflate(answer('permessage-deflate'), requestHead())).toBeUndefined();
    expect(agreedDeflate(answer('permessage-deflate'), undefined)).toBeDefined();
  });
});

it('reads the extensions of several lines as one list', () => {
  expect(extensionsIn(answer(['foo', 'permessage-deflate'])).map(({ name }) => name)).toEqual([
    'foo',
    'permessage-deflate',
  ]);
});

describe('unfitAnswer', () => {
  it.each([
    ['server_max_window_bits=10', 'permessage-deflate'],
    ['server_max_window_bits=10', 'permessage-deflate; server_max_window_bits=10'],
    ['client_max_window_bits=15', 'permessage-deflate; client_max_window_bits'],
    ['client_max_window_bits=9', 'permessage-deflate; client_max_window_bits=9'],
    ['client_max_window_bits=9', 'permessage-deflate, permessage-deflate; client_max_window_bits'],
  ])('K5 takes %s to the offer %s', (parameter, offers) => {
    const extensions = parseExtensions(offers) ?? [];
    expect(unfitAnswer(one(`permessage-deflate; ${parameter}`), extensions)).toBeUndefined();
  });

  it.each([
    ['server_max_window_bits=11', 'server_max_window_bits=10', /=11, though 10 was offered/],
    ['client_max_window_bits=11', 'client_max_window_bits=10', /=11, though 10 was offered/],
    ['client_max_window_bits=10', 'server_no_context_takeover', /was not offered/],
  ])('K5 finds %s wrong where the client said %s', (parameter, offered, why) => {
    const offer = one(`permessage-deflate; ${offered}`);
    expect(unfitAnswer(one(`permessage-deflate; ${parameter}`), [offer])).toMatch(why);
  });
});
