// Before the tests run: compiles the packages as `npm run build` does, but for their types, and the examples, into a folder of the
// tests' own. They start from there in a quarter of the time that tsx takes, and no other build gets in their way.
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const BUILT = join(ROOT, 'node_modules/.meerkat-built');
/** Packages by their folder. */
const PACKAGES = { meerkat: 'meerkat', conformance: '@meerkat/conformance', cli: '@meerkat/cli' };
/** What they read beside their code. */
const BESIDE = ['page', 'node_modules', 'tutorial-chat.html'];

/** What `meerkat` is to a shell. */
export const PROGRAM: string = join(BUILT, 'packages/cli/bin/meerkat.js');

/** Where an example is that runs on the built packages. */
export function builtExample(name: string): string {
  return join(BUILT, 'examples', `${name}.js`);
}

interface Transformed {
  readonly code: string;
}

interface Compiler {
  transform(source: string, options: object): Promise<Transformed>;
}

/** Brings the folder up to date; only what changed since the last time is compiled. */
export async function setup(): Promise<void> {
  // The compiler that tsx uses.
  const require = createRequire(createRequire(import.meta.url).resolve('tsx'));
  const compiler = require('esbuild') as Compiler;
  await Promise.all(
    Object.entries(PACKAGES).map(async ([name, specifier]) => {
      const folder = join('packages', name);
      await compile(compiler, join(folder, 'src'), join(folder, 'dist'));
      copyBeside(folder);
      link(join(BUILT, folder), join(BUILT, 'node_modules', specifier));
    }),
  );
  await compile(compiler, 'examples', 'examples');
  copyBeside('examples');
  write(join(BUILT, 'package.json'), '{ "type": "module" }\n');
}

async function compile(compiler: Compiler, sourceFolder: string, folder: string): Promise<void> {
  const from = join(ROOT, sourceFolder);
  const to = join(BUILT, folder);
  const sources = readdirSync(from, { recursive: true, encoding: 'utf8' });
  const wanted = new Set<string>();
  await Promise.all(
    sources
      .filter((file) => file.endsWith('.ts'))
      .map(async (file) => {
        const target = file.replace(/\.ts$/, '.js');
        wanted.add(target);
        const source = readFileSync(join(from, file), 'utf8');
        const mark = `//${createHash('sha1').update(source).digest('hex')}\n`;
        const built = join(to, target);
        if (existsSync(built) && readFileSync(built, 'utf8').startsWith(mark)) return;
        const { code } = await compiler.transform(source, { loader: 'ts', target: 'es2022' });
        write(
          built,
          mark + code.replace(/(\b(?:from|import\(|import) ?"\.[^"\n]*\.)ts"/g, '$1js"'),
        );
      }),
  );
  // A file that is gone must not be found any more.
  for (const file of readdirSync(to, { recursive: true, encoding: 'utf8' })) {
    if (file.endsWith('.js') && !wanted.has(file)) rmSync(join(to, file), { force: true });
  }
}

/** Copies what names files beside itself, and links the rest. */
function copyBeside(folder: string): void {
  const from = join(ROOT, folder);
  const to = join(BUILT, folder);
  const bin = existsSync(join(from, 'bin')) ? readdirSync(join(from, 'bin')) : [];
  for (const file of ['package.json', ...bin.map((name) => join('bin', name))]) {
    if (!existsSync(join(from, file))) continue;
    write(join(to, file), readFileSync(join(from, file), 'utf8'));
  }
  for (const name of BESIDE) {
    if (existsSync(join(from, name))) link(join(from, name), join(to, name));
  }
}

/** Written aside and renamed: a program that starts meanwhile sees nothing or all of it. */
function write(file: string, text: string): void {
  if (existsSync(file) && readFileSync(file, 'utf8') === text) return;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.${process.pid}`, text);
  renameSync(`${file}.${process.pid}`, file);
}

function link(target: string, path: string): void {
  if (existsSync(path)) return;
  mkdirSync(dirname(path), { recursive: true });
  try {
    symlinkSync(relative(dirname(path), target), path);
  } catch (error) {
    // Another run may have been faster.
    if (!existsSync(path)) throw error;
  }
}
