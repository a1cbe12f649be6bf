import fc from 'fast-check';
import type { Role } from '../../../src/protocol/role.ts';
import { join, utf8 } from './octets.ts';
import { closePayload, encodeFrame, type ReferenceFrame } from './reference-frame.ts';
import { wellFormedText } from './text-arbitraries.ts';

/** Short texts that UTF-8 can hold. */
export const texts: fc.Arbitrary<string> = wellFormedText(12);

const keys = fc.oneof(fc.integer(), fc.constantFrom(0, 0x37fa213d));

interface Message {
  readonly contents: readonly [text: boolean, content: Uint8Array];
  /** Where it is cut into frames. */
  readonly cuts: readonly number[];
  /** Control frames that stand in front of each of its frames. */
  readonly control: readonly (readonly [head: number, payload: Uint8Array])[];
  readonly key: number;
}

/** Mostly good text, some binary, now and then text that is not UTF-8. */
const contents: fc.Arbitrary<readonly [text: boolean, content: Uint8Array]> = fc.oneof(
  { arbitrary: fc.tuple(fc.constant(true), texts.map(utf8)), weight: 8 },
  { arbitrary: fc.tuple(fc.constant(false), fc.uint8Array({ maxLength: 12 })), weight: 5 },
  { arbitrary: fc.tuple(fc.constant(true), fc.uint8Array({ maxLength: 12 })), weight: 1 },
);

export const messages: fc.Arbitrary<Message> = fc.record({
  contents,
  cuts: fc.array(fc.nat(12), { maxLength: 3 }),
  control: fc.array(
    fc.tuple(fc.constantFrom(0x89, 0x8a), fc.uint8Array({ maxLength: 8 })) as fc.Arbitrary<
      [number, Uint8Array]
    >,
    { maxLength: 2 },
  ),
  key: keys,
});

/** Cuts a message into frames, and puts control frames between them (§5.4). */
export function framesOf(message: Message, masked: boolean): ReferenceFrame[] {
  const { cuts, control } = message;
  const [text, content] = message.contents;
  const key = masked ? message.key : undefined;
  const bounds = [0, ...cuts.filter((at) => at <= content.length), content.length];
  bounds.sort((one, other) => one - other);
  const last = bounds.length - 2;
  return bounds.slice(0, -1).flatMap((start, index) => {
    const opcode = index > 0 ? 0x0 : text ? 0x1 : 0x2;
    const head = (index === last ? 0x80 : 0) | opcode;
    const between = control[index];
    const frame = { head, payload: content.slice(start, bounds[index + 1]), key };
    return between === undefined
      ? [frame]
      : [{ head: between[0], payload: between[1], key }, frame];
  });
}

/**
 * Octets of a peer that keeps the rules of framing, most often those of messages as well, and sometimes closes.
 *
 * @param reader - Who is to read them: a server's peer masks.
 */
export function streamOfFrames(reader: Role): fc.Arbitrary<Uint8Array> {
  const masked = reader === 'server';
  const close = fc.record({
    code: fc.constantFrom(1000, 1001, 1005, 3000, 4999, 1006),
    reason: texts,
    key: keys,
  });
  return fc
    .tuple(
      fc.array(messages, { maxLength: 4 }),
      fc.option(close, { freq: 2 }),
      fc.array(messages, { maxLength: 1 }),
    )
    .map(([before, closing, after]) => {
      const frames = before.flatMap((message) => framesOf(message, masked));
      if (closing !== null) {
        const { code, reason } = closing;
        const payload = code === 1005 ? new Uint8Array(0) : closePayload(code, reason);
        frames.push({ head: 0x88, payload, key: masked ? closing.key : undefined });
      }
      frames.push(...after.flatMap((message) => framesOf(message, masked)));
      return join(frames.map(encodeFrame));
    });
}

/** The same octets with some bits flipped, some octets left out, some put in. */
export function withFaults(streams: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  const fault = fc.tuple(
    fc.nat(200),
    fc.constantFrom('flip' as const, 'drop' as const, 'add' as const),
    fc.nat(255),
  );
  return fc
    .tuple(streams, fc.array(fault, { minLength: 1, maxLength: 3 }))
    .map(([stream, faults]) => {
      const changed = [...stream];
      for (const [where, kind, value] of faults) {
        const at = where % (changed.length + 1);
        if (kind === 'flip' && at < changed.length) {
          changed[at] = (changed[at] as number) ^ (1 << (value % 8));
        } else if (kind === 'drop') changed.splice(at, 1);
        else if (kind === 'add') changed.splice(at, 0, value);
      }
      return Uint8Array.from(changed);
    });
}
