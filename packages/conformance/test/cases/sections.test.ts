import { describe, expect, it } from 'vitest';
import { allCases } from '../../src/cases/all-cases.ts';
import { type Case, CLOSE, type CloseRule, type Script } from '../../src/cases/case.ts';
import { encodeFrame } from '../../src/wire/frame.ts';

const byId = new Map(allCases('server').map((one) => [one.id, one]));

function caseOf(id: string): Case {
  const one = byId.get(id);
  if (one === undefined) throw new Error(`no case ${id}`);
  return one;
}

function scriptOf(id: string): Script {
  const one = caseOf(id);
  if (one.kind !== 'script') throw new Error(`${id} is no script`);
  return one.script();
}

function closeOf(id: string): CloseRule {
  const one = caseOf(id);
  if (one.kind !== 'script') throw new Error(`${id} is no script`);
  return one.close;
}

/** The unmasked wire image of all that a case sends in whole frames. */
function wire(id: string): string {
  const frames = scriptOf(id).steps.flatMap((step) => (step.do === 'send' ? step.frames : []));
  return Buffer.concat(frames.map((frame) => encodeFrame(frame))).toString('hex');
}

function hex(text: string): string {
  return Buffer.from(text).toString('hex');
}

function writeOf(id: string): unknown {
  const [step] = scriptOf(id).steps;
  return step?.do === 'send' ? step.write : 'no send';
}

const HW = hex('Hello, world!');

