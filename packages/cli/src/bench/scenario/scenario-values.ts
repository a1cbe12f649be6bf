import { readDuration } from '../quantities.ts';
import type { KnownNames } from './known-names.ts';
import type { SourceNode } from './source-node.ts';

const DAY = 86_400_000;

/** Text without variables. */
export function readText(node: SourceNode): string {
  const { scalar } = node;
  if (typeof scalar === 'string') return scalar;
  return node.fail(
    scalar === undefined || scalar === null
      ? 'it is text'
      : `it is text: write "${String(scalar)}" in quotes`,
  );
}

/** Text that may have variables in it. */
export function readTemplate(node: SourceNode, names: KnownNames): string {
  const text = readText(node);
  names.check(text, node);
  return text;
}

/** Any value of JSON, with variables in its texts. */
export function readJson(node: SourceNode, names: KnownNames): unknown {
  if (node.isList) return node.items().map((item) => readJson(item, names));
  if (node.isMap) {
    return Object.fromEntries(
      [...node.fields()].map(([name, item]) => [name, readJson(item, names)]),
    );
  }
  const { scalar } = node;
  if (typeof scalar === 'string') names.check(scalar, node);
  return scalar;
}

/** Octets in hex digits, two each; blanks may stand between. */
export function readHex(node: SourceNode): string {
  const digits = String(node.scalar ?? '').replace(/\s/g, '');
  if (typeof node.scalar === 'string' && /^(?:[0-9a-f]{2})*$/i.test(digits)) return digits;
  return node.fail('it is hex digits in quotes, two for each octet: "00 ff"');
}

/** `true` or `false`. */
export function readBoolean(node: SourceNode): boolean {
  const { scalar } = node;
  return typeof scalar === 'boolean' ? scalar : node.fail('it is true or false');
}

/** A time with its unit, in milliseconds. A number alone would leave open what it counts. */
export function readTime(node: SourceNode): number {
  const time = readDuration(String(node.scalar ?? ''));
  if (time === undefined || time > DAY) {
    return node.fail('it is a time with its unit, up to 24h: 500ms, 2s, 1m');
  }
  return time;
}
