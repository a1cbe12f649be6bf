import type { SourceNode } from './source-node.ts';
import { BUILT_IN, referencesIn } from './template.ts';

/** The variables that a step may use. */
export class KnownNames {
  readonly #env: Readonly<Record<string, string | undefined>>;
  readonly #captured = new Set<string>();

  constructor(env: Readonly<Record<string, string | undefined>>) {
    this.#env = env;
  }

  /** A step captures `name`: those after it may use it. */
  add(name: string, node: SourceNode): void {
    if (!/^[A-Za-z_]\w*$/.test(name)) {
      node.fail(`"${name}" is no name for a variable: letters, digits and _ only`);
    }
    if (BUILT_IN.includes(name)) node.fail(`"${name}" has a meaning already: take another name`);
    this.#captured.add(name);
  }

  /** @throws {@link ScenarioError} for a name in `text` that stands for nothing. */
  check(text: string, node: SourceNode): void {
    const names = referencesIn(text);
    if ('problem' in names) node.fail(names.problem);
    for (const name of names) {
      if (name.startsWith('env.')) {
        if (this.#env[name.slice(4)] === undefined) {
          node.fail(`\${${name}}: there is no ${name.slice(4)} in the environment`);
        }
      } else if (!BUILT_IN.includes(name) && !this.#captured.has(name)) {
        const known = [...BUILT_IN, 'env.NAME', ...this.#captured].join(', ');
        node.fail(`\${${name}} stands for nothing here; there are ${known}`);
      }
    }
  }
}
