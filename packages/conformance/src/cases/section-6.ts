// Section 6: text is UTF-8 (RFC 6455 §8.1).
import { continuation, type FrameSpec, fragments, MORE, octetsOf, text } from '../wire/frame.ts';
import { type Case, CLOSE, type Event, message, type ScriptCase, type Step } from './case.ts';
import { kill, scriptCase, send, timedClose } from './script-case.ts';
import { UTF8_GROUPS, type Utf8Group } from './utf8-groups.ts';

const KOS = octetsOf('<ce ba e1 bd b9 cf 83 ce bc ce b5>');
const LATIN = octetsOf('<48656c6c6f2dc2b540c39fc3b6c3a4 c3bcc3a0c3a12d5554462d382121>');
const WITH_SURROGATE = octetsOf('<cebae1bdb9cf83cebcceb5 eda080 656469746564>');
const MIDDLE = 'middle frame payload';

function valid(
  id: string,
  frames: readonly FrameSpec[],
  fault: string,
  payload: string | Uint8Array,
): ScriptCase {
  return scriptCase({
    id,
    rule: 'RFC 6455 §5.6',
    fault,
    steps: [send(frames)],
    expect: [message(payload)],
    close: CLOSE.N,
    limit: timedClose(1),
  });
}

function invalid(id: string, frames: readonly FrameSpec[], fault: string): ScriptCase {
  return scriptCase({
    id,
    rule: 'RFC 6455 §8.1',
    fault,
    steps: [send(frames)],
    close: CLOSE.U,
    limit: kill(1),
  });
}

const A: Event = { event: 'mark', mark: 'A' };
const B: Event = { event: 'mark', mark: 'B' };

/** A peer that has not failed the connection when `B` comes waits for the end of the message. */
function failsFast(id: string, steps: readonly [Step, Step, ...Step[]]): ScriptCase {
  const [one, two, ...three] = steps;
  return scriptCase({
    id,
    rule: 'RFC 6455 §8.1',
    fault: 'notices text that is not UTF-8 only at the end of the message, or never',
    steps: [one, { do: 'pause', mark: 'A' }, two, { do: 'pause', mark: 'B' }, ...three],
    expect: [A],
    tolerated: [[A, B]],
    close: CLOSE.U,
    limit: kill(1),
    note: 'A careful peer fails the connection between A and B, as soon as the text is wrong.',
  });
}

/** The three parts as three frames. */
function inFrames(id: string, one: string, two: string, three: string): ScriptCase {
  return failsFast(id, [
    send([text(octetsOf(one), MORE)]),
    send([continuation(octetsOf(two), MORE)]),
    send([continuation(octetsOf(three))]),
  ]);
}

/** The three parts as parts of one frame. */
function inOneFrame(id: string, one: string, two: string, three: string): ScriptCase {
  const parts = [one, two, three].map(octetsOf);
  const payload = new Uint8Array(Buffer.concat(parts));
  const whole = text(payload, MORE);
  const first = parts[0]?.length ?? 0;
  const second = first + (parts[1]?.length ?? 0);
  return failsFast(id, [
    { do: 'part', frame: whole, from: 0, to: first },
    { do: 'part', frame: whole, from: first, to: second },
    { do: 'part', frame: whole, from: second, to: payload.length },
    send([continuation()]),
  ]);
}

const AFTER_CODE_POINT = ['<cebae1bdb9cf83cebcceb5>', '<f4908080>', '<656469746564>'] as const;
const IN_CODE_POINT = ['<cebae1bdb9cf83cebcceb5 f4>', '<90>', '<8080 656469746564>'] as const;

function group({ number, topic, texts }: Utf8Group): ScriptCase[] {
  return texts.map((given, index) => {
    const wrong = given.startsWith('!');
    const payload = octetsOf(`<${wrong ? given.slice(1) : given}>`);
    return scriptCase({
      id: `6.${number}.${index + 1}`,
      rule: 'RFC 6455 §8.1',
      fault: wrong
        ? `accepts text that is not UTF-8: ${topic}`
        : `does not echo valid text: ${topic}`,
      steps: [send([text(payload)])],
      expect: wrong ? [] : [message(payload)],
      close: wrong ? CLOSE.U : CLOSE.N,
      limit: kill(0.5),
    });
  });
}

/** UTF-8. */
export const SECTION_6: readonly Case[] = [
  valid('6.1.1', [text()], 'does not echo an empty text message', ''),
  valid(
    '6.1.2',
    [text('', MORE), continuation('', MORE), continuation()],
    'does not echo a message of three empty fragments as an empty one',
    '',
  ),
  valid(
    '6.1.3',
    [text('', MORE), continuation(MIDDLE, MORE), continuation()],
    'does not echo a message whose first and last fragments are empty',
    MIDDLE,
  ),
  valid('6.2.1', [text(LATIN)], 'does not echo valid text unchanged', LATIN),
  valid(
    '6.2.2',
    [text(LATIN.subarray(0, 15), MORE), continuation(LATIN.subarray(15))],
    'does not echo valid text that is cut between two code points',
    LATIN,
  ),
  valid(
    '6.2.3',
    fragments(1, LATIN, 1),
    'refuses valid text whose code points are split over fragments, or corrupts it',
    LATIN,
  ),
  valid(
    '6.2.4',
    fragments(1, KOS, 1),
    'refuses valid text whose code points are split over fragments, or corrupts it',
    KOS,
  ),
  invalid('6.3.1', [text(WITH_SURROGATE)], 'accepts text with a surrogate, which is not UTF-8'),
  invalid(
    '6.3.2',
    fragments(1, WITH_SURROGATE, 1),
    'accepts text that is not UTF-8 when it comes in fragments of one octet',
  ),
  inFrames('6.4.1', ...AFTER_CODE_POINT),
  inFrames('6.4.2', ...IN_CODE_POINT),
  inOneFrame('6.4.3', ...AFTER_CODE_POINT),
  inOneFrame('6.4.4', ...IN_CODE_POINT),
  ...UTF8_GROUPS.flatMap(group),
];
