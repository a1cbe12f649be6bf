import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FuzzTarget } from './target.ts';

/** Where the inputs of this project's targets are kept. */
export const CORPUS: string = fileURLToPath(new URL('corpus', import.meta.url));

/** An input that is kept. */
export interface KeptInput {
  /** The name of its file, without the folder. */
  readonly name: string;
  readonly input: Uint8Array;
}

/** Every kept input of `target`, in the order of their names. */
export function keptInputs(folder: string, target: FuzzTarget): KeptInput[] {
  return [target.name, ...(target.alsoFrom ?? [])].flatMap((name) => {
    const home = join(folder, name);
    if (!existsSync(home)) return [];
    const files = readdirSync(home).sort();
    return files.map((file) => ({ name: file, input: readInput(join(home, file)) }));
  });
}

/** Reads an input: hex with `#` comments from a `.hex` file, any other file as it is. */
export function readInput(file: string): Uint8Array {
  const octets = readFileSync(file);
  if (extname(file) !== '.hex') return Uint8Array.from(octets);
  const digits = octets.toString('latin1').replace(/#.*$/gm, '').replace(/\s+/g, '');
  if (!/^(?:[0-9a-f]{2})*$/i.test(digits)) throw new Error(`${file} is not hex`);
  return Uint8Array.from(Buffer.from(digits, 'hex'));
}

/** Keeps an input; answers the path of its file, which is named by what is in it. */
export function keepInput(
  folder: string,
  target: FuzzTarget,
  prefix: string,
  input: Uint8Array,
): string {
  const home = join(folder, target.name);
  mkdirSync(home, { recursive: true });
  const name = `${prefix}-${createHash('sha256').update(input).digest('hex').slice(0, 12)}`;
  const file = join(home, `${name}.${target.form === 'text' ? 'txt' : 'hex'}`);
  writeFileSync(file, target.form === 'text' ? input : `${hexLines(input)}\n`);
  return file;
}

/** Hex as it is printed, 32 octets a line. */
export function hexLines(octets: Uint8Array): string {
  const lines: string[] = [];
  for (let at = 0; at < octets.length; at += 32) {
    const line = Buffer.from(octets.subarray(at, at + 32)).toString('hex');
    lines.push(line.replace(/(..)(?=.)/g, '$1 '));
  }
  return lines.join('\n');
}