describe('the octets of', () => {
  it.each([
    ['1.1.1', '8100'],
    ['1.2.2', `827d${'fe'.repeat(125)}`],
    ['1.1.3', `817e007e${'2a'.repeat(126)}`],
    ['1.2.6', `827effff${'fe'.repeat(65_535)}`],
    ['1.1.7', `817f0000000000010000${'2a'.repeat(65_536)}`],
    ['2.3', '890800fffefdfcfb00ff'],
    ['2.5', `897e007e${'fe'.repeat(126)}`],
    ['2.7', '8a00880203e8'],
    ['3.1', `910d${HW}`],
    ['3.2', `810d${HW}a10d${HW}8900`],
    ['3.3', `810d${HW}b10d${HW}8900`],
    ['3.4', `810d${HW}c10d${HW}8900`],
    ['3.5', 'd20800fffefdfcfb00ff'],
    ['3.6', `e20d${HW}`],
    ['3.7', 'f800'],
    ['4.1.1', '8300'],
    ['4.1.5', `810d${HW}870d${HW}8900`],
    ['4.2.2', `8c17${hex('reserved opcode payload')}`],
    ['5.1', `0909${hex('fragment1')}8009${hex('fragment2')}`],
    ['5.6', `0109${hex('fragment1')}890c${hex('ping payload')}8009${hex('fragment2')}`],
    ['5.12', `0018${hex('non-continuation payload')}810d${HW}`],
    [
      '5.15',
      `0109${hex('fragment1')}8009${hex('fragment2')}0009${hex('fragment3')}8109${hex('fragment4')}`,
    ],
    ['6.1.2', '010000008000'],
    ['6.2.2', '010f48656c6c6f2dc2b540c39fc3b6c3a4800ec3bcc3a0c3a12d5554462d382121'],
    ['6.3.1', '8114cebae1bdb9cf83cebcceb5eda080656469746564'],
    ['6.4.2', '010ccebae1bdb9cf83cebcceb5f40001908008' + '8080656469746564'],
    ['6.20.1', '8103eda080'],
    ['7.1.5', `0109${hex('fragment1')}880203e88009${hex('fragment2')}`],
    ['7.3.1', '8800'],
    ['7.3.2', '880161'],
    ['7.3.4', `880e03e8${hex('Hello World!')}`],
    ['7.3.6', `887e007e03e8${'2a'.repeat(124)}`],
    ['7.5.1', '881603e8cebae1bdb9cf83cebcceb5eda080656469746564'],
    ['7.7.13', '88021387'],
    ['7.9.1', '88020000'],
    ['7.9.9', '88020bb7'],
    ['7.13.2', '8802ffff'],
  ])('%s', (id, octets) => {
    expect(wire(id)).toBe(octets);
  });

  it('6.2.3 and 6.2.4 are one frame an octet, and an empty last one', () => {
    const frames = (id: string) =>
      scriptOf(id).steps.flatMap((step) => (step.do === 'send' ? step.frames : []));
    expect(frames('6.2.3')).toHaveLength(30);
    expect(frames('6.2.4')).toHaveLength(12);
    expect(frames('6.3.2')).toHaveLength(21);
    expect(wire('6.2.4').slice(0, 12)).toBe('0101ce0001ba');
    expect(wire('6.2.4').slice(-10)).toBe('0001b58000');
  });

  it.each(['6.4.3', '6.4.4'])('%s are three parts of one frame, and an empty last one', (id) => {
    const { steps } = scriptOf(id);
    const parts = steps.flatMap((step) => (step.do === 'part' ? [step] : []));
    expect(new Set(parts.map((part) => part.frame)).size).toBe(1);
    expect(parts.map((part) => part.to - part.from)).toEqual(
      id === '6.4.3' ? [11, 4, 6] : [12, 1, 8],
    );
    expect(parts.map((part) => part.from)).toEqual([
      0,
      ...parts.slice(0, 2).map((part) => part.to),
    ]);
    expect(parts[0]?.frame).toMatchObject({ opcode: 1, fin: false });
    expect(parts[0]?.frame.payload).toHaveLength(21);
    expect(steps.map((step) => step.do)).toEqual([
      'part',
      'pause',
      'part',
      'pause',
      'part',
      'send',
    ]);
    expect(wire(id)).toBe('8000');
  });

  it('9.3 and 9.4 have as many frames as the reference says', () => {
    const counts = (group: string) =>
      [1, 2, 3, 4, 5, 6, 7, 8, 9].map((number) => {
        const [step] = scriptOf(`${group}.${number}`).steps;
        return step?.do === 'send' ? step.frames.length : 0;
      });
    const expected = [65_537, 16_385, 4097, 1025, 257, 65, 17, 5, 1];
    expect(counts('9.3')).toEqual(expected);
    expect(counts('9.4')).toEqual(expected);
  });

  it('9.4.1 are fe, those of the others in 9.3 and 9.4 stars', () => {
    const first = (id: string) => {
      const [step] = scriptOf(id).steps;
      return step?.do === 'send' ? step.frames[0] : undefined;
    };
    expect(first('9.4.1')).toMatchObject({ opcode: 2, fin: false });
    expect(first('9.4.1')?.payload[0]).toBe(0xfe);
    expect(first('9.4.2')).toMatchObject({ opcode: 2 });
    expect(first('9.4.2')?.payload[0]).toBe(0x2a);
    expect(first('9.3.1')).toMatchObject({ opcode: 1 });
    expect(first('9.3.1')?.payload[0]).toBe(0x2a);
  });

  it('9.1.6 and 9.2.6 are 16 MiB of their pattern', () => {
    const payload = (id: string) => {
      const [event] = scriptOf(id).expect;
      return event?.event === 'message' ? Buffer.from(event.payload) : Buffer.alloc(0);
    };
    expect(payload('9.1.6')).toHaveLength(16_777_216);
    expect(payload('9.1.6').subarray(0, 12).toString()).toBe('BAsd7&jh23BA');
    expect(payload('9.2.6')).toHaveLength(16_777_216);
    expect(payload('9.2.6').subarray(0, 7).toString('hex')).toBe('00fe23faf000fe');
  });

  it('10.1.1 are a text frame and 50 continuations', () => {
    const [step] = scriptOf('10.1.1').steps;
    const frames = step?.do === 'send' ? step.frames : [];
    expect(frames.map((frame) => frame.payload.length)).toEqual([
      ...Array.from({ length: 50 }, () => 1300),
      536,
    ]);
    expect(frames.map((frame) => frame.opcode)).toEqual([
      1,
      ...Array.from({ length: 50 }, () => 0),
    ]);
    expect(frames.filter((frame) => frame.fin)).toEqual([frames.at(-1)]);
  });
});

describe('the way octets are written in', () => {
  it.each([
    ['1.1.7', undefined],
    ['1.1.8', 997],
    ['2.6', 1],
    ['2.11', 1],
    ['3.2', undefined],
    ['3.3', 'frames'],
    ['3.4', 1],
    ['4.1.4', undefined],
    ['4.2.5', 1],
    ['5.3', undefined],
    ['5.4', 'frames'],
    ['5.5', 1],
    ['5.20', 'frames'],
    ['9.5.1', 64],
    ['9.6.6', 2048],
  ])('%s', (id, write) => {
    expect(writeOf(id)).toBe(write);
  });
});

