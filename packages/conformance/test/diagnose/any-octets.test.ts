// Whatever a server sends: a diagnosis comes of it, in bounded time, and its words are harmless.
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { headIsOver, readAnswerHead, tokensOf, valuesOf } from '../../src/diagnose/answer-head.ts';
import { diagnose } from '../../src/diagnose/diagnose.ts';
import type { Diagnosis } from '../../src/diagnose/diagnosis.ts';
import { rawServer, sloppyServer } from './sloppy-server.ts';

const TIMEOUT_MS = 200;

/** Octets without a meaning, the same in each run. */
function anyOctets(length: number, seed: number): Buffer {
  const blocks = Array.from({ length: Math.ceil(length / 64) }, (_, at) =>
    createHash('sha512').update(`${seed} ${at}`).digest(),
  );
  return Buffer.concat(blocks).subarray(0, length);
}

function expectHarmless({ steps, conclusion }: Diagnosis): void {
  const words = steps.flatMap(({ seen, means = '', advice = '' }) => [seen, means, advice]);
  for (const text of [...words, conclusion]) {
    expect(text).toMatch(/^[\x20-\x7e…→§]*$/);
    expect(text.length).toBeLessThan(1000);
  }
}

describe('the head of an answer', () => {
  const octets = fc.uint8Array({ maxLength: 300 });

  it('reads any octets, and throws nothing', () => {
    fc.assert(
      fc.property(octets, (given) => {
        const answer = Buffer.concat([Buffer.from('HTTP/1.1 101 Yes\r\n'), given]);
        for (const text of [answer, Buffer.from(given)]) {
          headIsOver(text);
          const head = readAnswerHead(text);
          if (head === undefined) continue;
          expect(head.end).toBeLessThanOrEqual(text.length);
          expect(tokensOf(head, 'upgrade').every((token) => token !== '')).toBe(true);
          valuesOf(head, 'connection');
        }
      }),
    );
  });

  it('is over at the same octet however it is cut', () => {
    const head = 'HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\nA: b\r\n\r\n';
    for (let at = 1; at < head.length; at += 1) {
      expect(headIsOver(Buffer.from(head.slice(0, at)))).toBe(false);
    }
    expect(headIsOver(Buffer.from(head))).toBe(true);
    expect(readAnswerHead(Buffer.from(`${head}\x81\x00`, 'latin1'))?.end).toBe(head.length);
  });
});

describe.concurrent('a server that sends random octets', () => {
  it.each(Array.from({ length: 8 }, (_, at) => at))('behind its 101, %i', async (seed) => {
    const behind = anyOctets(400, seed);
    const url = await sloppyServer({ behind, reply: () => anyOctets(20, seed) });
    const diagnosis = await diagnose({ url, timeoutMs: TIMEOUT_MS });
    expect(diagnosis.verdict).toBe('does not work');
    expectHarmless(diagnosis);
  });

  it.each(Array.from({ length: 4 }, (_, at) => at))('in place of an answer, %i', async (seed) => {
    const url = await rawServer((socket) => void socket.write(anyOctets(400, seed)));
    const diagnosis = await diagnose({ url, timeoutMs: TIMEOUT_MS });
    expect(diagnosis.verdict).toBe('does not work');
    expectHarmless(diagnosis);
  });

  it('without end, behind its 101: no more than a bound is read', async () => {
    const url = await sloppyServer({
      behind: Buffer.concat([
        Buffer.from('827f0000000000ffffff', 'hex'),
        Buffer.alloc(2_000_000, 'a'),
      ]),
    });
    const diagnosis = await diagnose({ url, timeoutMs: TIMEOUT_MS });
    expect(diagnosis.steps.map(({ fault }) => fault)).toContain('garbage');
    expectHarmless(diagnosis);
  });
});
