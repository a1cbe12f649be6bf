import type { Closed } from 'meerkat';
import { expect } from 'vitest';
import type { RefusedRow } from './frame-row-list.ts';

/** What a stream of octets came to, as both ends saw it. */
export interface Outcome {
  /** What the end that is tested sent, frame by frame, up to its last. */
  readonly wire: readonly string[];
  readonly messages: readonly (string | Buffer)[];
  readonly closed: Partial<Closed>;
}

/** All of an end but its error. */
export function endOf(closed: Closed): Partial<Closed> {
  const { code, reason, clean, by, because, phase, rule, section, limit, received, sent } = closed;
  return { code, reason, clean, by, because, phase, rule, section, limit, received, sent };
}

/**
 * Plays the stream whole, cut in two, and octet by octet: what it comes to is always the same.
 *
 * @param ends - Cuts are before this octet. Default: at every offset.
 */
export async function playCut<One extends Outcome>(
  play: (pieces: readonly Uint8Array[]) => Promise<One>,
  stream: Buffer,
  ends: number = stream.length,
): Promise<One> {
  const whole = await play([stream]);
  for (let cut = 1; cut < Math.min(stream.length, ends); cut += 1) {
    const outcome = await play([stream.subarray(0, cut), stream.subarray(cut)]);
    expect(outcome, `cut at ${cut}`).toEqual(whole);
  }
  const single = Array.from(stream, (octet) => Buffer.of(octet));
  expect(await play(single), 'octet by octet').toEqual(whole);
  return whole;
}

/** What a stream comes to that breaks a rule: the connection fails with the row's code, and says why. */
export function failed({ code, rule, section, limit }: RefusedRow, { closed }: Outcome): object {
  const { reason } = closed;
  return {
    wire: [`close ${code} (${reason})`],
    messages: [],
    closed: {
      code,
      reason: expect.stringMatching(/^[ -~]{3,123}$/),
      clean: false,
      by: 'local',
      because: 'violation',
      phase: 'open',
      rule,
      section,
      limit,
      received: undefined,
      sent: { code, reason },
    },
  };
}

/** The fault between two messages of `hi`: the one before it is handed over and answered; what follows it is not looked at. */
export function expectOneMessage(between: Outcome, fault: Outcome): void {
  const { code, reason } = fault.closed;
  expect(between.closed).toEqual(fault.closed);
  expect(between.wire).toEqual(['text hi', `close ${code} (${reason})`]);
  expect(between.messages).toEqual(['hi']);
}
