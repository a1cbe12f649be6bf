import { describe, expect, it } from 'vitest';
import { chooseAnswer, readAnswer, readOffers } from '../../src/deflate/agreement.ts';

const OFFER = 'permessage-deflate; client_no_context_takeover; client_max_window_bits';
const SET_5 = `${OFFER}; server_no_context_takeover; server_max_window_bits=9`;
const SET_2 = `${OFFER}; server_no_context_takeover`;
const KEEPS = { contextTakeover: true, windowBits: 15 };

describe('readAnswer', () => {
  it('takes no field for a server that declines', () => {
    expect(readAnswer(undefined, OFFER)).toEqual({ findings: [] });
  });

  it('reads what holds for either side', () => {
    const answer =
      'permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10; client_max_window_bits=11';
    expect(readAnswer(answer, OFFER)).toEqual({
      agreement: {
        server: { contextTakeover: false, windowBits: 10 },
        client: { contextTakeover: false, windowBits: 11 },
      },
      findings: [],
    });
    expect(readAnswer('permessage-deflate', OFFER).agreement).toEqual({
      server: KEEPS,
      client: KEEPS,
    });
  });

  it.each([
    ['an unknown parameter', 'permessage-deflate; level=6'],
    [
      'a parameter twice',
      'permessage-deflate; server_no_context_takeover; server_no_context_takeover',
    ],
    ['a value where none may be', 'permessage-deflate; server_no_context_takeover=1'],
    ['no value where one must be', 'permessage-deflate; client_max_window_bits'],
    ['a window of 7', 'permessage-deflate; server_max_window_bits=7'],
    ['a window of 16', 'permessage-deflate; client_max_window_bits=16'],
    ['a leading zero', 'permessage-deflate; client_max_window_bits=09'],
    ['the extension twice', 'permessage-deflate, permessage-deflate'],
    ['another extension', 'permessage-bzip2'],
    ['no name', 'permessage-deflate;'],
    ['an octet that belongs nowhere', 'permessage-deflate @'],
  ])('fails the handshake over %s (RFC 7692 §5, §7.1)', (_name, answer) => {
    const { agreement, error } = readAnswer(answer, OFFER);
    expect(agreement).toBeUndefined();
    expect(error).toMatch(/^answers /);
  });

  it.each([
    ['server_no_context_takeover is not repeated', 'permessage-deflate', SET_2, '§7.1.1.1'],
    [
      'server_max_window_bits is not repeated',
      'permessage-deflate',
      'permessage-deflate; server_max_window_bits=9',
      '§7.1.2.1',
    ],
    [
      'its window is larger than offered',
      'permessage-deflate; server_max_window_bits=10',
      'permessage-deflate; server_max_window_bits=9',
      '§7.1.2.1',
    ],
    [
      'it demands what the client does not know',
      'permessage-deflate; client_max_window_bits=10',
      'permessage-deflate',
      '§7.1.2.2',
    ],
    [
      'it demands a larger window than the client has',
      'permessage-deflate; client_max_window_bits=12',
      'permessage-deflate; client_max_window_bits=11',
      '§7.1.2.2',
    ],
  ])('opens, and tells that %s', (_name, answer, offer, section) => {
    const { agreement, findings } = readAnswer(answer, offer);
    expect(agreement).toBeDefined();
    expect(findings).toEqual([
      { code: 'NEGOTIATION', text: expect.any(String), rule: `RFC 7692 ${section}` },
    ]);
  });

  it('tells both of a bare answer to an offer with both', () => {
    expect(readAnswer('permessage-deflate', SET_5).findings).toHaveLength(2);
  });

  it.each([
    'permessage-deflate; server_no_context_takeover; server_max_window_bits=9',
    'permessage-deflate; server_no_context_takeover; server_max_window_bits=8',
    'permessage-deflate; server_no_context_takeover',
    'permessage-deflate',
  ])('finds nothing in %s to the three offers of 13.7', (answer) => {
    expect(readAnswer(answer, [SET_5, SET_2, OFFER].join(', ')).findings).toEqual([]);
    expect(readAnswer(answer, [SET_5, SET_2].join(', ')).findings).toHaveLength(
      answer === 'permessage-deflate' ? 2 : 0,
    );
  });

  it('lets a server restrict itself, and take less than was offered', () => {
    const answer =
      'permessage-deflate; server_max_window_bits=8; server_no_context_takeover; client_max_window_bits=8';
    expect(readAnswer(answer, 'permessage-deflate; client_max_window_bits').findings).toEqual([]);
  });
});

