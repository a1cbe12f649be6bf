import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { allCases } from '../../src/cases/all-cases.ts';
import type { CloseRule, Event, Script, ScriptCase, Tested } from '../../src/cases/case.ts';
import { close, type FrameSpec, MORE, text } from '../../src/wire/frame.ts';
import { carefulPeer, type Outcome } from './careful-peer.ts';

/** Raw octets are compared with their frames in the test of section F. */
function hasRawOctets(script: Script): boolean {
  return script.steps.some((step) => step.do === 'octets');
}

function scripts(tested: Tested): ScriptCase[] {
  return allCases(tested).filter(
    (one): one is ScriptCase => one.kind === 'script' && one.deflate === undefined,
  );
}

function asWords(event: Event): string {
  if (event.event === 'mark') return `mark ${event.mark}`;
  const kind = event.event === 'pong' ? 'pong' : event.binary ? 'binary' : 'text';
  // A hash, since some are 16 MiB.
  return `${kind} ${event.payload.length} ${createHash('sha1').update(event.payload).digest('hex')}`;
}

/** Whether the runner itself takes one of its frames for a Close: one with reserved bits or without FIN is none. */
function sendsClose(script: Script): boolean {
  return script.steps.some(
    (step) =>
      step.do === 'send' &&
      step.frames.some((frame) => frame.opcode === 8 && frame.fin && frame.rsv === 0),
  );
}

/** What of a rule a careful peer would break; undefined when it fits. */
function misfit(outcome: Outcome, rule: CloseRule, script: Script): string | undefined {
  const { end, code } = outcome;
  const said = `${end} with ${code}, the rule wants ${rule.first} and ${rule.codes.join(', ')}`;
  if (rule.first === 'any') return undefined;
  const codeFits = code === undefined || rule.codes.includes(code);
  if (!codeFits) return said;
  if (end === 'failed') {
    // After a bad Close it is the runner who closed first.
    return rule.first === (sendsClose(script) ? 'runner' : 'peer') && !rule.clean
      ? undefined
      : said;
  }
  if (end === 'cut off') return rule.first === 'peer' ? undefined : said;
  return rule.first === 'runner' ? undefined : said;
}

describe('the careful peer', () => {
  const script = (frames: readonly FrameSpec[]): Script => ({
    steps: [{ do: 'send', frames }],
    expect: [],
  });

  it.each([
    ['fails on a text frame inside a message', [text('a', MORE), text('b')], 'failed', 1002],
    ['fails on text that is not UTF-8, before its end', [text('<ff>', MORE)], 'failed', 1007],
    ['waits for the rest of a code point', [text('<e2 82>', MORE)], 'open', undefined],
    ['fails on a code point that is cut off', [text('<e2 82>')], 'failed', 1007],
    ['fails on the code 1005', [close(1005)], 'failed', 1002],
    ['closes with the code 3000', [close(3000), text('<ff>')], 'closed', 3000],
    ['does not wait for 2^40 octets', [text('', { announces: 2n ** 40n })], 'failed', 1009],
  ] as const)('%s', (_what, frames, end, code) => {
    expect(carefulPeer(script(frames), true)).toEqual({ events: [], end, code });
  });
});

describe.each(['server', 'client'] as const)('the expectations for a %s', (tested) => {
  const all = scripts(tested);

  it('are looked at for most cases', () => {
    const looked = all.filter((one) => !hasRawOctets(one.script()));
    expect(looked.length).toBeGreaterThan(400);
    expect(all.length - looked.length).toBeLessThan(10);
  });

  it('are what a careful peer does, by RFC 6455 alone', () => {
    const faults = all.flatMap((one) => {
      const script = one.script();
      if (hasRawOctets(script) || one.close.informational === true) return [];
      const outcome = carefulPeer(script, tested === 'server');
      const counted = outcome.events.filter(
        (event) => !(one.ignorePongs === true && event.event === 'pong'),
      );
      const got = counted.map(asWords).join('\n');
      const wanted = script.expect.map(asWords).join('\n');
      const words =
        got === wanted ? misfit(outcome, one.close, script) : `${got}\n--- not ---\n${wanted}`;
      return words === undefined ? [] : [`${one.id}: ${words.slice(0, 400)}`];
    });
    expect(faults).toEqual([]);
  });
});
