import { describe, expect, it } from 'vitest';
import { allCases } from '../../src/cases/all-cases.ts';
import type { ScriptCase, Step } from '../../src/cases/case.ts';
import { SECTION_F } from '../../src/cases/section-f.ts';
import { encodeFrame } from '../../src/wire/frame.ts';

const byId = new Map(SECTION_F.map((one) => [one.id, one]));

function caseOf(id: string): ScriptCase {
  const one = byId.get(id);
  if (one?.kind !== 'script') throw new Error(`no script ${id}`);
  return one;
}

/** The unmasked wire image of a step; a flood once. */
function image(step: Step): Buffer {
  if (step.do === 'octets') return Buffer.from(step.octets);
  if (step.do !== 'send' && step.do !== 'flood') return Buffer.alloc(0);
  return Buffer.concat(step.frames.map((frame) => encodeFrame(frame)));
}

function wire(id: string): string {
  return Buffer.concat(caseOf(id).script().steps.map(image)).toString('hex');
}

const AFTER = `8905${Buffer.from('after').toString('hex')}`;

describe('the octets of section F', () => {
  it.each([
    ['F1.1 a ping with RSV1', 'c90161'],
    ['F1.4 a Close with RSV1 and a code that may come back', 'c8020bb8'],
    ['F3.1 a Close without FIN, with a code that may come back', '08020bb88000'],
    ['F4.3 a ping that announces 2^62 octets', '897f4000000000000000'],
    ['F5.1 a length of 5 in 16 bits', `817e000568656c6c6f${AFTER}`],
    ['F5.2 a length of 5 in 64 bits', `817f000000000000000568656c6c6f${AFTER}`],
    ['F5.6 a length of 200 in 64 bits', `817f00000000000000c8${'2a'.repeat(200)}${AFTER}`],
    ['F5.10 a ping of 1 octet in 64 bits', `897f000000000000000161${AFTER}`],
    ['F6.1 a length of 2^63', '827f800000000000000068656c6c6f'],
    ['F6.2 a length of 2^64-1', '827fffffffffffffffff68656c6c6f'],
    ['F6.4 a length of 2^63-1', '827f7fffffffffffffff'],
    ['F6.5 a length of 2^53', '827f0020000000000000'],
    ['F6.7 a length of 2^32+5', '817f000000010000000568656c6c6f'],
    ['F7.4 a Close without a mask', '88020bb8'],
    ['F7.7 a masking key of zeros', `81850000000068656c6c6f${AFTER}`],
    ['F7.11 a Close with a mask', '8882000000000bb8'],
    ['F8.1 an empty continuation', '8000'],
    ['F9.6 a Close between fragments', '0109667261676d656e7431880203e8'],
    ['F10.1 a Close of one octet', '880103'],
    ['F11.4 the code 1015', '880203f7'],
    ['F14.5 a bad code with a bad reason', '880303edff'],
    ['F16.1 a second Close', '880203e888020bb8'],
    ['F18.2 a byte order mark', '8104efbbbf61'],
    ['F19.1 a code point over three fragments', '0101e20001828001ac'],
    ['F20.1 a bad octet in a first fragment', '0104cebaff808003656e64'],
    ['F21.1 empty continuations', '01000000'],
  ])('%s', (name, octets) => {
    expect(wire(name.split(' ')[0] ?? '')).toBe(octets);
  });

  it('F7: masks are wrong for the side that is tested, and right for the other', () => {
    const wrong = SECTION_F.filter((one) => one.id.startsWith('F7.') && one.kind === 'script');
    for (const one of wrong) {
      const { steps } = caseOf(one.id).script();
      const frames = steps.flatMap((step) => (step.do === 'send' ? step.frames : []));
      const overridden = frames.filter((frame) => frame.masked !== undefined);
      for (const frame of overridden) expect(frame.masked, one.id).toBe(one.tested === 'client');
    }
    expect(wrong.map((one) => one.tested)).not.toContain(undefined);
  });

  it('F20.2 stops in the middle of a frame, after the wrong octet', () => {
    const [first, pause, rest] = caseOf('F20.2').script().steps;
    expect(first).toMatchObject({ do: 'part', from: 0, to: 4 });
    expect(pause).toEqual({ do: 'pause', mark: 'A' });
    expect(rest).toMatchObject({ do: 'part', from: 4, to: 100 });
  });
});

describe('section F', () => {
  it('has every row of the catalogue that a runner can cause', () => {
    const rows = [...new Set(SECTION_F.map((one) => one.id.split('.')[0]))];
    // F17 is a peer that never answers a Close: each case that closes notices it.
    const wanted = Array.from({ length: 24 }, (_, at) => `F${at + 1}`);
    expect(rows).toEqual(wanted.filter((row) => row !== 'F17'));
  });

  it('tests both sides wherever the rules are the same', () => {
    const sides = (tested: 'server' | 'client') =>
      allCases(tested).filter((one) => one.id.startsWith('F')).length;
    expect(sides('server')).toBeGreaterThan(140);
    expect(sides('client')).toBeGreaterThan(140);
    const oneSided = SECTION_F.filter((one) => one.tested !== undefined);
    const groups = new Set(oneSided.map((one) => one.id.split('.')[0]));
    // Masking, what comes with the upgrade request, and a header that ends behind the mask bit.
    expect([...groups]).toEqual(['F7', 'F22', 'F24']);
  });

  it('says why wherever something is tolerated', () => {
    const tolerant = SECTION_F.filter(
      (one) =>
        one.kind === 'script' && (one.script().tolerated ?? []).some((list) => list.length > 0),
    );
    expect(tolerant.length).toBeGreaterThan(15);
    for (const one of tolerant) expect(one.description, one.id).toMatch(/RFC 6455 §\d/);
  });

  it('sends early only what is one step of whole frames', () => {
    const early = SECTION_F.filter((one) => one.kind === 'script' && one.early === true);
    expect(early.length).toBeGreaterThan(5);
    for (const one of early) {
      expect(caseOf(one.id).script().steps[0]?.do, one.id).toBe('send');
      expect(one.tested).toBe('server');
    }
  });
});
