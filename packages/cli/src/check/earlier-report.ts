import { readFileSync } from 'node:fs';
import { type EarlierReport, ReportFormatError, readIndexJson } from '@meerkat/conformance';
import { CliError } from '../cli-error.ts';

/**
 * Reads the index.json of an earlier run.
 *
 * @param flag - That names it, for messages.
 * @throws {@link CliError} with exit code 2 where it cannot be read, or is none.
 */
export function readEarlierReport(flag: string, file: string): EarlierReport {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new CliError(`${flag} ${file}: ${code === 'ENOENT' ? 'no such file' : message}`, 2);
  }
  try {
    return readIndexJson(text);
  } catch (error) {
    if (!(error instanceof ReportFormatError)) throw error;
    throw new CliError(`${flag} ${file}: ${error.message}`, 2, { cause: error });
  }
}
