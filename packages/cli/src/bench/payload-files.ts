import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { CliError } from '../cli-error.ts';
import { readMessageFile } from '../message-file.ts';
import type { BenchPlan } from './bench-plan.ts';
import { MAX_SIZE } from './quantities.ts';

/** Files of one run: each is in memory several times, masked and as it comes back. */
const MAX_FILES = 100;
/** Hex digits of a digest that are kept: enough to see that a file is another. */
const DIGEST_DIGITS = 16;

/** A file whose octets are one message. */
export interface PayloadFile {
  /** Without its folders. */
  readonly name: string;
  readonly octets: Uint8Array;
}

/**
 * Reads the files that are sent, each as one message: together as large as the largest message may be.
 *
 * @param text - Whether they are sent as text, which is UTF-8.
 * @throws {@link CliError} with exit code 2 for a file that cannot be sent.
 */
export async function readPayloadFiles(
  paths: readonly string[],
  text: boolean,
): Promise<readonly PayloadFile[]> {
  if (paths.length > MAX_FILES) {
    throw new CliError(`--payload: ${paths.length} files are more than ${MAX_FILES}`, 2);
  }
  const files: PayloadFile[] = [];
  let left = MAX_SIZE;
  for (const path of paths) {
    const read = await readMessageFile(path, MAX_SIZE);
    if ('problem' in read) throw new CliError(`--payload ${read.problem}`, 2);
    const { octets } = read;
    const problem = problemOf(octets, text);
    if (problem !== undefined) throw new CliError(`--payload ${path}: ${problem}`, 2);
    left -= octets.length;
    if (left < 0) {
      throw new CliError(
        `--payload ${path}: all files together are larger than ${MAX_SIZE} octets`,
        2,
      );
    }
    files.push({ name: basename(path), octets });
  }
  return files;
}

function problemOf(octets: Uint8Array, text: boolean): string | undefined {
  if (octets.length === 0) return 'it is empty, and a message of a load has one octet at least';
  return text && !isUtf8(octets)
    ? 'it is not UTF-8, as text has to be: send it with --binary'
    : undefined;
}

/** The plan of sending these in turn; without any, as it was. */
export function withPayloads(plan: BenchPlan, files: readonly PayloadFile[]): BenchPlan {
  if (files.length === 0) return plan;
  return {
    ...plan,
    sizes: files.map(({ octets }) => octets.length),
    payloads: files.map(({ name, octets }) => ({
      file: name,
      bytes: octets.length,
      sha256: createHash('sha256').update(octets).digest('hex').slice(0, DIGEST_DIGITS),
    })),
  };
}
