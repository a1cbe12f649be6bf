import { CliError } from '../cli-error.ts';

const LF = 0x0a;
const CR = 0x0d;
/** A line is kept whole until its end: this is where that stops. */
const MAX_LINE_BYTES = 2 ** 28;

/**
 * Cuts octets into lines, whatever they contain. A line ends with LF or CR LF, which are not part of it; what comes
 * after the last LF is a line too, unless it is empty.
 *
 * @returns For each chunk the lines that it completes.
 * @throws {@link CliError} for a line over 256 MiB.
 */
export async function* splitLines(
  chunks: AsyncIterable<Buffer | string>,
  maxLineBytes: number = MAX_LINE_BYTES,
): AsyncGenerator<readonly Buffer[], void> {
  let begun: Buffer[] = [];
  let begunBytes = 0;
  for await (const given of chunks) {
    const chunk = typeof given === 'string' ? Buffer.from(given) : given;
    const lines: Buffer[] = [];
    let start = 0;
    for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, start)) {
      lines.push(withoutCr(Buffer.concat([...begun, chunk.subarray(start, end)])));
      begun = [];
      begunBytes = 0;
      start = end + 1;
    }
    if (start < chunk.length) {
      begun.push(chunk.subarray(start));
      begunBytes += chunk.length - start;
      if (begunBytes > maxLineBytes) {
        throw new CliError(`a line of more than ${maxLineBytes} octets is no message`, 1);
      }
    }
    if (lines.length > 0) yield lines;
  }
  if (begunBytes > 0) yield [withoutCr(Buffer.concat(begun))];
}

function withoutCr(line: Buffer): Buffer {
  return line.at(-1) === CR ? line.subarray(0, -1) : line;
}
