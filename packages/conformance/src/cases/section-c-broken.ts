// C2, C6 and C7: compressed messages that break a rule.
import { Buffer } from 'node:buffer';
import {
  binary,
  close,
  continuation,
  MORE,
  octetsOf,
  ping,
  pong,
  repeat,
  text,
} from '../wire/frame.ts';
import { CLOSE, message, peerFails, type ScriptCase } from './case.ts';
import {
  breaks,
  COMPRESSED,
  type DeflateRow,
  deflateCases,
  packed,
  packedBinary,
  packedText,
} from './deflate-case.ts';
import { send, timedClose } from './script-case.ts';

const HELLO = 'ca48cdc9c90700';

const BROKEN: readonly DeflateRow[] = [
  breaks('accepts a block of the reserved type 3', [packedBinary('ffffffff')]),
  breaks('accepts a distance behind the beginning of all messages', [packedBinary('038200')]),
  breaks('accepts a distance of two behind one octet', [packedBinary('4a0442000000')]),
  breaks('accepts a stored block whose lengths differ', [packedBinary('000500fafe68656c6c6f00')]),
  breaks('takes the end of a flush for octets of a stored block', [
    packedBinary('000500faff68656c'),
  ]),
  breaks('accepts a code of code lengths that has too many codes', [
    packedBinary('04e09324499224499200'),
  ]),
  breaks('accepts a code of code lengths that has too few codes', [packedBinary('04003600')]),
  breaks('accepts a dynamic block that repeats a code length before the first', [
    packedBinary('040002240000'),
  ]),
  breaks('accepts a dynamic block with 288 literal and length codes', [packedBinary('fc00000000')]),
  breaks('accepts a dynamic block without a code for its end', [
    packedBinary('04c081000000000010feab010000'),
  ]),
  breaks('accepts the length code 286', [packedBinary('62180300')]),
  breaks('accepts the distance code 30', [packedBinary('4a043e0000')]),
  breaks('accepts a broken block in the last fragment of a text', [
    packedText(HELLO.slice(0, -2), MORE),
    continuation('<06>'),
  ]),
];

function reserved(fault: string, frames: DeflateRow['steps']): DeflateRow {
  return { fault, steps: frames, close: peerFails(1002), limit: timedClose(1) };
}

const BITS: readonly DeflateRow[] = [
  reserved('accepts RSV1 on the second fragment of a compressed message', [
    send([packedText('ca48', MORE), continuation('<cdc9c90700>', COMPRESSED)]),
  ]),
  reserved('accepts RSV1 on the second fragment of an uncompressed message', [
    send([text('fragment1', MORE), continuation(octetsOf(`<${HELLO}>`), COMPRESSED)]),
  ]),
  reserved('accepts RSV1 on an empty last fragment', [
    send([packedText(HELLO, MORE), continuation('', COMPRESSED)]),
  ]),
  reserved('accepts a ping with RSV1', [send([ping('<00>', COMPRESSED)])]),
  reserved('accepts a pong with RSV1', [send([pong(octetsOf(`<${HELLO}>`), COMPRESSED)])]),
  reserved('ignores RSV1 on a Close frame', [send([{ ...close(3000), ...COMPRESSED }])]),
  reserved('accepts a ping with RSV1 between the fragments of a compressed message', [
    send([packedText('ca48', MORE), ping('<00>', COMPRESSED), continuation('<cdc9c90700>')]),
  ]),
  reserved('accepts RSV2 on a compressed message', [send([packedText(HELLO, { rsv: 6 })])]),
  reserved('accepts RSV3 on a compressed message', [send([packedBinary(HELLO, { rsv: 5 })])]),
  reserved('accepts RSV2 on an uncompressed message', [send([text('hello', { rsv: 2 })])]),
  reserved('accepts RSV3 on an uncompressed message', [send([binary('hello', { rsv: 1 })])]),
];

function invalid(fault: string, frames: DeflateRow['steps']): DeflateRow {
  return { fault, steps: frames, close: CLOSE.U, limit: timedClose(1) };
}

const TEXTS: readonly DeflateRow[] = [
  invalid('does not check the UTF-8 of a text after it has inflated it', [
    send([packedText('faff0f00')]),
  ]),
  invalid('accepts a compressed text that ends in the middle of a code point', [
    send([text(packed('<6dc3a4e282>'), COMPRESSED)]),
  ]),
  invalid('accepts a surrogate in a compressed text', [
    send([text(packed('<6deda0806d>'), COMPRESSED)]),
  ]),
  invalid('accepts octets that are not UTF-8 at the end of a long compressed text', [
    send([text(packed(Buffer.concat([repeat('meerkat ', 65_536), octetsOf('<ff>')])), COMPRESSED)]),
  ]),
  {
    fault: 'checks the UTF-8 of a binary message',
    steps: [send([packedBinary('faff0f00')])],
    expect: [message(Uint8Array.of(0xff, 0xfe), true)],
  },
  {
    fault: 'takes the compressed octets of a text for its UTF-8',
    steps: [send([text(packed('m\u00e4rchen \u20ac \u{1f43e}'), COMPRESSED)])],
    expect: [message('m\u00e4rchen \u20ac \u{1f43e}')],
  },
];

export const BROKEN_C: readonly ScriptCase[] = deflateCases('C2', 'RFC 1951 §3.2', BROKEN);
export const BITS_C: readonly ScriptCase[] = [
  ...deflateCases('C6', 'RFC 7692 §6.1', BITS),
  ...deflateCases('C7', 'RFC 6455 §8.1', TEXTS),
];
