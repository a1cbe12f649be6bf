import { expect, it, onTestFinished } from 'vitest';
import { manyOrAll } from '../../../../test/support/long.ts';
import { Program } from '../../../../test/support/program.ts';
import { observe } from '../support/observed.ts';
import { KINDS } from './tcp-transports.ts';

/** Rounds of 100 connections. By hand: `MEERKAT_ROUNDS=100`. */
const ROUNDS = Number(process.env['MEERKAT_ROUNDS'] ?? manyOrAll(5, 20, 'rounds of connections'));

interface Held {
  readonly heap: number;
  readonly external: number;
  readonly arrayBuffers: number;
  readonly handles: number;
}

interface Churned {
  readonly kinds: Readonly<Record<string, number>>;
  readonly before: Held;
  readonly after: Held;
}

it.each(KINDS)(
  `${100 * ROUNDS} connections on the %s transport, ended in every way, leave nothing behind`,
  async (kind) => {
    // It looks itself that every octet comes back as it was.
    const file = 'packages/meerkat/test/transport/programs/churn.ts';
    const program = Program.source(file, [kind, String(ROUNDS), '100'], { MEERKAT_TRANSPORT: '' });
    onTestFinished(() => program.kill('SIGKILL'));
    expect([await program.exited, program.stderr]).toEqual([0, '']);
    const { kinds, before, after } = JSON.parse(program.stdout) as Churned;
    observe(`before ${JSON.stringify(before)}, after ${JSON.stringify(after)}`);
    if (process.env['MEERKAT_ROUNDS'] !== undefined) console.log(program.stdout);
    expect(kinds).toEqual({ handle: 0, stream: 0, bare: 0, [kind]: 100 * ROUNDS + 300 });
    // Fewer is fine: one of the process's own may have been on its way out when it began.
    expect(after.handles).toBeLessThanOrEqual(before.handles);
    for (const what of ['heap', 'external', 'arrayBuffers'] as const) {
      expect([what, after[what] / before[what]]).toEqual([
        what,
        expect.toSatisfy((ratio: number) => ratio < 1.05),
      ]);
    }
  },
  60_000 + 5_000 * ROUNDS,
);
