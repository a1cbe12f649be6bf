// C11, C12 and C15: what was agreed on, and what must not be.
import { Buffer } from 'node:buffer';
import { close, text } from '../wire/frame.ts';
import {
  message,
  type RequestCase,
  type RequestOutcome,
  type RoundsCase,
  type ScriptCase,
} from './case.ts';
import { corpus } from './corpora.ts';
import {
  COMPRESSED,
  type DeflateScript,
  deflateCases,
  mayReferBack,
  packedText,
  storedBlock,
} from './deflate-case.ts';
import { EITHER } from './own-case.ts';
import {
  CLIENT_ERROR,
  numberedRequests,
  OPENS,
  type RequestRow,
  refused,
  refusedAgainst,
} from './request-case.ts';
import { send, timedClose } from './script-case.ts';

/** Windows that sections 12 and 13 leave out. */
const WINDOWS = [8, 10, 11, 12, 13, 14];
/** Longer than any of them, so that a compressor that forgot its limit is found out. */
const MESSAGE_UNITS = 40_000;

const ROUNDS: readonly RoundsCase[] = WINDOWS.flatMap((bits, index) => [
  rounds(`C11.${index * 2 + 1}`, bits, true),
  rounds(`C11.${index * 2 + 2}`, bits, false),
]);

function rounds(id: string, bits: number, takeover: boolean): RoundsCase {
  const context = takeover ? '' : ' and no context takeover';
  const forget = takeover ? '' : '; server_no_context_takeover; client_no_context_takeover';
  return {
    kind: 'rounds',
    id,
    description: `Asks for windows of 2^${bits} octets${context}, and sends compressed messages of ${MESSAGE_UNITS} characters of JSON. Expects every echo to be the same message, from within its window.`,
    rule: 'RFC 7692 §7.1.2',
    fault: `does not keep to a window of 2^${bits} octets that it agreed to`,
    binary: false,
    limit: timedClose(60),
    count: 10,
    fullCount: 100,
    message: (n) => corpus('json').slice(MESSAGE_UNITS, n),
    deflate: {
      offer: `permessage-deflate; server_max_window_bits=${bits}; client_max_window_bits=${bits}${forget}`,
      answers: [{ clientNoContextTakeover: !takeover, clientMaxWindowBits: bits }],
    },
  };
}

const HELLO = 'f248cdc9c90700';
/** "Hello" as five octets from five back, which the message before has made (RFC 7692 §7.2.3.2). */
const HELLO_AGAIN = 'f200110000';

const AGAIN = (referring: boolean): string => (referring ? HELLO_AGAIN : HELLO);

const CONTEXTS: readonly DeflateScript[] = [
  {
    description:
      'Sends "Hello" twice, the second time as a reference to the first if the context may be taken over. Expects both.',
    fault:
      'does not keep its window from one message to the next, though nothing else was agreed on',
    rule: 'RFC 7692 §7.2.3.2',
    script: (agreed) => ({
      steps: [send([packedText(HELLO), packedText(AGAIN(mayReferBack(agreed)))])],
      expect: [message('Hello'), message('Hello')],
    }),
  },
  {
    description:
      'Sends "Hello" compressed, "Howdy" uncompressed, and "Hello" again, as a reference to the first if the context may be taken over. Expects all three.',
    fault: 'puts an uncompressed message into the window',
    rule: 'RFC 7692 §7.2.2',
    script: (agreed) => ({
      steps: [send([packedText(HELLO), text('Howdy'), packedText(AGAIN(mayReferBack(agreed)))])],
      expect: [message('Hello'), message('Howdy'), message('Hello')],
    }),
  },
  {
    description:
      'Sends "Hello", an empty message, and "Hello" again, as a reference across it if the context may be taken over. Expects all three.',
    fault: 'forgets its window over an empty message',
    rule: 'RFC 7692 §7.2.3.6',
    script: (agreed) => ({
      steps: [send([packedText(HELLO), packedText('00'), packedText(AGAIN(mayReferBack(agreed)))])],
      expect: [message('Hello'), message(''), message('Hello')],
    }),
  },
  {
    description:
      'Sends a message, and another that refers to it. Expects both, or, where no context takeover was agreed on for them, the first and a failed connection; inflating the second all the same is tolerated.',
    fault: 'keeps a context that was to be dropped',
    rule: 'RFC 7692 §7.1.1',
    close: EITHER,
    script: (agreed) => {
      const both = [message('hello hello'), message('hello hello')];
      const steps = [
        send([packedText('ca48cdc9c957c800910000'), packedText('ca40300100'), close(1000)]),
      ];
      if (mayReferBack(agreed)) return { steps, expect: both };
      return { steps, expect: both.slice(0, 1), tolerated: [both] };
    },
  },
  {
    description:
      'Sends "Hello" with a final block, and again as a reference to it if the context may be taken over. Expects both; forgetting the window over the final block is tolerated.',
    fault: 'forgets its window over a final block',
    rule: 'RFC 7692 §7.2.3.4',
    close: EITHER,
    script: (agreed) => ({
      steps: [
        send([
          packedText('f348cdc9c9070000'),
          packedText(AGAIN(mayReferBack(agreed))),
          close(1000),
        ]),
      ],
      expect: [message('Hello'), message('Hello')],
      tolerated: [[message('Hello')]],
    }),
  },
  {
    description:
      'Sends a message whose end refers back as far as the window that was agreed on reaches. Expects it back.',
    fault: 'has a smaller window than was agreed on',
    rule: 'RFC 7692 §7.1.2',
    script: (agreed) => {
      const distance = 2 ** (agreed?.runner.windowBits ?? 15);
      const start = corpus('json').octets.subarray(0, distance);
      const payload = Buffer.concat([start, repeatOf(start.subarray(0, LONGEST_MATCH))]);
      const packed = Buffer.concat([storedBlock(start), matchFrom(distance)]);
      return {
        steps: [send([text(new Uint8Array(packed), COMPRESSED)])],
        expect: [message(new Uint8Array(payload))],
      };
    },
  },
];

