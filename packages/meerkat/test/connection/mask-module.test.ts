import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { FROM_SOURCE } from '../../../../test/support/program.ts';
import * as maskModule from '../../src/connection/mask-module.ts';
import { pattern } from '../protocol/support/octets.ts';
import { masked } from '../protocol/support/reference-frame.ts';

type MaskModule = typeof maskModule;

const KEY = 0xed7f06db | 0;
const program = new URL('../support/masking.ts', import.meta.url);

/** A worker thread of Node 20 does not get the loader from its flags. */
const THREAD = `
  const { workerData } = require('node:worker_threads');
  void import(workerData.loader).then((loader) => loader.tsImport(workerData.program, 'file:///'));
`;

/** The module as a process gets it whose `WebAssembly` is another one. */
async function loadWith(webAssembly: unknown): Promise<MaskModule> {
  vi.stubGlobal('WebAssembly', webAssembly);
  vi.resetModules();
  return await import('../../src/connection/mask-module.ts');
}

const refusing = {
  Module: class {},
  Instance: class {
    constructor() {
      throw new RangeError('Cannot allocate Wasm memory for new instance');
    }
  },
};

// Where the octets lie decides who masks them.
const PLACES: readonly [string, (module: MaskModule) => Uint8Array][] = [
  ['the read memory', ({ readMemory }) => readMemory],
  ['a view of the read memory', ({ readMemory }) => readMemory.subarray(1, 60_000)],
  ['a Buffer elsewhere', () => Buffer.allocUnsafe(66_000)],
  ['a Uint8Array elsewhere', () => new Uint8Array(new ArrayBuffer(66_003), 3)],
];

afterEach(() => {
  vi.unstubAllGlobals();
});

describe.each<[string, () => Promise<MaskModule>]>([
  ['with WebAssembly', async () => maskModule],
  ['without WebAssembly', () => loadWith(undefined)],
  ['where WebAssembly is refused its memory', () => loadWith(refusing)],
])('masking %s (§5.3)', (_with, load) => {
  it.each(PLACES)('in %s is right at every alignment, length and phase', async (_name, place) => {
    const module = await load();
    const octets = place(module);
    const differences: string[] = [];
    for (let length = 0; length <= 200; length += 1) {
      for (let start = 0; start < 17; start += 1) {
        const phase = (length + start) & 3;
        const before = pattern(start + length + 16);
        octets.set(before);
        module.maskInPlace(octets, start, start + length, KEY, phase);
        before.set(masked(before.subarray(start, start + length), KEY, phase), start);
        if (Buffer.compare(octets.subarray(0, before.length), before) !== 0) {
          differences.push(`${start} + ${length}, phase ${phase}`);
        }
      }
    }
    expect(differences).toEqual([]);
  });

  it.each(PLACES)(
    'in %s is right for any key and phase, up to 2,000 octets',
    async (_name, place) => {
      const module = await load();
      const octets = place(module);
      const payloads = fc.uint8Array({ maxLength: 2_000, size: 'max' });
      fc.assert(
        fc.property(payloads, fc.nat(40), fc.integer(), fc.nat(7), (payload, start, key, phase) => {
          const end = start + payload.length;
          octets.fill(0xee, 0, end + 20);
          octets.set(payload, start);
          module.maskInPlace(octets, start, end, key, phase);
          const wanted = Buffer.alloc(end + 20, 0xee);
          wanted.set(masked(payload, key, phase), start);
          expect(Buffer.compare(octets.subarray(0, end + 20), wanted)).toBe(0);
        }),
        { numRuns: 100 },
      );
    },
  );

  it.each([
    [0, 65_536],
    [1, 65_536],
    [65_471, 65_536],
    [65_520, 65_536],
    [65_528, 65_535],
    [65_536, 65_536],
    [0, 16_384],
    [14, 16_399],
  ])('of the octets %i to %i reaches to the last octet of the read memory', async (start, end) => {
    const { maskInPlace, readMemory } = await load();
    expect(readMemory.length).toBe(65_536);
    readMemory.set(pattern(65_536));
    maskInPlace(readMemory, start, end, KEY, 3);
    const wanted = pattern(65_536);
    wanted.set(masked(wanted.subarray(start, end), KEY, 3), start);
    expect(Buffer.compare(readMemory, wanted)).toBe(0);
  });
});

describe('the module that masks', () => {
  it.each([
    ['with its usual flags', [], true],
    ['that may not make code of strings', ['--disallow-code-generation-from-strings'], true],
    ['without a compiler, and so without WebAssembly', ['--jitless', '--no-warnings'], false],
  ])('is used, or done without, in a process %s', async (_flags, more, byModule) => {
    const { stdout } = await promisify(execFile)(process.execPath, [
      ...more,
      ...FROM_SOURCE,
      fileURLToPath(program),
    ]);
    expect(JSON.parse(stdout)).toEqual({ right: true, byModule });
  });

  it('is used in a worker thread, in memory of its own', async () => {
    maskModule.readMemory.fill(0x55);
    const worker = new Worker(THREAD, {
      eval: true,
      execArgv: [],
      workerData: { loader: 'tsx/esm/api', program: program.href },
    });
    const [report] = await once(worker, 'message');
    await worker.terminate();
    expect(report).toEqual({ right: true, byModule: true });
    expect(maskModule.readMemory.every((octet) => octet === 0x55)).toBe(true);
  });
});
