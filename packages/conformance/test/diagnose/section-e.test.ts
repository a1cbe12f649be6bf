// Each mistake of the samples that meerkat was made after, made by a server of its own.
import { describe, expect, it } from 'vitest';
import { diagnose } from '../../src/diagnose/diagnose.ts';
import type { Diagnosis, FaultCode } from '../../src/diagnose/diagnosis.ts';
import { acceptOf, frameOf, type Habits, rawServer, sloppyServer } from './sloppy-server.ts';

const TIMEOUT_MS = 400;
const SAMPLE_ACCEPT = 'ZmQ5OWUxMjgwMTViNTEyM2FmZTRlOGViODZkNTk3OTBjMWRiYjBiYg==';

async function diagnosisOf(habits: Habits): Promise<Diagnosis> {
  return await diagnose({ url: await sloppyServer(habits), timeoutMs: TIMEOUT_MS });
}

function faultsIn({ steps }: Diagnosis): (FaultCode | undefined)[] {
  return [...new Set(steps.flatMap(({ fault }) => fault ?? []))];
}

function stepOf({ steps }: Diagnosis, fault: FaultCode) {
  return steps.find((step) => step.fault === fault);
}

it.concurrent('a server without habits works, and nothing is held against it', async () => {
  const diagnosis = await diagnosisOf({});
  expect(faultsIn(diagnosis)).toEqual([]);
  expect(diagnosis.verdict).toBe('works');
  expect(diagnosis.steps.filter(({ outcome }) => outcome !== 'ok').map(({ name }) => name)).toEqual(
    ['name'],
  );
});

