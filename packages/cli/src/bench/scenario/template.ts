/** Values by the names that stand for them in a scenario. */
export type Variables = ReadonlyMap<string, unknown>;

/** Of every user, from 1. */
export const BUILT_IN: readonly string[] = ['user', 'iteration', 'pass'];

const REFERENCE = /\$?\$\{([^}]*)(\}?)/g;
const NAME = /^(?:[A-Za-z_]\w*|env\.[A-Za-z_]\w*)$/;

/**
 * The names that stand in `text` as `${name}`. `$${` is not one.
 *
 * @returns What is wrong with the text, in words, where something is.
 */
export function referencesIn(text: string): readonly string[] | { readonly problem: string } {
  const names: string[] = [];
  for (const [reference, name = '', end] of text.matchAll(REFERENCE)) {
    if (reference.startsWith('$$')) continue;
    if (end === '' || !NAME.test(name)) {
      return { problem: `${reference} is no variable: write \${name}, or $\${ for the signs` };
    }
    names.push(name);
  }
  return names;
}

/** Puts values in the place of their names. Lists and objects become JSON. */
export function fillIn(text: string, variables: Variables): string {
  if (!text.includes('${')) return text;
  return text.replace(REFERENCE, (reference, name: string, end: string) => {
    if (reference.startsWith('$$')) return `\${${name}${end}`;
    return asText(variables.get(name));
  });
}

/** The same for a regular expression: values stand for themselves, whatever characters they have. */
export function fillInPattern(source: string, variables: Variables = new Map()): string {
  return source.replace(REFERENCE, (reference, name: string) =>
    reference.startsWith('$$')
      ? `\\$\\{${name}\\}`
      : asText(variables.get(name)).replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'),
  );
}

/** The same for every text in a JSON value. A text that is one name and nothing else becomes the value, of its own type. */
export function fillInJson(value: unknown, variables: Variables): unknown {
  if (typeof value === 'string') {
    const [, alone] = /^\$\{([^}]*)\}$/.exec(value) ?? [];
    return alone === undefined ? fillIn(value, variables) : variables.get(alone);
  }
  if (Array.isArray(value)) return value.map((item) => fillInJson(item, variables));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, fillInJson(item, variables)]),
  );
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}
