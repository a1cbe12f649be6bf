import { isCloseCodeOnTheWire } from 'meerkat';
import { isFieldValue, isToken, MAX_REASON_BYTES } from 'meerkat/protocol';
import type { ScenarioConnect, ScenarioMessage, ScenarioStep } from '../bench-plan.ts';
import { MAX_SIZE, readSize } from '../quantities.ts';
import type { KnownNames } from './known-names.ts';
import { readExpectation } from './read-expectation.ts';
import {
  readBoolean,
  readHex,
  readJson,
  readTemplate,
  readText,
  readTime,
} from './scenario-values.ts';
import type { SourceNode } from './source-node.ts';

/** Steps in a file, those within `repeat` too. */
const MAX_STEPS = 1_000;
/** `repeat` within `repeat`. */
const MAX_NESTING = 8;
const MAX_TIMES = 1_000_000_000;
const STEP_NAMES = ['connect', 'send', 'expect', 'wait', 'close', 'repeat'] as const;

/**
 * Reads a list of steps.
 *
 * @param prefix - Of their numbers: empty, `before `, or `3.` for those within the third.
 */
export function readSteps(
  list: SourceNode,
  names: KnownNames,
  prefix: string,
): readonly ScenarioStep[] {
  if (!list.isList) list.fail('it is a list: each step begins with "- "');
  const items = list.items();
  if (items.length === 0) list.fail('the list is empty');
  if (items.length > MAX_STEPS) list.fail(`there are more than ${MAX_STEPS} steps`);
  return items.map((item, at) => {
    const number = `${prefix}${at + 1}`;
    const where = number.startsWith('before ') ? number.replace(' ', ' step ') : `step ${number}`;
    return readStep(item.named(where), names, number);
  });
}

function readStep(node: SourceNode, names: KnownNames, number: string): ScenarioStep {
  const { scalar } = node;
  // `- connect` and `- close` need nothing else.
  if (scalar === 'connect') return { connect: {} };
  if (scalar === 'close') return { close: {} };
  if (scalar === 'expect') return { expect: {} };
  if (!node.isMap) return node.fail(`a step is one of ${STEP_NAMES.join(', ')}: "- send: hello"`);
  const fields = [...node.fields(STEP_NAMES)];
  const [first] = fields;
  if (first === undefined || fields.length > 1) {
    return node.fail(
      fields.length === 0
        ? 'the step is empty'
        : `${fields.map(([name]) => name).join(' and ')} are steps of their own: each begins with "- "`,
    );
  }
  const [name, value] = first;
  switch (name) {
    case 'connect':
      return { connect: readConnect(value, names) };
    case 'send':
      return { send: readMessage(value, names) };
    case 'expect':
      return { expect: readExpectation(value, names) };
    case 'wait':
      return { wait: readWait(value) };
    case 'close':
      return { close: readClose(value) };
    default:
      return { repeat: readRepeat(value, names, number) };
  }
}

function readConnect(node: SourceNode, names: KnownNames): ScenarioConnect {
  if (node.isEmpty) return {};
  if (typeof node.scalar === 'string') return { path: readPath(node, names) };
  const fields = node.fields(['path', 'subprotocols', 'headers']);
  const path = fields.get('path');
  const subprotocols = fields.get('subprotocols');
  const headers = fields.get('headers');
  return {
    ...(path && { path: readPath(path, names) }),
    ...(subprotocols && { subprotocols: subprotocols.items().map(readToken) }),
    ...(headers && { headers: readHeaders(headers, names) }),
  };
}

