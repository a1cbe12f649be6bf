// Any compressed messages, however cut, become what a second reading of RFC 1951 and RFC 7692 makes of them, or the failure that it finds.
import { connect } from 'meerkat';
import { maxCompressedBytes } from 'meerkat/protocol';
import {
  type CompressedMessage,
  compressedMessage,
  decodeMessages,
  encodeMessage,
  MessageFlag,
} from '../generate/compressed.ts';
import { hold, same } from '../invariant.ts';
import { encodeFrame } from '../reference/frames.ts';
import { inflate } from '../reference/inflate.ts';
import { ScriptedServer } from '../scripted-server.ts';
import type { FuzzTarget } from '../target.ts';

/** What the first octet of an input says. */
interface Terms {
  readonly maxMessageBytes: number;
  /** Of what the server sends. */
  readonly takeover: boolean;
  readonly windowBits: number;
}

/** What came of a stream: messages as `text 6869` or `binary …`, and the code of the end. */
interface Reading {
  readonly messages: readonly string[];
  readonly code: number;
}

const NORMAL = 1000;
/** The catalogue bounds the final blocks of a message. */
const MOST_FINAL_BLOCKS = 16;
/** Beyond a limit zlib may go on for a piece of its output: what is wrong there may be found first. */
const PIECE = 65_536;

const words = [
  'ca48cdc9c90700',
  'cb48cdc9c90700',
  'f248cdc9c90700',
  '000000ffff',
  '0000ffff',
  '0382',
  '06',
  '00',
];

/** The octets are the terms (see `termsOf`) and messages (see `encodeMessage`). */
export const target: FuzzTarget = {
  name: 'inflate',
  form: 'octets',
  dictionary: words.map((word) => Uint8Array.from(Buffer.from(word, 'hex'))),
  generate: (random) => {
    const parts: Uint8Array[] = [Uint8Array.of(random.bits() & 0xff)];
    let window = Buffer.alloc(0);
    for (let left = 1 + random.below(4); left > 0; left -= 1) {
      const { message, content } = compressedMessage(random, window);
      parts.push(encodeMessage(message));
      window = Buffer.concat([window, content]).subarray(-4096);
    }
    return Uint8Array.from(Buffer.concat(parts));
  },
  run: async (input) => {
    const terms = termsOf(input[0] ?? 0);
    const messages = decodeMessages(input.subarray(1));
    const wanted = expected(messages, terms);
    const { messages: got, code } = await read(messages, terms);
    same(got, wanted.messages, 'the messages of a second reading');
    hold(wanted.codes.includes(code), 'its end', () => `${code}, not ${wanted.codes.join(', ')}`);
  },
};

function termsOf(octet: number): Terms {
  return {
    // The larger one is more than is inflated on the event loop at once.
    maxMessageBytes: (octet & 1) === 0 ? 300 : 20_000,
    takeover: (octet & 2) === 0,
    windowBits: (octet & 4) === 0 ? 9 : 15,
  };
}

/** What the messages stand for, up to the first one that may not be. */
function expected(
  messages: readonly CompressedMessage[],
  { maxMessageBytes, takeover, windowBits }: Terms,
): { readonly messages: readonly string[]; readonly codes: readonly number[] } {
  const read: string[] = [];
  let window: Uint8Array = new Uint8Array(0);
  for (const { flags, payload } of messages) {
    let octets = payload;
    // All that is wrong with it: which of it shows first is up to how it is cut.
    const codes: number[] = [];
    if ((flags & MessageFlag.Plain) === 0) {
      if (payload.length > maxCompressedBytes(maxMessageBytes)) {
        return { messages: read, codes: [1009] };
      }
      const inflated = inflate(payload, window, maxMessageBytes + PIECE, MOST_FINAL_BLOCKS);
      octets = inflated.octets;
      if (inflated.broken) codes.push(1007);
      if (inflated.finalBlocks === MOST_FINAL_BLOCKS) codes.push(1008);
      if (takeover) window = Buffer.concat([window, octets]).subarray(-(2 ** windowBits));
    } else if ((flags & MessageFlag.Text) !== 0 && !isUtf8(octets)) codes.push(1007);
    if (octets.length > maxMessageBytes) codes.push(1009);
    if (codes.length > 0) {
      // While a large one is inflated beside the loop, what is wrong with frames behind it is seen first.
      return { messages: read, codes: [...codes, ...frameFaults(messages, maxMessageBytes)] };
    }
    const hex = Buffer.from(octets).toString('hex');
    if ((flags & MessageFlag.Text) === 0) read.push(`binary ${hex}`);
    else if (isUtf8(octets)) read.push(`text ${hex}`);
    else return { messages: read, codes: [1007] };
  }
  return { messages: read, codes: [NORMAL] };
}

/** What can be wrong with messages before they are inflated. */
function frameFaults(messages: readonly CompressedMessage[], maxMessageBytes: number): number[] {
  return messages.flatMap(({ flags, payload }) => {
    const plain = (flags & MessageFlag.Plain) !== 0;
    const most = plain ? maxMessageBytes : maxCompressedBytes(maxMessageBytes);
    if (payload.length > most) return [1009];
    return plain && (flags & MessageFlag.Text) !== 0 && !isUtf8(payload) ? [1007] : [];
  });
}

/** What a client of meerkat makes of them. */
async function read(messages: readonly CompressedMessage[], terms: Terms): Promise<Reading> {
  const { maxMessageBytes, takeover, windowBits } = terms;
  const bits = windowBits === 15 ? '' : `; server_max_window_bits=${windowBits}`;
  const server = new ScriptedServer(
    `permessage-deflate${takeover ? bits : `${bits}; server_no_context_takeover`}`,
  );
  const got: string[] = [];
  try {
    const sent = server.send(chunksOf(messages));
    const connection = await connect('ws://fuzz.invalid/', {
      createConnection: () => server.clientEnd,
      maxMessageBytes,
      pingInterval: 0,
      compression: { windowBits, serverNoContextTakeover: false },
      message: (_, message) => {
        const kind = typeof message === 'string' ? 'text' : 'binary';
        got.push(`${kind} ${Buffer.from(message as string).toString('hex')}`);
      },
    });
    const closed = await connection.closed;
    await sent;
    return { messages: got, code: closed.code };
  } finally {
    server.destroy();
  }
}

/** The frames of the messages and of a Close, in the chunks that the messages ask for. */
function chunksOf(messages: readonly CompressedMessage[]): Uint8Array[] {
  const chunks: Uint8Array[][] = [[]];
  for (const { flags, payload } of messages) {
    if ((flags & MessageFlag.NextTurn) !== 0) chunks.push([]);
    const opcode = (flags & MessageFlag.Text) === 0 ? 2 : 1;
    const head = opcode | ((flags & MessageFlag.Plain) === 0 ? 0x40 : 0);
    const chunk = chunks.at(-1) ?? [];
    if ((flags & MessageFlag.Fragmented) === 0) {
      chunk.push(encodeFrame({ head: 0x80 | head, payload, key: undefined }));
      continue;
    }
    const middle = payload.length >> 1;
    chunk.push(encodeFrame({ head, payload: payload.slice(0, middle), key: undefined }));
    const rest = encodeFrame({ head: 0x80, payload: payload.slice(middle), key: undefined });
    chunks.push([rest]);
  }
  chunks.at(-1)?.push(Uint8Array.of(0x88, 0x02, 0x03, 0xe8));
  return chunks.map((chunk) => Uint8Array.from(Buffer.concat(chunk)));
}

function isUtf8(octets: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(octets);
    return true;
  } catch {
    return false;
  }
}
