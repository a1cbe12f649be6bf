// C1, C3, C4, C8 to C10 and C14: compressed messages in all the forms that RFC 7692 has for them.
import {
  binary,
  close,
  continuation,
  fragments,
  MORE,
  octetsOf,
  ping,
  pong,
  repeat,
  text,
} from '../wire/frame.ts';
import { message, pongEvent, type ScriptCase } from './case.ts';
import { corpus } from './corpora.ts';
import {
  COMPRESSED,
  type DeflateRow,
  type DeflateScript,
  deflateCases,
  packed,
  packedBinary,
  packedText,
  stored,
} from './deflate-case.ts';
import { EITHER } from './own-case.ts';
import { send, timedClose } from './script-case.ts';

const HELLO = 'ca48cdc9c90700';
const GREEK = '\u03ba\u1f79\u03c3\u03bc\u03b5';

const FORMS: readonly DeflateRow[] = [
  {
    fault: 'does not inflate a message of one block with fixed codes',
    steps: [send([packedText(HELLO)])],
    expect: [message('hello')],
  },
  {
    fault: 'does not take a compressed message without any octet for an empty one',
    note: 'RFC 7692 §7.2.3.6 asks the sender for at least 00; failing the connection is tolerated.',
    steps: [send([packedText(''), close(1000)])],
    expect: [message('')],
    tolerated: [[]],
    close: EITHER,
  },
  {
    fault: 'does not inflate 00 to an empty message',
    rule: 'RFC 7692 §7.2.3.6',
    steps: [send([packedText('00')])],
    expect: [message('')],
  },
  {
    fault: 'does not inflate a message that kept the 00 00 ff ff at its end',
    note: 'The sender should have removed them (RFC 7692 §7.2.1); failing the connection is tolerated.',
    steps: [send([packedText(`${HELLO}0000ffff`), close(1000)])],
    expect: [message('hello')],
    tolerated: [[]],
    close: EITHER,
  },
  {
    fault: 'does not join the fragments of a compressed message before it inflates them',
    rule: 'RFC 7692 §6.2',
    steps: [send([packedText('ca48', MORE), continuation('<cdc9c90700>')])],
    expect: [message('hello')],
  },
  {
    fault: 'does not inflate a message with an octet in each frame',
    rule: 'RFC 7692 §6.2',
    steps: [send(fragments(1, octetsOf(`<${HELLO}>`), 1, 4), 'frames')],
    expect: [message('hello')],
  },
  {
    fault: 'loses that a message is compressed when its first fragment is empty',
    rule: 'RFC 7692 §6.2',
    steps: [
      send([
        packedText('', MORE),
        continuation(`<${HELLO}>`, MORE),
        continuation('', MORE),
        continuation(),
      ]),
    ],
    expect: [message('hello')],
  },
  {
    fault: 'does not inflate a block that is stored as it is',
    rule: 'RFC 7692 §7.2.3.3',
    steps: [send([packedText('000500faff48656c6c6f00')])],
    expect: [message('Hello')],
  },
  {
    fault: 'does not inflate a message of several blocks',
    rule: 'RFC 7692 §7.2.3.5',
    steps: [send([packedText('f248050000 00ffffcac9c90700')])],
    expect: [message('Hello')],
  },
  {
    fault: 'does not inflate a compressed binary message',
    steps: [send([packedBinary(HELLO)])],
    expect: [message('hello', true)],
  },
  {
    fault: 'checks the UTF-8 of a compressed text before it has all of it',
    rule: 'RFC 7692 §7.2.2',
    steps: [send(fragments(1, packed(GREEK), 3, 4), 'frames')],
    expect: [message(GREEK)],
  },
];

const FINAL_BLOCKS: readonly DeflateRow[] = [
  {
    fault: 'cannot inflate another message behind one with a final block',
    steps: [send([packedText('cb48cdc9c90700'), packedText(HELLO)])],
    expect: [message('hello'), message('hello')],
  },
  {
    fault: 'cannot inflate an uncompressed block that is the final one',
    steps: [send([packedText('010500faff48656c6c6f00'), packedText(HELLO)])],
    expect: [message('Hello'), message('hello')],
  },
];

const BEHIND_FINAL: readonly DeflateRow[] = [
  {
    fault: 'does not inflate a message with a final block and an empty one',
    steps: [send([packedText('f348cdc9c9070000')])],
    expect: [message('Hello')],
  },
  {
    fault: 'leaves out the blocks of a message that come behind a final one',
    note: 'They are the rest of the message; leaving them out or failing the connection is tolerated.',
    steps: [send([packedText(`cb48cdc9c90700${HELLO}`), close(1000)])],
    expect: [message('hellohello')],
    tolerated: [[message('hello')], []],
    close: EITHER,
  },
  {
    fault: 'passes over octets behind a final block that are not DEFLATE',
    note: 'Passing over them is tolerated.',
    steps: [send([packedText('cb48cdc9c90700deadbeef'), close(1000)])],
    expect: [],
    tolerated: [[message('hello')]],
    close: EITHER,
  },
];

