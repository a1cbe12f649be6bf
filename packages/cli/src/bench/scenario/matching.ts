import type { Message } from 'meerkat';
import { oneLine } from '../../terminal/escape-controls.ts';
import type { ScenarioExpectation } from '../bench-plan.ts';
import { findWithin, PATTERN_TIME } from './pattern-time.ts';
import { fillIn, fillInJson, fillInPattern, type Variables } from './template.ts';

/** Characters of a message that are shown. */
const MAX_SHOWN = 60;
/** Octets of a binary message that are shown. */
const MAX_OCTETS = 16;

/** What became of a message: what it captured, or in words why it does not fit. */
export type Match =
  | { readonly captured: readonly (readonly [string, unknown])[] }
  /** `endless`: it could not be told whether the next one fits either. */
  | { readonly reason: string; readonly endless?: boolean };

const FITS: Match = { captured: [] };

/** Looks whether a message is what was expected. */
export function match(
  message: Message,
  expected: ScenarioExpectation,
  variables: Variables,
  sent: Message | undefined,
): Match {
  const { text, match: pattern, json, capture, hex, echo, close } = expected;
  if (close !== undefined) return differs(message, expected);
  if (text !== undefined) {
    return message === fillIn(text, variables) ? FITS : differs(message, expected);
  }
  if (pattern !== undefined) {
    if (typeof message !== 'string') return differs(message, expected);
    const found = findWithin(new RegExp(fillInPattern(pattern, variables), 'u'), message);
    if (found === 'endless') {
      const what = `/${oneLine(pattern, MAX_SHOWN)}/ takes longer than ${PATTERN_TIME} ms`;
      return { reason: `got ${shown(message)}: to see whether it fits ${what}`, endless: true };
    }
    if (found === null) return differs(message, expected);
    return { captured: Object.entries(found.groups ?? {}) };
  }
  if (hex !== undefined) {
    const fits = typeof message !== 'string' && Buffer.from(hex, 'hex').equals(message);
    return fits ? FITS : differs(message, expected);
  }
  if (echo === true) return isSame(message, sent) ? FITS : differs(message, expected, sent);
  if (json === undefined && capture === undefined) return FITS;
  return matchJson(message, expected, variables);
}

/** What is expected, for messages: as it stands in the file, without the values of variables. */
export function expectedWords({
  text,
  match: pattern,
  json,
  hex,
  echo,
  close,
}: ScenarioExpectation): string {
  if (text !== undefined) return `text ${quoted(text)}`;
  if (pattern !== undefined) return `text that fits /${oneLine(pattern, MAX_SHOWN)}/`;
  if (json !== undefined) return `JSON with ${oneLine(JSON.stringify(json), MAX_SHOWN)}`;
  if (hex !== undefined) return `octets ${shownOctets(Buffer.from(hex, 'hex'))}`;
  if (echo === true) return 'what was sent last';
  if (close !== undefined) return `the end of the connection with ${close}`;
  return 'a message';
}

/** A message, cut where it is long. */
function shown(message: Message): string {
  return typeof message === 'string' ? `text ${quoted(message)}` : `octets ${shownOctets(message)}`;
}

function quoted(text: string): string {
  return `"${oneLine(text, MAX_SHOWN)}"`;
}

function shownOctets(octets: Uint8Array): string {
  if (octets.length === 0) return '(none)';
  const hex = Buffer.from(octets.subarray(0, MAX_OCTETS)).toString('hex');
  const digits = hex.replace(/..(?!$)/g, '$& ');
  return octets.length > MAX_OCTETS ? `${digits}… (${octets.length} of them)` : digits;
}

function differs(message: Message, expected: ScenarioExpectation, sent?: Message): Match {
  const wanted =
    sent === undefined ? expectedWords(expected) : `what was sent last: ${shown(sent)}`;
  return { reason: `got ${shown(message)}, expected ${wanted}` };
}

function isSame(one: Message, other: Message | undefined): boolean {
  if (typeof one === 'string' || typeof other === 'string' || other === undefined) {
    return one === other;
  }
  return one.length === other.length && Buffer.compare(one, other) === 0;
}

function matchJson(message: Message, expected: ScenarioExpectation, variables: Variables): Match {
  if (typeof message !== 'string') return differs(message, expected);
  let value: unknown;
  try {
    value = JSON.parse(message);
  } catch {
    return {
      reason: `got ${shown(message)}, which is no JSON, expected ${expectedWords(expected)}`,
    };
  }
  const { json, capture = {} } = expected;
  const other = json === undefined ? undefined : difference(value, fillInJson(json, variables), '');
  if (other !== undefined) {
    return { reason: `got ${shown(message)}, expected ${expectedWords(expected)}: ${other}` };
  }
  const captured: (readonly [string, unknown])[] = [];
  for (const [name, path] of Object.entries(capture)) {
    const found = valueAt(value, path);
    if (found === undefined) return { reason: `got ${shown(message)}, which has no ${path}` };
    captured.push([name, found]);
  }
  return { captured };
}

/** Where `value` lacks something that `wanted` has, in words; undefined where it has all of it. */
function difference(value: unknown, wanted: unknown, path: string): string | undefined {
  const name = path === '' ? 'it' : path;
  if (typeof wanted !== 'object' || wanted === null) {
    if (value === wanted) return undefined;
    return value === undefined
      ? `there is no ${name}`
      : `${name} is ${oneLine(JSON.stringify(value), MAX_SHOWN)}`;
  }
  if (Array.isArray(wanted)) {
    if (!Array.isArray(value)) return `${name} is no list`;
    if (value.length !== wanted.length) return `${name} has ${value.length} values`;
  } else if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return value === undefined ? `there is no ${name}` : `${name} is no object`;
  }
  for (const [key, part] of Object.entries(wanted)) {
    const other = difference(
      Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined,
      part,
      path === '' ? key : `${path}.${key}`,
    );
    if (other !== undefined) return other;
  }
  return undefined;
}

function valueAt(value: unknown, path: string): unknown {
  let at = value;
  for (const key of path.split('.')) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined;
    at = (at as Record<string, unknown>)[key];
  }
  return at;
}