describe.concurrent('a fixed Accept value', () => {
  it.each([
    ['of the sample', SAMPLE_ACCEPT, 'a server of 2012'],
    ['of the RFC', 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=', 'RFC 6455'],
    ['of anybody', acceptOf('anybody'), 'two clients with different keys'],
  ])('is recognised: that %s (§4.2.2)', async (_whose, value, words) => {
    const diagnosis = await diagnosisOf({ accept: () => value });
    expect(faultsIn(diagnosis)).toEqual(['accept-fixed']);
    expect(stepOf(diagnosis, 'accept-fixed')?.seen).toContain(words);
    expect(diagnosis.verdict).toBe('does not work');
  });

  it('is told from a wrong one also where the second client has to wait', async () => {
    const diagnosis = await diagnosisOf({ accept: () => acceptOf('anybody'), oneAtATime: true });
    expect(faultsIn(diagnosis)).toEqual(['accept-wrong', 'one-client', 'accept-fixed']);
  });
});

it.concurrent("no empty line after the response's headers is recognised from silence (RFC 9112 §2.1)", async () => {
  const diagnosis = await diagnosisOf({ answer: (right) => right.slice(0, -2) });
  expect(faultsIn(diagnosis)).toEqual(['no-empty-line']);
  expect(diagnosis.verdict).toBe('does not work');
  expect(diagnosis.conclusion).toContain('no empty line');
});

it.concurrent("no empty line after the response's headers is recognised from a frame in its place", async () => {
  const diagnosis = await diagnosisOf({
    answer: (right) => right.slice(0, -2),
    behind: frameOf(1, 'hello'),
  });
  expect(faultsIn(diagnosis)).toEqual(['no-empty-line']);
  expect(diagnosis.steps.map(({ seen }) => seen)).toContain('The server speaks first: "hello".');
});

describe.concurrent('always sending the whole 1,025-byte buffer', () => {
  const buffer = (octets: Buffer | string): Buffer => {
    const whole = Buffer.alloc(1025);
    Buffer.from(octets).copy(whole);
    return whole;
  };

  it('is recognised behind the answer', async () => {
    const diagnosis = await diagnosisOf({
      answer: (right) => buffer(right),
    });
    expect(faultsIn(diagnosis)).toEqual(['whole-buffer']);
    expect(diagnosis.verdict).toBe('does not work');
  });

  it('is recognised behind each frame', async () => {
    const diagnosis = await diagnosisOf({
      reply: ({ payload }) => buffer(frameOf(1, payload)),
      pong: () => undefined,
    });
    expect(faultsIn(diagnosis)).toContain('whole-buffer');
    expect(stepOf(diagnosis, 'whole-buffer')?.seen).toContain('NUL');
  });

  it('is recognised inside of the frame', async () => {
    const diagnosis = await diagnosisOf({
      reply: ({ opcode, payload }) => frameOf(opcode, buffer(payload)),
    });
    expect(faultsIn(diagnosis)).toEqual(['whole-buffer']);
    expect(stepOf(diagnosis, 'whole-buffer')?.seen).toContain('1,025 octets');
  });
});

describe.concurrent('never unmasking', () => {
  it('is recognised where the masked octets come back in a frame (§5.3)', async () => {
    const diagnosis = await diagnosisOf({ reply: ({ opcode, masked }) => frameOf(opcode, masked) });
    expect(faultsIn(diagnosis)).toEqual(['never-unmasks']);
    expect(diagnosis.conclusion).toContain('never unmasks');
  });

  it('is recognised where our own frame comes back as it went out', async () => {
    const diagnosis = await diagnosisOf({ reply: ({ octets }) => octets });
    expect(faultsIn(diagnosis)).toEqual(['masked-by-server', 'never-unmasks']);
  });

  it('is recognised in a Pong', async () => {
    const diagnosis = await diagnosisOf({
      reply: () => undefined,
      pong: ({ masked }) => frameOf(10, masked),
    });
    expect(faultsIn(diagnosis)).toEqual(['never-unmasks']);
  });
});

it.concurrent('comparing masked octets with `quit` is recognised, and told from a quit word (§5.3)', async () => {
  const compared = await diagnosisOf({ quits: ({ masked }) => masked.equals(Buffer.from('quit')) });
  expect(faultsIn(compared)).toEqual(['quit-masked']);
  expect(compared.verdict).toBe('works, with faults');
  const right = await diagnosisOf({ quits: ({ payload }) => payload.equals(Buffer.from('quit')) });
  expect(faultsIn(right)).toEqual([]);
  expect(right.steps.find(({ name }) => name === 'quit')?.seen).toContain('ends the connection');
});

it.concurrent('lines ended by a bare LF are recognised (RFC 9112 §2.2)', async () => {
  const diagnosis = await diagnosisOf({ answer: (right) => right.replaceAll('\r\n', '\n') });
  expect(faultsIn(diagnosis)).toEqual(['bare-lf']);
  expect(stepOf(diagnosis, 'bare-lf')?.seen).toContain('5 of the 5 lines');
});

it.concurrent('one client at a time is recognised: the second gets its answer when the first has left', async () => {
  const diagnosis = await diagnosisOf({ oneAtATime: true });
  expect(faultsIn(diagnosis)).toEqual(['one-client']);
  expect(stepOf(diagnosis, 'one-client')?.seen).toContain('as soon as the first had left');
  expect(diagnosis.verdict).toBe('works, with faults');
});

it.concurrent('echoing every message as text whatever it was is recognised (§5.6)', async () => {
  const diagnosis = await diagnosisOf({ reply: ({ payload }) => frameOf(1, payload) });
  expect(faultsIn(diagnosis)).toEqual(['text-for-binary']);
  expect(diagnosis.verdict).toBe('works, with faults');
});

it.concurrent('a 101 without looking at Version or Host is recognised (§4.2.1)', async () => {
  const diagnosis = await diagnosisOf({ ignores: ['version', 'host'] });
  expect(faultsIn(diagnosis)).toEqual(['version-ignored', 'host-ignored']);
  expect(diagnosis.verdict).toBe('works, with faults');
});

it.concurrent('a 101 without looking at method or key is recognised too (§4.2.1)', async () => {
  const diagnosis = await diagnosisOf({ ignores: ['method', 'key'] });
  expect(faultsIn(diagnosis)).toEqual(['method-ignored', 'key-ignored']);
});

it.concurrent('"no same-origin limit" taken for a virtue is a warning with a reason (§10.2)', async () => {
  const diagnosis = await diagnosisOf({ ignores: ['origin'] });
  expect(faultsIn(diagnosis)).toEqual(['any-origin']);
  expect(stepOf(diagnosis, 'any-origin')).toMatchObject({
    outcome: 'warning',
    means: expect.stringContaining('cross-site WebSocket hijacking'),
  });
  expect(diagnosis.verdict).toBe('works');
});

it.concurrent('the server of 2012 with all of its mistakes together: each of them is named', async () => {
  const answer = Buffer.alloc(1025);
  answer.write(
    `HTTP/1.1 101 WebSocket Protocol Handshake\r\nUpgrade:WebSocket\r\nConnection:Upgrade\r\nSec-WebSocket-Accept:${SAMPLE_ACCEPT}\r\n`,
  );
  let taken = false;
  const url = await rawServer((socket) => {
    if (taken) return;
    taken = true;
    socket.once('data', () => socket.write(answer));
    socket.resume();
  });
  const diagnosis = await diagnose({ url, timeoutMs: TIMEOUT_MS });
  expect(faultsIn(diagnosis)).toEqual([
    'no-empty-line',
    'accept-fixed',
    'whole-buffer',
    'no-pong',
    'no-answer-to-close',
    'one-client',
  ]);
});

it.concurrent('a server that lets clients in by hand is silent, and so it is told', async () => {
  const url = await rawServer((socket) => void socket.resume());
  const diagnosis = await diagnose({ url, timeoutMs: TIMEOUT_MS });
  expect(faultsIn(diagnosis)).toEqual(['silence']);
  expect(stepOf(diagnosis, 'silence')?.means).toContain('by hand');
});