describe('the close class of', () => {
  it.each([
    ['N', ['1.1.1', '2.1', '2.7', '5.3', '6.1.1', '6.22.34', '9.1.6', '10.1.1']],
    ['N1', ['7.1.1', '7.1.2', '7.1.5', '7.3.1', '7.3.5']],
    ['P', ['2.5', '3.1', '3.7', '4.1.1', '4.2.5', '5.1', '5.18']],
    ['U', ['6.3.1', '6.4.1', '6.4.4', '6.6.1', '6.21.8']],
    ['B', ['7.3.2', '7.3.6', '7.9.1', '7.9.9']],
    ['BU', ['7.5.1']],
    ['I', ['7.1.6', '7.13.1', '7.13.2']],
  ] as const)('class %s: %j', (name, ids) => {
    for (const id of ids) expect(closeOf(id), id).toEqual(CLOSE[name]);
  });

  it('7.7: the code may come back', () => {
    expect(closeOf('7.7.3')).toMatchObject({ first: 'runner', codes: [1000, 1002], clean: true });
  });
});

describe('the limit of', () => {
  it.each([
    ['1.1.1', 'kill', 1],
    ['1.2.6', 'kill', 10],
    ['2.5', 'kill', 1],
    ['2.6', 'close', 2],
    ['2.10', 'close', 3],
    ['5.19', 'close', 1],
    ['6.2.1', 'close', 1],
    ['6.4.3', 'kill', 1],
    ['6.5.1', 'kill', 0.5],
    ['7.7.1', 'kill', 1],
    ['9.1.2', 'close', 10],
    ['9.1.3', 'close', 100],
    ['9.2.4', 'close', 10],
    ['9.2.5', 'close', 100],
    ['9.5.1', 'close', 1000],
    ['9.7.3', 'close', 60],
    ['9.8.6', 'close', 480],
    ['10.1.1', 'kill', 10],
  ] as const)('%s', (id, action, seconds) => {
    const one = caseOf(id);
    const limit = 'limit' in one ? one.limit : undefined;
    expect([limit?.action, limit?.seconds]).toEqual([action, seconds]);
  });
});

describe('what is tolerated in', () => {
  it.each(['3.2', '3.3', '3.4', '4.1.3', '4.1.5', '4.2.4', '5.15'])('%s: nothing at all', (id) => {
    expect(scriptOf(id).tolerated).toEqual([[]]);
  });

  it.each(['6.4.1', '6.4.2', '6.4.3', '6.4.4'])('%s: to wait for the end', (id) => {
    expect(scriptOf(id).expect).toEqual([{ event: 'mark', mark: 'A' }]);
    expect(scriptOf(id).tolerated).toEqual([
      [
        { event: 'mark', mark: 'A' },
        { event: 'mark', mark: 'B' },
      ],
    ]);
  });

  it('all other cases of 1 to 10: nothing', () => {
    const others = [...byId.values()].filter(
      (one) =>
        /^([1-7]|9|10)\./.test(one.id) &&
        !/^(3\.[234]|4\.[12]\.[345]|5\.15|6\.4\.\d|7\.1\.6)$/.test(one.id),
    );
    const tolerant = others.filter(
      (one) => one.kind === 'script' && one.script().tolerated !== undefined,
    );
    expect(tolerant).toEqual([]);
  });
});

describe('the rounds of section 9', () => {
  it.each([
    ['9.7', false, '2a'],
    ['9.8', true, 'fe'],
  ] as const)('%s are 1,000 of each size', (group, binary, octet) => {
    const sizes = [1, 2, 3, 4, 5, 6].map((number) => {
      const one = caseOf(`${group}.${number}`);
      if (one.kind !== 'rounds') throw new Error(`${one.id} has no rounds`);
      expect([one.binary, one.count, one.fullCount]).toEqual([binary, 1000, 1000]);
      const { octets } = one.message(999);
      expect(Buffer.from(octets).toString('hex')).toBe(octet.repeat(octets.length));
      return octets.length;
    });
    expect(sizes).toEqual([0, 16, 64, 256, 1024, 4096]);
  });
});

describe('the texts of section 6', () => {
  const texts = [...byId.values()].filter((one) => /^6\.([5-9]|1\d|2[0-3])\./.test(one.id));

  it('are 132', () => {
    expect(texts).toHaveLength(132);
  });

  it.each(texts.map((one) => one.id))('%s is judged as a decoder does', (id) => {
    const { steps, expect: expected } = scriptOf(id);
    const [step] = steps;
    const payload = step?.do === 'send' ? step.frames[0]?.payload : undefined;
    let valid = true;
    try {
      new TextDecoder('utf-8', { fatal: true }).decode(payload);
    } catch {
      valid = false;
    }
    expect(closeOf(id)).toEqual(valid ? CLOSE.N : CLOSE.U);
    expect(expected).toEqual(valid ? [{ event: 'message', binary: false, payload }] : []);
  });
});
