// A script in words. Reports and `/getCaseInfo` show them, so they are made from what is really sent.
import type { FrameSpec } from '../wire/frame.ts';
import type { CloseRule, Event, Script, Step, WriteMode } from './case.ts';

const NAMES: Readonly<Record<number, string>> = {
  0: 'continuation',
  1: 'text',
  2: 'binary',
  8: 'Close',
  9: 'ping',
  10: 'pong',
};

/** Longer payloads are shortened. */
const SHOWN_OCTETS = 48;
/** In a longer list of frames the middle is left out. */
const SHOWN_FRAMES = 8;

/** What is sent and what should happen, in plain sentences. */
export function describeScript(script: Script, close: CloseRule): string {
  const sent = script.steps.map(describeStep).filter((words) => words !== '');
  const sentence = sent.length === 0 ? 'Sends nothing.' : `Sends ${sent.join('; ')}.`;
  const end = describeEnd(script, close);
  if (close.informational === true) return `${sentence} ${end}.`;
  const events =
    script.expect.length === 0 ? 'no message' : shorten(script.expect.map(describeEvent));
  return `${sentence} Expects ${events}${end === '' ? '' : `, ${end}`}.`;
}

/** One frame in words: `unfinished text "fragment1" with RSV1`. */
function describeFrame(frame: FrameSpec): string {
  const words = [
    frame.fin ? '' : 'unfinished',
    frame.payload.length > 0 || frame.announces !== undefined || frame.opcode === 8 ? '' : 'empty',
    NAMES[frame.opcode] ?? `opcode ${frame.opcode}`,
    frame.opcode === 8 ? describeReason(frame.payload) : describeOctets(frame.payload),
    describeBits(frame.rsv),
    frame.lengthForm === undefined ? '' : `with its length in ${frame.lengthForm} bits`,
    frame.announces === undefined ? '' : `announcing ${grouped(frame.announces)} octets`,
    frame.masked === undefined ? '' : frame.masked ? 'masked' : 'not masked',
  ];
  return words.filter((word) => word !== '').join(' ');
}

/** Text in quotes, anything else as hex; long payloads by their beginning and their length. */
function describeOctets(octets: Uint8Array): string {
  if (octets.length === 0) return '';
  const [first] = octets;
  if (octets.length > 8 && octets.every((octet) => octet === first)) {
    return `of ${grouped(octets.length)} octets ${printable(octets.subarray(0, 1))}`;
  }
  if (octets.length <= SHOWN_OCTETS) return printable(octets);
  return `of ${grouped(octets.length)} octets ${printable(octets.subarray(0, 10))}…`;
}

function printable(octets: Uint8Array): string {
  const ascii = octets.every((octet) => octet >= 0x20 && octet < 0x7f);
  const buffer = Buffer.from(octets);
  return ascii ? `"${buffer.toString('latin1')}"` : `<${buffer.toString('hex')}>`;
}

function describeReason(payload: Uint8Array): string {
  if (payload.length === 0) return 'without a code';
  if (payload.length < 2) return describeOctets(payload);
  const code = (payload[0] as number) * 256 + (payload[1] as number);
  return `${code} ${describeOctets(payload.subarray(2))}`.trim();
}

function describeBits(rsv: number): string {
  const set = [4, 2, 1].flatMap((bit, index) => ((rsv & bit) === 0 ? [] : [`RSV${index + 1}`]));
  return set.length === 0 ? '' : `with ${set.join(', ').replace(/, (?=\w+$)/, ' and ')}`;
}

function describeStep(step: Step): string {
  switch (step.do) {
    case 'send':
      return describeFrames(step.frames) + describeWrite(step.write, step.frames.length);
    case 'part': {
      const part = describeOctets(step.frame.payload.subarray(step.from, step.to));
      const head = step.from === 0 ? `the beginning of ${describeFrame(step.frame)}, ` : '';
      return `${head}octets ${step.from} to ${step.to}: ${part}`;
    }
    case 'octets':
      return `the raw octets ${describeOctets(step.octets)}`;
    case 'pause':
      return step.mark === undefined ? 'after a pause' : `after a pause (${step.mark})`;
    case 'await':
      return 'when the answer is in';
    case 'flood': {
      const unread = step.reading === false ? ' without reading' : '';
      return `${grouped(step.times)} times ${describeFrames(step.frames)}${unread}`;
    }
    case 'fin':
      return 'the end of TCP, without a Close frame';
  }
}

function describeFrames(frames: readonly FrameSpec[]): string {
  return shorten(frames.map(describeFrame));
}

function shorten(words: readonly string[]): string {
  const [first] = words;
  if (words.length > 2 && words.every((word) => word === first)) {
    return `${grouped(words.length)} × ${first}`;
  }
  if (words.length <= SHOWN_FRAMES) return words.join(', ');
  return [...words.slice(0, 3), `… (${grouped(words.length)} in all)`, ...words.slice(-2)].join(
    ', ',
  );
}

function describeWrite(write: WriteMode | undefined, frames: number): string {
  if (write === 'frames') return ', one write a frame';
  if (typeof write === 'number') {
    return write === 1 ? ', octet by octet' : `, in pieces of ${write} octets`;
  }
  return frames > 1 ? ' in one write' : '';
}

function describeEvent(event: Event): string {
  if (event.event === 'mark') return `the connection to be open at ${event.mark}`;
  const name = event.event === 'pong' ? 'pong' : event.binary ? 'binary' : 'text';
  const content = describeOctets(event.payload);
  return content === '' ? `an empty ${name}` : `${name} ${content}`;
}

function describeEnd(script: Script, close: CloseRule): string {
  if (close.informational === true) return 'Nothing is demanded; what happens is shown';
  const codes = [...new Set(close.codes)].join(' or ');
  if (close.first === 'peer') {
    const which = close.codes.length > 2 ? 'with any of several codes' : `with ${codes}`;
    return `and the peer to fail the connection ${which}`;
  }
  if (close.first === 'any') return '';
  return closes(script) ? `and a Close in answer (${codes}, or no code)` : 'then a clean close';
}

function closes(script: Script): boolean {
  return script.steps.some(
    (step) => step.do === 'send' && step.frames.some((frame) => frame.opcode === 8),
  );
}

function grouped(count: number | bigint): string {
  return count.toLocaleString('en-US');
}
