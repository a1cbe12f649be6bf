import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { root } from '../support/program.ts';

const read = (file: string): string => readFileSync(join(root, file), 'utf8');

function blocks(file: string, language: string): string[] {
  return [...read(file).matchAll(/```(\w+)\n([\s\S]*?)```/g)]
    .filter((match) => match[1] === language)
    .map((match) => match[2] as string);
}

const examples = readdirSync(join(root, 'examples'))
  .filter((name) => name.endsWith('.ts'))
  .map((name) => read(`examples/${name}`));

it.each(blocks('README.md', 'ts'))(
  'README block %# is a whole example, which is run by a test',
  (block) => {
    expect(examples.map((example) => example.replace(/^(?:\/\/.*\n)+/, ''))).toContain(block);
  },
);

it('README and the documents name only files that exist', () => {
  const faults: string[] = [];
  for (const file of ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'SECURITY.md']) {
    for (const [, target = ''] of read(file).matchAll(/\]\(([^)#]+)\)/g)) {
      if (target.startsWith('http')) continue;
      try {
        readdirSync(join(root, target));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOTDIR') faults.push(`${file}: ${target}`);
      }
    }
  }
  expect(faults).toEqual([]);
});

it('ARCHITECTURE.md names every source file it means by a path that exists, and only such', () => {
  const folders = [
    'packages/meerkat/src',
    'packages/cli/src',
    'packages/conformance/src',
    'packages/meerkat',
    '.',
  ];
  const sources = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: folder !== '.' }).map((name) =>
      String(name).replaceAll('\\', '/'),
    ),
  );
  const names = [...read('ARCHITECTURE.md').matchAll(/`([\w./-]+\.(?:ts|json))`/g)].map(
    (match) => match[1] as string,
  );
  expect(names.length).toBeGreaterThan(30);
  const missing = names.filter(
    (name) =>
      !name.startsWith('test/package/') &&
      !sources.some((source) => source === name || source.endsWith(`/${name}`)),
  );
  expect(missing).toEqual([]);
});