describe('an answer to an offer of ours that breaks the rules', () => {
  it('is none to it, and may be one to the offer behind it', () => {
    const bad = 'permessage-deflate; server_max_window_bits=7';
    expect(readAnswer('permessage-deflate', bad).findings).toHaveLength(1);
    expect(readAnswer('permessage-deflate', ';;;').findings).toHaveLength(1);
    expect(readAnswer('permessage-deflate', `${bad}, permessage-deflate`).findings).toEqual([]);
  });
});

describe('readOffers', () => {
  it('reads the offers in their order, and passes over other extensions', () => {
    const field = `x-other; a=1; b="c", ${SET_5}, permessage-deflate; client_max_window_bits="10"`;
    const { offers, error } = readOffers(field);
    expect(error).toBeUndefined();
    expect(offers).toEqual([
      {
        serverNoContextTakeover: true,
        clientNoContextTakeover: true,
        serverMaxWindowBits: 9,
        clientMaxWindowBits: true,
      },
      { serverNoContextTakeover: false, clientNoContextTakeover: false, clientMaxWindowBits: 10 },
    ]);
  });

  it('takes no field for no offer', () => {
    expect(readOffers(undefined)).toEqual({ offers: [] });
  });

  it.each([
    'permessage-deflate; server_max_window_bits',
    'permessage-deflate; server_max_window_bits=16, permessage-deflate',
    'permessage-deflate; unknown',
    'permessage-deflate; client_no_context_takeover; client_no_context_takeover',
    '; ; ;',
  ])('refuses %s', (field) => {
    const { offers, error } = readOffers(field);
    expect(offers).toEqual([]);
    expect(error).toMatch(/^offers an extension that /);
  });
});

describe('chooseAnswer', () => {
  const FREE = { clientNoContextTakeover: false };
  const FORGETS = { clientNoContextTakeover: true };
  const choose = (field: string, demands: Parameters<typeof chooseAnswer>[1]) =>
    chooseAnswer(readOffers(field).offers, demands);

  it('repeats what the client asks of the server, and demands nothing', () => {
    expect(choose(SET_5, [FREE])).toEqual({
      header: 'permessage-deflate; server_no_context_takeover; server_max_window_bits=9',
      agreement: { server: { contextTakeover: false, windowBits: 9 }, client: KEEPS },
    });
    expect(choose('permessage-deflate', [FREE])?.header).toBe('permessage-deflate');
  });

  it('demands what the case says', () => {
    expect(choose(OFFER, [{ ...FORGETS, clientMaxWindowBits: 9 }])).toEqual({
      header: 'permessage-deflate; client_no_context_takeover; client_max_window_bits=9',
      agreement: { server: KEEPS, client: { contextTakeover: false, windowBits: 9 } },
    });
  });

  it('takes the first demand that an offer allows (13.7), with the first offer that does', () => {
    const demands = [{ ...FORGETS, clientMaxWindowBits: 9 }, FORGETS, FREE];
    expect(choose('permessage-deflate', demands)?.header).toBe(
      'permessage-deflate; client_no_context_takeover',
    );
    expect(choose(`permessage-deflate, ${OFFER}`, demands)?.header).toBe(
      'permessage-deflate; client_no_context_takeover; client_max_window_bits=9',
    );
  });

  it('never demands a larger window than the client has', () => {
    const demands = [{ ...FREE, clientMaxWindowBits: 15 }];
    expect(choose('permessage-deflate; client_max_window_bits=10', demands)?.header).toBe(
      'permessage-deflate; client_max_window_bits=10',
    );
  });

  it('answers nothing where no offer allows it', () => {
    expect(choose('permessage-deflate', [{ ...FREE, clientMaxWindowBits: 9 }])).toBeUndefined();
    expect(chooseAnswer([], [FREE])).toBeUndefined();
  });
});
