import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pages, read } from '../support/doc-page.ts';
import { root } from '../support/program.ts';

interface Block {
  readonly line: number;
  readonly language: string;
  /** The file that the block shows; undefined when it names none. */
  readonly file: string | undefined;
  readonly content: string;
}

/** Takes the fenced blocks out of a page. `prose` is the rest, with an empty line for each line of a block. */
function takeApart(markdown: string): { blocks: Block[]; prose: string; faults: string[] } {
  const blocks: Block[] = [];
  const faults: string[] = [];
  const prose: string[] = [];
  let open: { line: number; info: string; lines: string[] } | undefined;
  for (const [at, text] of markdown.split('\n').entries()) {
    if (open === undefined) {
      const fence = /^(\s*)(`{3,}|~{3,})(.*)$/.exec(text);
      if (fence !== null && (fence[1] !== '' || fence[2] !== '```')) {
        faults.push(`line ${at + 1}: a fence is three backticks at the beginning of a line`);
      }
      if (fence === null) prose.push(text);
      else {
        open = { line: at + 1, info: fence[3] as string, lines: [] };
        prose.push('');
      }
      continue;
    }
    prose.push('');
    if (text !== '```') {
      open.lines.push(text);
      continue;
    }
    const [language = '', file] = open.info.split(' ');
    blocks.push({ line: open.line, language, file, content: `${open.lines.join('\n')}\n` });
    open = undefined;
  }
  if (open !== undefined) faults.push(`line ${open.line}: this block does not end`);
  return { blocks, prose: prose.join('\n'), faults };
}

function faultOfBlock({ line, language, file, content }: Block): string | undefined {
  if (!/^[a-z]+$/.test(language)) return `line ${line}: a block has a language`;
  if (file === undefined || file === '')
    return `line ${line}: a block names the file that it shows`;
  if (normalize(file) !== file || file.startsWith('..') || !existsSync(join(root, file))) {
    return `line ${line}: there is no file ${file}`;
  }
  const whole = read(file);
  const shown = language === 'ts' ? [whole, whole.replace(/^(?:\/\/.*\n)+/, '')] : [whole];
  return shown.includes(content) ? undefined : `line ${line}: the block is not ${file}`;
}

/** Puts the content of its file into every block; a head of comments stays out where the block left it out. */
function withBlocksRenewed(markdown: string): string {
  return markdown.replace(
    /^```([a-z]+) (\S+)\n([\s\S]*?)^```$/gm,
    (all: string, language: string, file: string, content: string) => {
      if (!existsSync(join(root, file))) return all;
      const whole = read(file);
      const bare = language === 'ts' && !content.startsWith('//');
      return `\`\`\`${language} ${file}\n${bare ? whole.replace(/^(?:\/\/.*\n)+/, '') : whole}\`\`\``;
    },
  );
}

if (process.env['UPDATE_DOCS'] === '1') {
  for (const page of pages()) writeFileSync(join(root, page), withBlocksRenewed(read(page)));
}

/** The anchors of a page, as GitHub makes them out of its headings. */
function anchorsOf(markdown: string): string[] {
  const seen = new Map<string, number>();
  const headings = takeApart(markdown).prose.matchAll(/^#{1,6} +(.+?)\s*$/gm);
  return [...headings].map(([, heading = '']) => {
    const slug = heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\p{M}_\- ]/gu, '')
      .replaceAll(' ', '-');
    const times = seen.get(slug) ?? 0;
    seen.set(slug, times + 1);
    return times === 0 ? slug : `${slug}-${times}`;
  });
}

function faultOfLink(page: string, target: string): string | undefined {
  if (/^(?:https?|mailto):/.test(target)) return undefined;
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? page : normalize(join(dirname(page), decodeURI(path)));
  if (file.startsWith('..') || !existsSync(join(root, file))) return `there is no ${target}`;
  if (anchor === undefined) return undefined;
  if (!file.endsWith('.md')) return `${target}: only a page has anchors`;
  return anchorsOf(read(file)).includes(anchor) ? undefined : `there is no heading ${target}`;
}