function readPath(node: SourceNode, names: KnownNames): string {
  const path = readTemplate(node, names);
  if (!/^[/?]/.test(path)) node.fail('a path begins with / or ?; the host is the one of the URL');
  // Two slashes would name another host.
  if (path.startsWith('//')) node.fail('a path begins with one /');
  if (/[\s\p{Cc}#]/u.test(path)) node.fail('a path has no blanks, control characters or #');
  return path;
}

function readToken(node: SourceNode): string {
  const text = readText(node);
  if (!isToken(text)) node.fail("a subprotocol is letters, digits and !#$%&'*+-.^_`|~ only");
  return text;
}

function readHeaders(node: SourceNode, names: KnownNames): Readonly<Record<string, string>> {
  return Object.fromEntries(
    [...node.fields()].map(([name, value]) => {
      if (!isToken(name)) value.fail(`"${name}" is no name of a header field`);
      const text = readTemplate(value, names);
      if (!isFieldValue(text)) value.fail('a value has no control characters');
      return [name, text];
    }),
  );
}

function readMessage(node: SourceNode, names: KnownNames): ScenarioMessage {
  if (typeof node.scalar === 'string') return { text: readTemplate(node, names) };
  if (!node.isMap) return node.fail('it is text, or one of text, json, hex, size');
  const fields = node.fields(['text', 'json', 'hex', 'size', 'binary']);
  const binary = fields.get('binary');
  const kinds = [...fields].filter(([name]) => name !== 'binary');
  const [kind] = kinds;
  if (kind === undefined || kinds.length > 1) {
    return node.fail('it has exactly one of text, json, hex, size');
  }
  const [name, value] = kind;
  if (binary !== undefined && name !== 'size') binary.fail('it goes with size only');
  switch (name) {
    case 'text':
      return { text: readTemplate(value, names) };
    case 'json':
      return { json: readJson(value, names) };
    case 'hex':
      return { hex: readHex(value) };
    default:
      return {
        size: readSizeOf(value),
        ...(binary !== undefined && { binary: readBoolean(binary) }),
      };
  }
}

function readSizeOf(node: SourceNode): number {
  const octets = readSize(String(node.scalar ?? ''));
  if (octets === undefined || octets > MAX_SIZE) return node.fail('it is octets, 0 to 16m: 20, 4k');
  return octets;
}

function readWait(node: SourceNode): number | readonly [number, number] {
  if (!node.isList) return readTime(node);
  const [from, to, ...more] = node.items();
  if (from === undefined || to === undefined || more.length > 0) {
    return node.fail('it is a time, or the least and the greatest: [500ms, 2s]');
  }
  const range = [readTime(from), readTime(to)] as const;
  if (range[1] < range[0]) to.fail('it is less than the one before');
  return range;
}

function readClose(node: SourceNode): { readonly code?: number; readonly reason?: string } {
  if (node.isEmpty) return {};
  if (typeof node.scalar === 'number') return { code: readCode(node) };
  const fields = node.fields(['code', 'reason']);
  const code = fields.get('code');
  const reason = fields.get('reason');
  const words = reason === undefined ? undefined : readText(reason);
  if (words !== undefined && Buffer.byteLength(words) > MAX_REASON_BYTES) {
    reason?.fail(`a reason is at most ${MAX_REASON_BYTES} octets of UTF-8`);
  }
  return {
    ...(code !== undefined && { code: readCode(code) }),
    ...(words !== undefined && { reason: words }),
  };
}

function readCode(node: SourceNode): number {
  const { scalar } = node;
  if (typeof scalar === 'number' && isCloseCodeOnTheWire(scalar)) return scalar;
  return node.fail('a close code that may be sent is 1000-1003, 1007-1014 or 3000-4999');
}

function readRepeat(
  node: SourceNode,
  names: KnownNames,
  number: string,
): { readonly times: number; readonly steps: readonly ScenarioStep[] } {
  if (number.split('.').length > MAX_NESTING) node.fail('there are too many repeats in repeats');
  const fields = node.fields(['times', 'steps']);
  const times = fields.get('times');
  const steps = fields.get('steps');
  if (times === undefined || steps === undefined) {
    return node.fail('it needs "times:", a number, and "steps:", a list');
  }
  const { scalar } = times;
  if (!Number.isInteger(scalar) || Number(scalar) < 1 || Number(scalar) > MAX_TIMES) {
    times.fail(`it is a whole number from 1 to ${MAX_TIMES}`);
  }
  return { times: Number(scalar), steps: readSteps(steps, names, `${number}.`) };
}
