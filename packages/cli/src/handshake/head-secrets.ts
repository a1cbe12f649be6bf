import { FieldSecrets, mayHoldSecrets } from './field-secrets.ts';
import { rangesInTarget, type TextRange } from './target-secrets.ts';

/** Characters of an unfinished line that are looked at before the rest of it comes. */
const MAX_OPEN = 256;

/**
 * Finds the secrets of a head that comes in pieces, or of several. What could still turn out to be a secret, such as `user:pass` before
 * the `@`, counts.
 */
export class HeadSecrets {
  readonly #finder: FieldSecrets = new FieldSecrets();
  /** Whether the next line is a request line or a status line. */
  #isFirst = true;
  /** The line that is not known to be complete, with those folded into it. */
  #open = '';

  /**
   * Takes the next piece, each octet one character.
   *
   * @returns Where the secrets are in it, in order; none overlaps another.
   */
  add(text: string): TextRange[] {
    const before = this.#open.length;
    const lines = this.#open + text;
    const found: TextRange[] = [];
    let start = 0;
    let end = lineEnd(lines, Math.max(0, before - 1));
    while (end >= 0) {
      const stop = lines[end - 1] === '\r' && end > start ? end - 1 : end;
      this.#look(lines.slice(start, stop), start, this.#finder, false, found);
      // Empty lines before the first line do not count (RFC 9112 §2.2), and behind one another head may begin.
      this.#isFirst = stop === start;
      start = end + 1;
      end = lineEnd(lines, start);
    }
    this.#open = lines.slice(start);
    this.#lookAtOpen(start, found);
    return found.flatMap(([from, to]): TextRange[] =>
      to > before ? [[Math.max(from, before) - before, to - before]] : [],
    );
  }

  /** Looks at the last line, of which more may follow. */
  #lookAtOpen(start: number, found: TextRange[]): void {
    const line = withoutLineEnd(this.#open);
    if (line.length <= MAX_OPEN) {
      this.#look(line, start, this.#finder.copy(), true, found);
      return;
    }
    // Looked at whole with every piece, a long line would take quadratic time. Its rest is secret until it is complete,
    // unless its name says that it never is.
    const colon = line.indexOf(':');
    if (!this.#isFirst && colon >= 0 && colon < MAX_OPEN && !line.includes('\r')) {
      if (!mayHoldSecrets(line.slice(0, colon))) return;
    }
    this.#look(line.slice(0, MAX_OPEN), start, this.#finder.copy(), true, found);
    const last = found.at(-1);
    if (last !== undefined && last[1] === start + MAX_OPEN) found.pop();
    const from = last !== undefined && last[1] === start + MAX_OPEN ? last[0] : start + MAX_OPEN;
    found.push([from, start + line.length]);
  }

  #look(
    line: string,
    start: number,
    finder: FieldSecrets,
    open: boolean,
    found: TextRange[],
  ): void {
    let isFirst = this.#isFirst;
    let at = 0;
    // A bare CR ends a line for some parsers and not for others: a secret before it goes on behind it.
    for (const part of line.split(/\r(?!\n)/)) {
      let ranges = isFirst ? rangesInFirstLine(part, open) : [];
      if (ranges.length === 0) ranges = rangesInFieldLine(part, finder, open);
      isFirst &&= part === '';
      for (const [from, to] of ranges) found.push([start + at + from, start + at + to]);
      const isCut = at + part.length < line.length && ranges.at(-1)?.[1] === part.trimEnd().length;
      at += part.length + 1;
      if (!isCut) continue;
      found.push([start + at - 1, start + line.length]);
      return;
    }
  }
}

function rangesInFirstLine(line: string, open: boolean): TextRange[] {
  if (/^HTTP\//i.test(line)) return [];
  const first = line.indexOf(' ');
  if (first < 0) return [];
  const last = line.lastIndexOf(' ');
  const hasVersion = last > first && /^ HTTP\//i.test(line.slice(last));
  const end = hasVersion ? last : line.length;
  const isConnect = /^\s*CONNECT$/i.test(line.slice(0, first));
  const target = line.slice(first + 1, end);
  return shifted(rangesInTarget(target, open && !hasVersion, isConnect), first + 1);
}

function rangesInFieldLine(line: string, finder: FieldSecrets, open: boolean): TextRange[] {
  const colon = line.indexOf(':');
  if (colon < 0) return [];
  return shifted(finder.rangesIn(line.slice(0, colon), line.slice(colon + 1), open), colon + 1);
}

/** The LF from `from` on that ends a line, that is, which is not known to be followed by a folded one; or -1. */
function lineEnd(lines: string, from: number): number {
  let end = lines.indexOf('\n', from);
  while (end >= 0 && (lines[end + 1] === ' ' || lines[end + 1] === '\t')) {
    end = lines.indexOf('\n', end + 1);
  }
  return end + 1 < lines.length ? end : -1;
}

/** Its LF may still turn out to be the end of a line, or not. */
function withoutLineEnd(line: string): string {
  const end = line.endsWith('\n') ? line.length - 1 : line.length;
  return line.slice(0, line[end - 1] === '\r' ? end - 1 : end);
}

function shifted(ranges: readonly TextRange[], by: number): TextRange[] {
  return ranges.map(([start, end]) => [start + by, end + by]);
}