const LONGEST_MATCH = 258;

/** What a match of the longest length copies from octets that may be fewer. */
function repeatOf(octets: Uint8Array): Uint8Array {
  return new Uint8Array(Buffer.alloc(LONGEST_MATCH, octets));
}

/**
 * A block with fixed codes (RFC 1951 §3.2.6) that has a match of 258 octets, and the header of the empty block behind it.
 *
 * @param distance - A power of two, 256 to 32,768: the last one of its code.
 */
function matchFrom(distance: number): Uint8Array {
  const bits: number[] = [0, 1, 0];
  const code = (value: number, width: number): void => {
    for (let bit = width - 1; bit >= 0; bit -= 1) bits.push((value >> bit) & 1);
  };
  const extra = Math.log2(distance) - 2;
  code(0b11000101, 8); // the length code 285: 258
  code(extra * 2 + 3, 5);
  for (let bit = 0; bit < extra; bit += 1) bits.push(1);
  code(0, 7); // the end of the block
  bits.push(0, 0, 0);
  const octets = new Uint8Array(Math.ceil(bits.length / 8));
  for (const [at, bit] of bits.entries()) {
    octets[at >> 3] = (octets[at >> 3] as number) | (bit << (at & 7));
  }
  return octets;
}

/** Offers that break a rule, what they do wrong, and where that is said. */
const BAD_OFFERS: readonly (readonly [offer: string, wrong: string, rule: string])[] = [
  ['permessage-deflate; level=6', 'an unknown parameter', '§7.1'],
  [
    'permessage-deflate; server_no_context_takeover; server_no_context_takeover',
    'a parameter twice',
    '§7.1',
  ],
  [
    'permessage-deflate; client_max_window_bits; client_max_window_bits=10',
    'a parameter twice, once with a value',
    '§7.1',
  ],
  [
    'permessage-deflate; server_no_context_takeover=1',
    'a value of a parameter that has none',
    '§7.1.1.1',
  ],
  [
    'permessage-deflate; client_no_context_takeover=true',
    'a value of a parameter that has none',
    '§7.1.1.2',
  ],
  ['permessage-deflate; server_max_window_bits', 'no value where one must be', '§7.1.2.1'],
  ['permessage-deflate; server_max_window_bits=7', 'a window of 2^7 octets', '§7.1.2.1'],
  ['permessage-deflate; server_max_window_bits=16', 'a window of 2^16 octets', '§7.1.2.1'],
  ['permessage-deflate; server_max_window_bits=010', 'a number with a leading zero', '§7.1.2.1'],
  ['permessage-deflate; server_max_window_bits=+10', 'a number with a sign', '§7.1.2.1'],
  ['permessage-deflate; client_max_window_bits=7', 'a window of 2^7 octets', '§7.1.2.2'],
  ['permessage-deflate; client_max_window_bits=1000', 'a window of 2^1000 octets', '§7.1.2.2'],
  ['permessage-deflate; client_max_window_bits=0x0a', 'a hexadecimal number', '§7.1.2.2'],
  ['permessage-deflate; client_max_window_bits=""', 'an empty value', '§7.1.2.2'],
];

const DECLINES: RequestOutcome = { verdict: 'OK', opens: true, extensions: 'none' };

function offering(
  how: string,
  field: string | readonly string[],
  fault: string,
  outcomes: readonly RequestOutcome[],
  rule = '§5.1',
): RequestRow {
  return {
    what: `an upgrade request that offers permessage-deflate ${how}`,
    rule: `RFC 7692 ${rule}`,
    fault,
    request: { fields: { 'Sec-WebSocket-Extensions': field } },
    outcomes,
  };
}

const OFFERS: readonly RequestRow[] = [
  ...BAD_OFFERS.map(([offer, wrong, rule]) =>
    offering(
      `with ${wrong}: ${offer}`,
      offer,
      `accepts an offer of permessage-deflate with ${wrong}`,
      [DECLINES, refused([400])],
      rule,
    ),
  ),
  offering(
    'with its value in quotes',
    'permessage-deflate; server_max_window_bits="10"',
    'stumbles over a quoted value in an offer of permessage-deflate',
    [OPENS],
    '§5.2',
  ),
  offering(
    'on two lines',
    ['permessage-deflate; server_max_window_bits=10', 'permessage-deflate'],
    'stumbles over offers of permessage-deflate on two lines',
    [OPENS],
  ),
  offering(
    'with a window of 2^7 octets, and behind it without',
    'permessage-deflate; server_max_window_bits=7, permessage-deflate',
    'takes the rules of one offer for those of the next',
    [OPENS, refusedAgainst([400], 'it could have declined the first offer alone')],
  ),
  offering(
    'two hundred times, with a window of 2^8 to 2^15 octets',
    Array.from(
      { length: 200 },
      (_none, index) => `permessage-deflate; server_max_window_bits=${8 + (index % 8)}`,
    ).join(', '),
    'stumbles over many offers of permessage-deflate',
    [OPENS, CLIENT_ERROR],
  ),
];

export const WINDOWS_C: readonly RoundsCase[] = ROUNDS;
export const CONTEXTS_C: readonly ScriptCase[] = deflateCases('C12', 'RFC 7692 §7.1', CONTEXTS);
export const OFFERS_C: readonly RequestCase[] = numberedRequests('C15', 'RFC 7692 §7.1', OFFERS);