const SIZES: readonly DeflateScript[] = [
  ...[65_535, 65_536, 65_537].map(
    (size): DeflateScript => ({
      description: `Sends ${size} times the letter a, compressed to less than a thousandth. Expects it back, then a clean close.`,
      fault: `does not inflate a message to ${size} octets`,
      script: () => {
        const payload = repeat('a', size);
        return { steps: [send([text(packed(payload), COMPRESSED)])], expect: [message(payload)] };
      },
    }),
  ),
  {
    description:
      'Sends 65,535 octets of a picture as a stored block, so that the payload is longer than the message. Expects them back, then a clean close.',
    fault: 'does not inflate a payload that is longer than its message',
    script: () => {
      const payload = corpus('picture').octets.subarray(0, 65_535);
      return {
        steps: [send([binary(stored(payload), COMPRESSED)])],
        expect: [message(payload, true)],
      };
    },
  },
  {
    description:
      'Sends a megabyte of JSON compressed, in frames of 1,000 octets and in pieces of 997. Expects it back, then a clean close.',
    fault: 'does not inflate a megabyte in many fragments',
    limit: timedClose(10),
    script: () => {
      const payload = corpus('json').slice(1 << 20, 0).octets;
      return {
        steps: [send(fragments(1, packed(payload), 1000, 4), 997)],
        expect: [message(payload)],
      };
    },
  },
];

/** 4 MiB in 4 KiB: no more than a case of section 9 sends, at a thousandth of its price. */
function zeros(frameBytes: number): DeflateScript {
  const frames = frameBytes === Infinity ? 'in one frame' : `in frames of ${frameBytes} octets`;
  return {
    description: `Sends 4 MiB of zeros, compressed to about 4 KiB, ${frames}, and a Close. Expects the message back; a limit (1009) is tolerated.`,
    fault:
      'does not deliver a message that becomes a thousand times as long, and does not refuse it',
    limit: timedClose(10),
    close: EITHER,
    script: () => {
      const payload = new Uint8Array(4 << 20);
      return {
        steps: [send([...fragments(2, packed(payload), frameBytes, 4), close(1000)])],
        expect: [message(payload, true)],
        tolerated: [[]],
      };
    },
  };
}

const MIXED: readonly DeflateRow[] = [
  {
    fault: 'does not take an uncompressed message on a connection with compression',
    rule: 'RFC 7692 §6',
    steps: [send([text('hello')])],
    expect: [message('hello')],
  },
  {
    fault: 'mixes up compressed and uncompressed messages',
    rule: 'RFC 7692 §6',
    steps: [
      send([
        packedText(HELLO),
        text('plain'),
        packedBinary('00'),
        binary('<00fe>'),
        packedText(HELLO),
      ]),
    ],
    expect: [
      message('hello'),
      message('plain'),
      message('', true),
      message(Uint8Array.of(0, 0xfe), true),
      message('hello'),
    ],
  },
  {
    fault: 'does not answer a ping between the fragments of a compressed message',
    rule: 'RFC 7692 §6.1',
    steps: [send([packedText('ca48', MORE), ping('ping'), continuation('<cdc9c90700>')])],
    expect: [pongEvent('ping'), message('hello')],
  },
  {
    fault: 'stumbles over control frames between the fragments of a compressed message',
    rule: 'RFC 7692 §6.1',
    steps: [
      send(
        [
          packedBinary('', MORE),
          pong('unsolicited'),
          continuation('<ca48>', MORE),
          ping('1'),
          continuation('<cdc9c907>', MORE),
          ping('2'),
          continuation('<00>'),
        ],
        'frames',
      ),
    ],
    expect: [pongEvent('1'), pongEvent('2'), message('hello', true)],
  },
  {
    fault: 'delivers a part of a compressed message whose rest a Close cuts off',
    rule: 'RFC 6455 §5.5.1',
    steps: [send([packedText('ca48', MORE), close(1000)])],
    expect: [],
  },
  {
    fault: 'takes the fragments of an uncompressed message for compressed ones',
    rule: 'RFC 7692 §6.2',
    steps: [
      send([packedText(HELLO), text('frag', MORE), continuation('', MORE), continuation('ment')]),
    ],
    expect: [message('hello'), message('fragment')],
  },
  {
    fault: 'loses a compressed message whose frame has its length in 16 bits',
    rule: 'RFC 7692 §6.1',
    steps: [send([text(stored(repeat('*', 200)), COMPRESSED)])],
    expect: [message(repeat('*', 200))],
  },
];

const RULE = 'RFC 7692 §7.2.2';

export const FORMS_C: readonly ScriptCase[] = deflateCases('C1', RULE, FORMS);
export const FINAL_C: readonly ScriptCase[] = [
  ...deflateCases('C3', 'RFC 7692 §7.2.3.4', FINAL_BLOCKS),
  ...deflateCases('C4', 'RFC 7692 §7.2.3.4', BEHIND_FINAL),
];
export const SIZES_C: readonly ScriptCase[] = [
  ...deflateCases('C8', RULE, SIZES),
  ...deflateCases('C9', RULE, [zeros(Infinity)]),
  ...deflateCases('C10', RULE, [zeros(64)]),
];
export const MIXED_C: readonly ScriptCase[] = deflateCases('C14', 'RFC 7692 §6', MIXED);
