// A program, and a worker thread: masks in the read memory, and tells whether that was right and whether the module did it.
import { parentPort } from 'node:worker_threads';
import { maskInPlace, readMemory } from '../../src/connection/mask-module.ts';
import { pattern } from '../protocol/support/octets.ts';
import { masked } from '../protocol/support/reference-frame.ts';

const payload = pattern(1_003);
readMemory.set(payload, 5);
maskInPlace(readMemory, 5, 5 + payload.length, 0x37fa213d, 1);
const result = readMemory.subarray(5, 5 + payload.length);
const report = {
  right: Buffer.compare(result, masked(payload, 0x37fa213d, 1)) === 0,
  byModule: trapped(),
};
if (parentPort === null) process.stdout.write(JSON.stringify(report));
else parentPort.postMessage(report);

/** Whether masking past the end is stopped as WebAssembly stops it. */
function trapped(): boolean {
  try {
    maskInPlace(readMemory, 0, readMemory.length + 64, 0, 0);
    return false;
  } catch (error) {
    return (error as Error).name === 'RuntimeError';
  }
}
