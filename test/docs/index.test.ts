// docs/README.md: the index is made of the pages themselves.
import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { expectGenerated, pages, read } from '../support/doc-page.ts';
import { root } from '../support/program.ts';

/** Title and first sentence of a page. */
function entryOf(page: string): string {
  const text = read(page);
  const [, title = ''] = /^# (.+)$/m.exec(text) ?? [];
  const [, paragraph = ''] = /^# .+\n+([^#<|\n-][\s\S]*?)(?:\n\n|$)/.exec(text) ?? [];
  const [sentence = ''] = /^.*?[.:](?=\s|$)/.exec(paragraph.replace(/\s+/g, ' ')) ?? [];
  // Links in it lead from where that page is.
  const plain = sentence.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').replace(/:$/, '.');
  const link = `- [${title}](${relative('docs', page)})`;
  return plain === '' ? link : `${link}: ${plain}`;
}

describe('docs/README.md', () => {
  it('lists the pages of each folder by their titles', () => {
    for (const folder of ['tutorial', 'how-to', 'reference', 'explanation']) {
      const found = pages().filter((page) => page.startsWith(`docs/${folder}/`));
      expectGenerated('docs/README.md', `pages: ${folder}`, found.map(entryOf));
    }
  });
});

it('update-docs.sh, the command that rewrites the generated parts, runs every test that generates one', () => {
  expect(read('docs/snippets/update-docs.sh')).toBe('node scripts/docs.mjs\n');
  const [, list = ''] = /GENERATED = \[(.+)\]/.exec(read('scripts/docs.mjs')) ?? [];
  const folders = [...list.matchAll(/'([^']+)'/g)].map(([, folder = '']) => folder);
  const generators = ['test', 'packages'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true })
      .map((name) => `${folder}/${String(name).replaceAll('\\', '/')}`)
      .filter((file) => file.endsWith('.test.ts') && !file.includes('node_modules'))
      .filter((file) => /^import \{[^}]*\bexpectGenerated\b/m.test(read(file))),
  );
  expect(generators.length).toBeGreaterThan(2);
  const missed = generators.filter(
    (file) => !folders.some((folder) => file.startsWith(`${folder}/`)),
  );
  expect(missed).toEqual([]);
});