function linksIn(markdown: string): string[] {
  const prose = takeApart(markdown).prose.replace(/`[^`\n]*`/g, '');
  const inline = [...prose.matchAll(/\]\(([^)\s]+)(?:\s[^)]*)?\)/g)];
  const below = [...prose.matchAll(/^\[[^\]]+\]:\s+(\S+)/gm)];
  return [...inline, ...below].map((match) => match[1] as string);
}

function filesBelow(folder: string): string[] {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: true })
    .map((name) => `${folder}/${String(name).replaceAll('\\', '/')}`)
    .filter((name) => statSync(join(root, name)).isFile());
}

const testFiles = [
  'test',
  ...readdirSync(join(root, 'packages')).map((name) => `packages/${name}/test`),
]
  .flatMap(filesBelow)
  .filter((name) => name.endsWith('.test.ts'))
  .map(read);

describe.each(pages())('%s', (page) => {
  const markdown = read(page);
  const { blocks, prose, faults } = takeApart(markdown);

  it('shows in each of its blocks a file of the checkout, whole', () => {
    expect([...faults, ...blocks.flatMap((block) => faultOfBlock(block) ?? [])]).toEqual([]);
  });

  it('links only to what is there', () => {
    expect(linksIn(markdown).flatMap((target) => faultOfLink(page, target) ?? [])).toEqual([]);
  });

  it('begins with its one title', () => {
    expect(prose).toMatch(/^# \S/);
    expect(prose.match(/^# /gm)).toHaveLength(1);
  });

  it('has for each generated part a test that generates it', () => {
    const names = [...prose.matchAll(/^<!-- begin (.+) -->$/gm)].map(([, name = '']) => name);
    expect(names.filter((name) => !prose.includes(`\n<!-- end ${name} -->\n`))).toEqual([]);
    expect([...prose.matchAll(/^<!-- /gm)]).toHaveLength(2 * names.length);
    const generators = testFiles.filter((text) => text.includes('expectGenerated'));
    expect(
      names.filter((name) => {
        const [kind = ''] = name.split(': '); // "flags: serve" is one of many
        return !generators.some(
          (text) => text.includes(`'${name}'`) || text.includes(`\`${kind}: `),
        );
      }),
    ).toEqual([]);
  });
});

describe('docs', () => {
  it('has an index that links every page', () => {
    const linked = linksIn(read('docs/README.md')).map((target) => normalize(join('docs', target)));
    const missing = pages().filter((page) => page !== 'docs/README.md' && !linked.includes(page));
    expect(missing).toEqual([]);
  });

  it('names no path of the machine that it was written on', () => {
    const places = [root, `${homedir()}/`, `${tmpdir()}/`];
    const faults = filesBelow('docs').flatMap((file) =>
      places.filter((place) => read(file).includes(place)).map((place) => `${file}: ${place}`),
    );
    expect(faults).toEqual([]);
  });

  it('shows every snippet on a page, and has a test that names it', () => {
    const shown = new Set(
      pages().flatMap((page) => takeApart(read(page)).blocks.map(({ file }) => file)),
    );
    const snippets = filesBelow('docs/snippets');
    expect(snippets.filter((file) => !shown.has(file))).toEqual([]);
    const untested = snippets.filter((file) => {
      const name = file.slice('docs/snippets/'.length);
      return !testFiles.some((text) => text.includes(name));
    });
    expect(untested).toEqual([]);
  });
});

describe('the rules above', () => {
  it.each([
    ['a block without a path', '```ts\nx\n```', 'line 1: a block names the file that it shows'],
    ['a block without a language', '``` LICENSE\nx\n```', 'line 1: a block has a language'],
    [
      'a file that is not there',
      '```sh docs/snippets/none.sh\nx\n```',
      'line 1: there is no file docs/snippets/none.sh',
    ],
    ['a file outside', '```sh ../x.sh\nx\n```', 'line 1: there is no file ../x.sh'],
    [
      'a block that differs',
      '```ts examples/client.ts\nx\n```',
      'line 1: the block is not examples/client.ts',
    ],
    [
      'an indented fence',
      '  ```ts x\nx\n```',
      'line 1: a fence is three backticks at the beginning of a line',
    ],
    ['a block without an end', '```ts x\nx', 'line 1: this block does not end'],
  ])('refuse %s', (_what, markdown, fault) => {
    const { blocks, faults } = takeApart(markdown);
    expect([...faults, ...blocks.flatMap((block) => faultOfBlock(block) ?? [])]).toContain(fault);
  });

  it('let a block leave out the comment at the head of a program', () => {
    const whole = read('examples/client.ts');
    expect(whole.startsWith('//')).toBe(true);
    for (const content of [whole, whole.replace(/^(?:\/\/.*\n)+/, '')]) {
      const block = { line: 1, language: 'ts', file: 'examples/client.ts', content };
      expect(faultOfBlock(block)).toBeUndefined();
    }
  });

  it('renew a block from its file', () => {
    const whole = read('examples/client.ts');
    const bare = whole.replace(/^(?:\/\/.*\n)+/, '');
    for (const [before, after] of [
      ['old\n', bare],
      ['// old\n', whole],
    ]) {
      const page = withBlocksRenewed(`a\n\n\`\`\`ts examples/client.ts\n${before}\`\`\`\n\nb\n`);
      expect(page).toBe(`a\n\n\`\`\`ts examples/client.ts\n${after}\`\`\`\n\nb\n`);
    }
  });

  it.each([
    ['reference/none.md', 'there is no reference/none.md'],
    ['../../outside.md', 'there is no ../../outside.md'],
    ['../README.md#no-such-heading', 'there is no heading ../README.md#no-such-heading'],
    ['../LICENSE#x', '../LICENSE#x: only a page has anchors'],
  ])('refuse the link %s', (target, fault) => {
    expect(faultOfLink('docs/README.md', target)).toBe(fault);
  });

  it('know the anchors that GitHub makes', () => {
    expect(
      anchorsOf('# `send(message)`, and more\n\n## A\n\n## A\n\n```sh x\n# no heading\n```\n'),
    ).toEqual(['sendmessage-and-more', 'a', 'a-1']);
  });
});
