import { Buffer } from 'node:buffer';
import { constants, inflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { AgreedTerms, Event, ScriptCase } from '../../src/cases/case.ts';
import { SECTION_C } from '../../src/cases/section-c.ts';
import { readOffers } from '../../src/deflate/agreement.ts';
import { inflate } from '../../src/deflate/inflate.ts';
import type { FrameSpec } from '../../src/wire/frame.ts';

const TAIL = Buffer.from('0000ffff', 'hex');
const agreed = (contextTakeover: boolean, windowBits: number): AgreedTerms => ({
  runner: { contextTakeover, windowBits },
  peer: { contextTakeover: true, windowBits: 15 },
});
const AGREED = [agreed(true, 15), agreed(false, 15), agreed(true, 12), agreed(false, 8)];

const scripts = SECTION_C.filter((one): one is ScriptCase => one.kind === 'script');

function framesOf(test: ScriptCase, terms: AgreedTerms): FrameSpec[] {
  return test.script(terms).steps.flatMap((step) => (step.do === 'send' ? [...step.frames] : []));
}

/** Joins the fragments of data messages; control frames are left out. */
function messagesOf(
  frames: readonly FrameSpec[],
): { rsv: number; opcode: number; payload: Buffer }[] {
  const messages: { rsv: number; opcode: number; payload: Buffer }[] = [];
  for (const { opcode, rsv, payload } of frames.filter((frame) => frame.opcode < 8)) {
    const last = messages.at(-1);
    if (opcode !== 0) messages.push({ rsv, opcode, payload: Buffer.from(payload) });
    else if (last !== undefined) last.payload = Buffer.concat([last.payload, payload]);
  }
  return messages;
}

/** What an endpoint delivers that has zlib, and keeps a window of all that came before. */
function delivered(test: ScriptCase, terms: AgreedTerms): Event[] {
  let history = Buffer.alloc(0);
  return messagesOf(framesOf(test, terms)).map(({ rsv, opcode, payload }) => {
    if (rsv === 0) return { event: 'message', binary: opcode === 2, payload };
    const result = inflate(payload, { history, maxBytes: 1 << 24, tail: true });
    expect(result.defect?.cutOff ?? result.defect).toBe(
      result.defect === undefined ? undefined : true,
    );
    if (!terms.runner.contextTakeover && test.id !== 'C12.4') expect(result.intoHistory).toBe(0);
    expect(result.maxDistance).toBeLessThanOrEqual(2 ** terms.runner.windowBits);
    history = Buffer.concat([history, result.octets]).subarray(-32_768);
    return { event: 'message', binary: opcode === 2, payload: result.octets };
  });
}

function messageEvents(events: readonly Event[]): Event[] {
  return events.filter((event) => event.event === 'message');
}

function same(one: readonly Event[], other: readonly Event[]): boolean {
  return (
    one.length === other.length &&
    one.every((event, at) => {
      const against = other[at];
      if (event.event !== 'message' || against?.event !== 'message') return false;
      return (
        event.binary === against.binary && Buffer.compare(event.payload, against.payload) === 0
      );
    })
  );
}

describe('section C', () => {
  it('has ids of its own, in their order, each once', () => {
    const ids = SECTION_C.map((one) => one.id);
    expect(new Set(ids).size).toBe(ids.length);
    const sorted = ids.toSorted((one, other) => one.localeCompare(other, 'en', { numeric: true }));
    expect(ids).toEqual(sorted);
    expect(ids.every((id) => /^C\d+\.\d+$/.test(id))).toBe(true);
  });

  it('says of each case what is wrong with who fails it, and where that is written', () => {
    for (const { description, fault, rule } of SECTION_C) {
      expect(description).toMatch(/^[A-Z].*\.$/s);
      expect(fault).toMatch(/^[a-z]/);
      expect(rule).toMatch(/^RFC (6455|7692|1951) §\d/);
    }
  });

  it.each(scripts.filter((one) => /^C(1|3|4|8|9|10|12|14)\./.test(one.id)))(
    '$id expects what a reader makes of it: $fault',
    (test) => {
      for (const terms of AGREED) {
        if (test.id === 'C4.3' || test.id === 'C14.5') continue;
        const script = test.script(terms);
        const lists = [script.expect, ...(script.tolerated ?? [])].map(messageEvents);
        const made = delivered(test, terms);
        expect(lists.some((list) => same(list, made))).toBe(true);
      }
    },
  );

  it.each(scripts.filter((one) => one.id.startsWith('C2.')))(
    '$id is not DEFLATE: $fault',
    (test) => {
      const [message] = messagesOf(framesOf(test, agreed(true, 15)));
      const payload = message?.payload ?? Buffer.alloc(0);
      const { defect } = inflate(payload, { maxBytes: 1 << 20, tail: true });
      expect(defect).toBeDefined();
      expect(defect?.cutOff).toBeUndefined();
      // Nobody's zlib takes it either.
      const data = Buffer.concat([payload, TAIL]);
      expect(() => inflateRawSync(data, { finishFlush: constants.Z_SYNC_FLUSH })).toThrow();
      expect(test.script().expect).toEqual([]);
    },
  );

  it.each(scripts.filter((one) => one.id.startsWith('C7.')))(
    '$id is a whole message, and text or not as it says',
    (test) => {
      const decoder = new TextDecoder('utf-8', { fatal: true });
      const [message] = messagesOf(framesOf(test, agreed(true, 15)));
      const { octets, defect } = inflate(message?.payload ?? Buffer.alloc(0), {
        maxBytes: 1 << 20,
        tail: true,
      });
      expect(defect).toBeUndefined();
      if (test.script().expect.length === 0) expect(() => decoder.decode(octets)).toThrow();
      else if (message?.opcode === 1) expect(decoder.decode(octets)).toBeTruthy();
    },
  );

  it('sets RSV1 where it must not be, and 4 MiB of zeros in few octets', () => {
    for (const test of scripts.filter((one) => one.id.startsWith('C6.'))) {
      const frames = framesOf(test, agreed(true, 15));
      const wrong = frames.filter(
        ({ rsv, opcode }) => (rsv & 3) !== 0 || (rsv === 4 && (opcode === 0 || opcode > 2)),
      );
      expect([test.id, wrong.length]).toEqual([test.id, 1]);
    }
    const bomb = scripts.find((one) => one.id === 'C9.1');
    const [frame] = bomb === undefined ? [] : framesOf(bomb, agreed(true, 15));
    expect(frame?.payload.length).toBeLessThan(32_768);
  });

  it('offers in C15 what no reader of ours takes, where it may not be accepted', () => {
    const requests = SECTION_C.flatMap((one) => (one.kind === 'request' ? [one] : []));
    const bad = requests.filter(({ outcomes }) =>
      outcomes.some((outcome) => 'opens' in outcome && outcome.extensions === 'none'),
    );
    expect(bad.length).toBeGreaterThan(10);
    for (const { id, request } of requests) {
      const offers = [...request.matchAll(/Extensions: (.*)\r\n/g)].map(([, value]) => value);
      const { error } = readOffers(offers.join(', '));
      expect([id, error !== undefined]).toEqual([
        id,
        bad.some((one) => one.id === id) || request.includes('bits=7,'),
      ]);
    }
  });

  it('asks in C11 for every window that sections 12 and 13 leave out, with and without takeover', () => {
    const asked = SECTION_C.flatMap((one) =>
      one.kind === 'rounds' ? [one.deflate?.offer ?? ''] : [],
    );
    const bits = asked.map((offer) => /server_max_window_bits=(\d+)/.exec(offer)?.[1]);
    expect(bits.map(Number)).toEqual([8, 8, 10, 10, 11, 11, 12, 12, 13, 13, 14, 14]);
    expect(asked.filter((offer) => offer.includes('server_no_context_takeover'))).toHaveLength(6);
  });
});
