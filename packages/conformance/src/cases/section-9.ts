// Section 9: large messages and many round trips (RFC 6455 §5).
import { type FrameSpec, fragments, frame, repeat } from '../wire/frame.ts';
import {
  type Case,
  CLOSE,
  message,
  type RoundsCase,
  type ScriptCase,
  type WriteMode,
} from './case.ts';
import { send, timedClose } from './script-case.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const ROUNDS = 1000;

/** Text or binary, with the pattern that the payload repeats. */
interface Kind {
  readonly binary: boolean;
  readonly pattern: string;
}

interface Large extends Kind {
  readonly id: string;
  readonly octets: number;
  readonly seconds: number;
  /** Octets of payload in each frame, where the message is in fragments. */
  readonly fragmentOctets?: number;
  readonly write?: WriteMode;
}

function large(given: Large): ScriptCase {
  const { binary, octets, fragmentOctets, write } = given;
  const kind = binary ? 'binary' : 'text';
  const cut =
    fragmentOctets === undefined
      ? ''
      : fragmentOctets < octets
        ? ` in fragments of ${grouped(fragmentOctets)}`
        : ' in one frame';
  const pieces = write === undefined ? '' : `, written in pieces of ${write}`;
  const opcode = binary ? 2 : 1;
  return {
    kind: 'script',
    id: given.id,
    description: `Sends a ${kind} message of ${grouped(octets)} octets${cut}${pieces}. Expects its echo, then a clean close.`,
    rule: fragmentOctets === undefined ? 'RFC 6455 §5.2' : 'RFC 6455 §5.4',
    fault: `does not echo a ${kind} message of ${grouped(octets)} octets${cut}${pieces === '' ? '' : ` that arrives in pieces of ${write}`}`,
    script: () => {
      const payload = repeat(given.pattern, octets);
      const frames: FrameSpec[] =
        fragmentOctets === undefined
          ? [frame(opcode, payload)]
          : fragments(opcode, payload, fragmentOctets);
      return { steps: [send(frames, write)], expect: [message(payload, binary)] };
    },
    close: CLOSE.N,
    limit: timedClose(given.seconds),
    compare: 'length',
  };
}

function growing(group: string, kind: Kind, seconds: readonly number[]): ScriptCase[] {
  const sizes = [64 * KIB, 256 * KIB, MIB, 4 * MIB, 8 * MIB, 16 * MIB];
  return sizes.map((octets, index) =>
    large({ id: `${group}.${index + 1}`, octets, seconds: seconds[index] ?? 100, ...kind }),
  );
}

const FRAGMENT_SIZES = [64, 256, KIB, 4 * KIB, 16 * KIB, 64 * KIB, 256 * KIB, MIB, 4 * MIB];

function fragmented(group: string, kindOf: (index: number) => Kind): ScriptCase[] {
  return FRAGMENT_SIZES.map((fragmentOctets, index) =>
    large({
      id: `${group}.${index + 1}`,
      octets: 4 * MIB,
      seconds: 100,
      fragmentOctets,
      ...kindOf(index),
    }),
  );
}

function chopped(group: string, kind: Kind): ScriptCase[] {
  return [64, 128, 256, 512, 1024, 2048].map((write, index) =>
    large({ id: `${group}.${index + 1}`, octets: MIB, seconds: 1000, write, ...kind }),
  );
}

const ROUND_SIZES: readonly (readonly [octets: number, seconds: number])[] = [
  [0, 60],
  [16, 60],
  [64, 60],
  [256, 120],
  [1024, 240],
  [4096, 480],
];

function rounds(group: string, { binary, pattern }: Kind): RoundsCase[] {
  const kind = binary ? 'binary' : 'text';
  return ROUND_SIZES.map(([octets, seconds], index): RoundsCase => {
    const message = { octets: repeat(pattern, octets), key: `${kind} ${octets}` };
    return {
      kind: 'rounds',
      id: `${group}.${index + 1}`,
      description: `Sends ${grouped(ROUNDS)} ${kind} messages of ${grouped(octets)} octets, each when the echo of the one before is in. Expects every echo, then a clean close.`,
      rule: 'RFC 6455 §5.6',
      fault: `does not echo ${kind} messages of ${grouped(octets)} octets one after the other`,
      binary,
      limit: timedClose(seconds),
      count: ROUNDS,
      fullCount: ROUNDS,
      message: () => message,
    };
  });
}

function grouped(count: number): string {
  return count.toLocaleString('en-US');
}

const TEXT: Kind = { binary: false, pattern: 'BAsd7&jh23' };
const BINARY: Kind = { binary: true, pattern: '<00 fe 23 fa f0>' };
const STARS: Kind = { binary: false, pattern: '*' };
const FE: Kind = { binary: true, pattern: '<fe>' };

/** Large messages and round trips. */
export const SECTION_9: readonly Case[] = [
  ...growing('9.1', TEXT, [10, 10, 100, 100, 100, 100]),
  ...growing('9.2', BINARY, [10, 10, 10, 10, 100, 100]),
  ...fragmented('9.3', () => STARS),
  // Stars in all but the first.
  ...fragmented('9.4', (index) => (index === 0 ? FE : { ...STARS, binary: true })),
  ...chopped('9.5', TEXT),
  ...chopped('9.6', BINARY),
  ...rounds('9.7', STARS),
  ...rounds('9.8', FE),
];
