import type { Scenario, ScenarioStep } from '../bench-plan.ts';
import { KnownNames } from './known-names.ts';
import { readSteps } from './read-steps.ts';
import { readText } from './scenario-values.ts';
import { ScenarioError, SourceNode } from './source-node.ts';

/** Octets of a file: a longer one could take longer to read than the load takes. */
export const MAX_SCENARIO_BYTES = 262_144;

/**
 * Reads a scenario, YAML or JSON.
 *
 * @param env - Where `${env.NAME}` will be looked up: what is not there is noticed now.
 * @throws {@link ScenarioError} that says in which line what is wrong.
 */
export function readScenario(
  text: string,
  env: Readonly<Record<string, string | undefined>>,
): Scenario {
  if (Buffer.byteLength(text) > MAX_SCENARIO_BYTES) {
    throw new ScenarioError(`a scenario is at most ${MAX_SCENARIO_BYTES} octets long`);
  }
  const root = SourceNode.parse(text);
  if (root.isEmpty) throw new ScenarioError('the file is empty: it needs "steps:", a list');
  const fields = root.fields(['name', 'before', 'steps']);
  const names = new KnownNames(env);
  const before = fields.get('before');
  const steps = fields.get('steps');
  if (steps === undefined) return root.fail('"steps:" is missing, a list of what a user does');
  const first = before === undefined ? [] : readSteps(before, names, 'before ');
  const turn = readSteps(steps, names, '');
  if (before !== undefined) refuseSecondConnection(turn, steps);
  return {
    name: readName(fields.get('name')),
    ...(before !== undefined && { before: first }),
    steps: turn,
  };
}

function readName(node: SourceNode | undefined): string {
  return node === undefined ? '' : readText(node);
}

/** What `before` opened is kept: a turn that dials as well would drop it each time, and measure something else. */
function refuseSecondConnection(steps: readonly ScenarioStep[], node: SourceNode): void {
  for (const [at, step] of steps.entries()) {
    if ('connect' in step || 'close' in step) {
      const word = 'connect' in step ? 'connect' : 'close';
      node.fail(
        `step ${at + 1} (${word}): with "before" the connection stays from turn to turn; leave ${word} out, or "before"`,
      );
    }
    if ('repeat' in step) refuseSecondConnection(step.repeat.steps, node);
  }
}
