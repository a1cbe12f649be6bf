import { parseExtensions } from 'meerkat/protocol';
import { describe, expect, it } from 'vitest';
import { answerWords, declinedWords, offerWords } from '../../src/handshake/extension-words.ts';

const read = (value: string) => parseExtensions(value) ?? [];

describe('offerWords', () => {
  it.each([
    ['client_max_window_bits', 'the server may limit how far the client refers back'],
    [
      'client_max_window_bits=10',
      'the client will refer back 1024 octets at most, or fewer if the server says so',
    ],
    ['server_max_window_bits=15', 'asks the server to refer back 32768 octets at most'],
    ['server_no_context_takeover', 'asks the server to compress each message on its own'],
    ['client_no_context_takeover', 'the client will compress each message on its own'],
  ])('A9 says what a client means with %s', (parameter, meaning) => {
    expect(offerWords(read(`permessage-deflate; ${parameter}`))).toEqual([
      'permessage-deflate: the client offers to compress messages (RFC 7692)',
      `  ${parameter}: ${meaning}`,
    ]);
  });

  it.each([
    ['client_max_window_bits=7', 'its value is not 8 to 15'],
    ['server_max_window_bits=010', 'its value is not 8 to 15'],
    ['server_max_window_bits', 'its value is missing'],
    ['server_no_context_takeover=1', 'it has no value'],
    ['__proto__=1', 'there is no such parameter'],
    ['level=9', 'there is no such parameter'],
  ])('H12 says why an offer with %s has to be declined', (parameter, why) => {
    expect(offerWords(read(`permessage-deflate; ${parameter}`))).toEqual([
      'permessage-deflate: this offer has to be declined (RFC 7692 §7.1)',
      `  ${parameter}: ${why}`,
    ]);
  });

  it('H12 says that a parameter is there twice, and reads the next offer', () => {
    const offers =
      'permessage-deflate; client_no_context_takeover; client_no_context_takeover, permessage-deflate';
    expect(offerWords(read(offers))).toEqual([
      'permessage-deflate: this offer has to be declined (RFC 7692 §7.1)',
      '  client_no_context_takeover: the client will compress each message on its own',
      '  client_no_context_takeover: it is there twice',
      'permessage-deflate: the client offers to compress messages (RFC 7692)',
    ]);
  });

  it('H11 names what it does not know, and stops after eight of many', () => {
    expect(offerWords(read('foo; bar=1'))).toEqual(['foo: not known here']);
    const many = offerWords(read(Array.from({ length: 500 }, (_, at) => `x${at}`).join(', ')));
    expect(many).toHaveLength(9);
    expect(many.at(-1)).toBe('… and 492 more');
  });
});

describe('answerWords', () => {
  it('A9 says what was agreed on, parameter by parameter', () => {
    const answer =
      'permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=12; client_max_window_bits=8';
    expect(answerWords(read(answer))).toEqual([
      'permessage-deflate: agreed, messages may be compressed (RFC 7692)',
      '  server_no_context_takeover: the server compresses each message on its own',
      '  client_no_context_takeover: the client has to compress each message on its own',
      '  server_max_window_bits=12: the server refers back 4096 octets at most',
      '  client_max_window_bits=8: the client may refer back 256 octets at most',
    ]);
  });
});

it('A9 says that an offer was declined, where there was one', () => {
  expect(declinedWords(read('foo, permessage-deflate'))).toEqual([
    'permessage-deflate was offered and is declined: no message may be compressed',
  ]);
  expect(declinedWords(read('foo'))).toEqual([]);
  expect(declinedWords([])).toEqual([]);
});
