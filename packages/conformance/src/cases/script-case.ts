// What the tables of sections 1 to 10 and F are made with.
import type { FrameSpec } from '../wire/frame.ts';
import type { Event, Limit, ScriptCase, Step, WriteMode } from './case.ts';
import { describeScript } from './describe-script.ts';

/** A script case without what can be made from the rest. */
export interface ScriptCaseTable extends Omit<ScriptCase, 'kind' | 'description' | 'script'> {
  readonly steps: readonly Step[];
  /** Default: nothing. */
  readonly expect?: readonly Event[];
  readonly tolerated?: readonly (readonly Event[])[];
  /** A sentence that follows the generated description. */
  readonly note?: string;
}

/** A case whose script is small enough to be kept, with a description of its steps. */
export function scriptCase(table: ScriptCaseTable): ScriptCase {
  const { steps, expect = [], tolerated, note, ...rest } = table;
  const script = { steps, expect, ...(tolerated === undefined ? {} : { tolerated }) };
  const words = describeScript(script, table.close);
  return {
    ...rest,
    kind: 'script',
    description: note === undefined ? words : `${words} ${note}`,
    script: () => script,
  };
}

/** A step that sends these frames. */
export function send(frames: readonly FrameSpec[], write?: WriteMode): Step {
  return { do: 'send', frames, ...(write === undefined ? {} : { write }) };
}

/** The runner fails the connection after so many seconds. */
export function kill(seconds: number): Limit {
  return { action: 'kill', seconds };
}

/** The runner begins the closing handshake after so many seconds. */
export function timedClose(seconds: number): Limit {
  return { action: 'close', seconds };
}
