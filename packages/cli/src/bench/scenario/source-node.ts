import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type ParsedNode,
  parseDocument,
  visit,
} from 'yaml';
import { nearestName } from '../../terminal/nearest-name.ts';

/** What `yaml` says where values stand in values deeper than it can walk. */
const NO_STACK = 'Maximum call stack size exceeded';
const TOO_DEEP = 'there are too many values within values';
/** Values in a file, each time one is read: what is repeated by an alias counts again. */
const MAX_VALUES = 50_000;
/** Values within values. */
const MAX_DEPTH = 40;

/** A scenario is wrong. The message says in which line, where, and what was expected. */
export class ScenarioError extends Error {
  override readonly name = 'ScenarioError';
}

interface SourceFile {
  readonly document: Document.Parsed;
  readonly lines: LineCounter;
  /** What aliases stand for. */
  readonly resolved: ReadonlyMap<Node, Node>;
  values: number;
}

/** A value in a YAML or JSON file that knows its line. */
export class SourceNode {
  /** What it is called in messages: `step 3, expect.timeout`; empty for the whole file. */
  readonly where: string;
  readonly #file: SourceFile;
  readonly #node: Node | null;
  readonly #line: number;
  readonly #depth: number;

  /** @throws {@link ScenarioError} for text that is neither YAML nor JSON. */
  static parse(text: string): SourceNode {
    const lines = new LineCounter();
    const document = parseDocument(text, {
      lineCounter: lines,
      prettyErrors: false,
      logLevel: 'error',
      version: '1.2',
      uniqueKeys: false, // it compares each with each; `fields` looks for itself
    });
    const [problem] = document.errors;
    if (problem !== undefined) {
      const { line } = lines.linePos(problem.pos[0]);
      const words = `this is neither YAML nor JSON: ${problem.message}`;
      throw new ScenarioError(`line ${line}: ${problem.message === NO_STACK ? TOO_DEEP : words}`);
    }
    const file: SourceFile = { document, lines, resolved: resolveAliases(document), values: 0 };
    return new SourceNode(file, document.contents, 1, '', 0);
  }

  private constructor(
    file: SourceFile,
    node: Node | ParsedNode | null,
    line: number,
    where: string,
    depth: number,
  ) {
    this.where = where;
    this.#file = file;
    this.#depth = depth;
    const start = node?.range?.[0];
    this.#line = start === undefined ? line : file.lines.linePos(start).line;
    this.#node = isAlias(node) ? (file.resolved.get(node) ?? null) : node;
    file.values += 1;
    if (file.values > MAX_VALUES) this.fail(`there are more than ${MAX_VALUES} values`);
    if (depth > MAX_DEPTH) this.fail(TOO_DEEP);
  }

  /** @throws {@link ScenarioError} always. */
  fail(words: string): never {
    const place = this.where === '' ? '' : `, ${this.where}`;
    throw new ScenarioError(`line ${this.#line}${place}: ${words}`);
  }

  get isMap(): boolean {
    return isMap(this.#node);
  }

  get isList(): boolean {
    return isSeq(this.#node);
  }

  /** Whether nothing stands there: `close:` alone. */
  get isEmpty(): boolean {
    return this.#node === null || (isScalar(this.#node) && this.#node.value === null);
  }

  /** Text, a number, true, false or null; undefined for a list or a map. */
  get scalar(): unknown {
    if (this.#node === null) return null;
    return isScalar(this.#node) ? this.#node.value : undefined;
  }

  /** The same value under another name. */
  named(where: string): SourceNode {
    return new SourceNode(this.#file, this.#node, this.#line, where, this.#depth);
  }

  /** The values of a list, each called by its place, from 1. */
  items(): readonly SourceNode[] {
    if (!isSeq(this.#node)) return this.fail('it is a list');
    return this.#node.items.map((item, at) => this.#child(item as Node | null, `${at + 1}`));
  }

  /**
   * The values of a map by their names.
   *
   * @param known - Names that it may have. @default any
   * @throws {@link ScenarioError} for another, in its own line.
   */
  fields(known?: readonly string[]): ReadonlyMap<string, SourceNode> {
    if (!isMap(this.#node)) return this.fail('it is a map: "name: value"');
    const fields = new Map<string, SourceNode>();
    for (const { key, value } of this.#node.items) {
      const name = String(isScalar(key) ? key.value : key);
      const child = this.#child(value as Node | null, name, key as Node);
      if (known !== undefined && !known.includes(name)) {
        this.#failAt(key as Node, `there is no "${name}"${suggestion(name, known)}`);
      }
      if (fields.has(name)) this.#failAt(key as Node, `"${name}" stands there twice`);
      fields.set(name, child);
    }
    return fields;
  }

  /** The value as JSON has it. */
  plain(): unknown {
    if (this.isList) return this.items().map((item) => item.plain());
    if (this.isMap) {
      return Object.fromEntries([...this.fields()].map(([name, node]) => [name, node.plain()]));
    }
    return this.scalar;
  }

  #failAt(node: Node, words: string): never {
    return new SourceNode(this.#file, node, this.#line, this.where, this.#depth).fail(words);
  }

  #child(node: Node | null, name: string, key?: Node): SourceNode {
    const start = (node ?? key)?.range?.[0];
    const line = start === undefined ? this.#line : this.#file.lines.linePos(start).line;
    const separator = /step [\d.]+$/.test(this.where) ? ', ' : '.';
    const where = this.where === '' ? name : `${this.where}${separator}${name}`;
    return new SourceNode(this.#file, node, line, where, this.#depth + 1);
  }
}

/** One walk through the file for all of them: to ask for each takes a walk of its own. */
function resolveAliases(document: Document.Parsed): ReadonlyMap<Node, Node> {
  const anchors = new Map<string, Node>();
  const resolved = new Map<Node, Node>();
  visit(document, (_key, node) => {
    if (isAlias(node)) {
      const named = anchors.get(node.source);
      if (named !== undefined) resolved.set(node, named);
    } else if ((isMap(node) || isSeq(node) || isScalar(node)) && node.anchor !== undefined) {
      anchors.set(node.anchor, node);
    }
  });
  return resolved;
}

function suggestion(name: string, known: readonly string[]): string {
  const near = nearestName(name, known);
  return near === undefined ? `; there are ${known.join(', ')}` : `; did you mean "${near}"?`;
}
