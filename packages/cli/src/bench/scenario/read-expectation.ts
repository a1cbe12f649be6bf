import type { ScenarioExpectation } from '../bench-plan.ts';
import type { KnownNames } from './known-names.ts';
import {
  readBoolean,
  readHex,
  readJson,
  readTemplate,
  readText,
  readTime,
} from './scenario-values.ts';
import type { SourceNode } from './source-node.ts';
import { fillInPattern } from './template.ts';

const FIELDS = ['text', 'match', 'json', 'capture', 'hex', 'echo', 'close', 'timeout', 'skip'];
/** What comes: at most one of these is said. */
const KINDS = ['text', 'match', 'json', 'hex', 'echo', 'close'];

/** Reads what is expected of the next message: text, or a map. */
export function readExpectation(node: SourceNode, names: KnownNames): ScenarioExpectation {
  if (node.isEmpty) return {};
  if (typeof node.scalar === 'string') return { text: readTemplate(node, names) };
  if (!node.isMap)
    return node.fail(`it is the text that is to come, or a map of ${FIELDS.join(', ')}`);
  const fields = node.fields(FIELDS);
  const kinds = KINDS.filter((name) => fields.has(name));
  if (kinds.length > 1) node.fail(`it has ${kinds.join(' and ')}: a message is one of them`);
  const capture = fields.get('capture');
  if (capture !== undefined && kinds[0] !== undefined && kinds[0] !== 'json') {
    capture.fail(`it takes values out of JSON: it goes with json, or alone, not with ${kinds[0]}`);
  }
  const has = <Value>(
    name: string,
    readValue: (value: SourceNode) => Value,
  ): { [key: string]: Value } => {
    const value = fields.get(name);
    return value === undefined ? {} : { [name]: readValue(value) };
  };
  return {
    ...has('text', (value) => readTemplate(value, names)),
    ...has('match', (value) => readPattern(value, names)),
    ...has('json', (value) => readJson(value, names)),
    ...has('capture', (value) => readCapture(value, names)),
    ...has('hex', readHex),
    ...has('echo', readTrue),
    ...has('close', readExpectedCode),
    ...has('timeout', readTime),
    ...has('skip', readBoolean),
  };
}

function readPattern(node: SourceNode, names: KnownNames): string {
  const source = readTemplate(node, names);
  let groups: readonly string[];
  try {
    // With an empty alternative it fits everything, and names its groups.
    groups = Object.keys(new RegExp(`${fillInPattern(source)}|`, 'u').exec('')?.groups ?? {});
  } catch (error) {
    return node.fail(`it is no regular expression: ${(error as Error).message}`);
  }
  for (const name of groups) names.add(name, node);
  return source;
}

function readCapture(node: SourceNode, names: KnownNames): Readonly<Record<string, string>> {
  return Object.fromEntries(
    [...node.fields()].map(([name, value]) => {
      const path = readText(value);
      if (path === '') value.fail('it says where the value stands: session.id');
      names.add(name, value);
      return [name, path];
    }),
  );
}

function readTrue(node: SourceNode): boolean {
  return node.scalar === true ? true : node.fail('it is true, or left out');
}

function readExpectedCode(node: SourceNode): number {
  const { scalar } = node;
  if (Number.isInteger(scalar) && Number(scalar) >= 1000 && Number(scalar) <= 4999) {
    return Number(scalar);
  }
  return node.fail('it is a close code, 1000 to 4999: 1005 where the server gives none');
}
