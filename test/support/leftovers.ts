import { afterAll, expect } from 'vitest';

// A socket, server, child or timer that a test file leaves behind fails the file: it would hide a leak of ours.
const KINDS = new Set([
  'TCPSocketWrap',
  'TCPServerWrap',
  'TLSWrap',
  'PipeWrap',
  'PipeServerWrap',
  'ProcessWrap',
  'Timeout',
]);
const before = count();

function count(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) {
    if (KINDS.has(kind)) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return counts;
}

function leftOver(): string[] {
  return [...count()]
    .filter(([kind, n]) => n > (before.get(kind) ?? 0))
    .map(([kind, n]) => `${n - (before.get(kind) ?? 0)} × ${kind}`);
}

afterAll(async () => {
  // Handles close a few turns after the call that closed them, and Vitest has a timer of 100 ms; a leak stays for good.
  for (let turn = 0; turn < 200 && leftOver().length > 0; turn += 1) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  expect(leftOver(), 'left over by this test file').toEqual([]);
});
