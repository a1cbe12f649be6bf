import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { root } from './program.ts';

/** A file of the checkout as text. */
export function read(file: string): string {
  return readFileSync(join(root, file), 'utf8');
}

/** Every page below `docs`, as a path from the root. */
export function pages(): string[] {
  return readdirSync(join(root, 'docs'), { recursive: true })
    .map((name) => `docs/${String(name).replaceAll('\\', '/')}`)
    .filter((name) => name.endsWith('.md'))
    .sort();
}

/**
 * Expects that `page` holds `lines` between `<!-- begin NAME -->` and `<!-- end NAME -->`. With UPDATE_DOCS=1 in the
 * environment they are written there instead. A page has one test file that does this: two would overwrite each other.
 */
export function expectGenerated(page: string, name: string, lines: readonly string[]): void {
  const text = read(page);
  const [begin, end] = [`<!-- begin ${name} -->\n`, `<!-- end ${name} -->`];
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from === -1 || to < from) throw new Error(`${page} has no place for ${name}: ${begin}${end}`);
  const wanted = `${begin}\n${lines.join('\n')}\n\n`;
  if (process.env['UPDATE_DOCS'] === '1') {
    writeFileSync(join(root, page), text.slice(0, from) + wanted + text.slice(to));
    return;
  }
  const how = `${page}, ${name}: to rewrite it: node scripts/docs.mjs`;
  expect(text.slice(from, to), how).toBe(wanted);
}

/** The lines of a Markdown table. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
): readonly string[] {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
}

/** Writes `text` so that a table shows it as it is. */
export function cell(text: string): string {
  // A vertical bar ends a cell even inside of a code span; `<n>` outside of one would pass for HTML.
  return text
    .split(/(`[^`]*`)/)
    .map((part) => (part.startsWith('`') ? part : part.replace(/[<*_]/g, '\\$&')))
    .join('')
    .replaceAll('|', '\\|')
    .replace(/\s+/g, ' ')
    .trim();
}

/** The rows of every table in `markdown`, without heads: cells as they stand there, by the heading they are below. */
export function rowsBelow(markdown: string, heading: string): string[][] {
  const section = markdown.split(/^(?=#{1,6} )/m).find((part) => {
    const [first = ''] = part.split('\n', 1);
    return first.replace(/^#+ /, '') === heading;
  });
  if (section === undefined) throw new Error(`there is no heading "${heading}"`);
  return section
    .split('\n')
    .filter((line, at, all) => {
      if (!line.startsWith('|') || /^\|[\s:|-]+\|$/.test(line)) return false;
      return !/^\|[\s:|-]+\|$/.test(all[at + 1] ?? '');
    })
    .map((line) =>
      line
        .slice(1, line.lastIndexOf('|'))
        .split(/(?<!\\)\|/)
        .map((text) => text.trim()),
    );
}

/** What stands in code spans of `text`. */
export function codeSpans(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map((match) => match[1] as string);
}
