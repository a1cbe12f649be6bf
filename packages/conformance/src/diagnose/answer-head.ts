// An HTTP answer as it is, whatever is wrong with it: line ends, a missing empty line, fields twice.

/** Octets of a head after which nobody waits for its end. */
export const MAX_HEAD = 65_536;

export interface AnswerHead {
  /** `1.1`. */
  readonly version: string;
  readonly status: number;
  readonly reason: string;
  readonly fields: readonly { readonly name: string; readonly value: string }[];
  /** Where what follows the head begins. */
  readonly end: number;
  /** Whether an empty line ends it. */
  readonly emptyLine: boolean;
  /** Lines ended by a bare LF, and all lines. */
  readonly bareLf: number;
  readonly lines: number;
}

const CR = 0x0d;
const LF = 0x0a;

/** Whether the head is over: by an empty line, by octets that no field begins with, or because it is not HTTP at all. */
export function headIsOver(octets: Buffer): boolean {
  const begin = octets.subarray(0, 5).toString('latin1');
  if (!'HTTP/'.startsWith(begin.slice(0, 5))) return true;
  return octets.length >= MAX_HEAD || linesOf(octets).over;
}

/** Undefined for what is not HTTP. */
export function readAnswerHead(octets: Buffer): AnswerHead | undefined {
  const { lines, end, emptyLine, bareLf } = linesOf(octets.subarray(0, MAX_HEAD));
  const [first = '', ...rest] = lines;
  const parts = /^HTTP\/(\d(?:\.\d)?) (\d{3})(?: (.*))?$/.exec(first);
  if (parts === null) return undefined;
  const [, version = '', status = '', reason = ''] = parts;
  return {
    version,
    status: Number(status),
    reason,
    fields: rest.map((line) => {
      const colon = line.indexOf(':');
      return {
        name: line.slice(0, Math.max(colon, 0)).trim().toLowerCase(),
        value: line.slice(colon + 1).trim(),
      };
    }),
    end,
    emptyLine,
    bareLf,
    lines: lines.length + (emptyLine ? 1 : 0),
  };
}

/** The values of a field, in the order they came. */
export function valuesOf(head: AnswerHead, name: string): string[] {
  return head.fields.filter((field) => field.name === name).map(({ value }) => value);
}

/** The members of a field whose value is a list, in lower case. */
export function tokensOf(head: AnswerHead, name: string): string[] {
  return valuesOf(head, name)
    .join(',')
    .split(',')
    .map((token) => token.trim().toLowerCase())
    .filter((token) => token !== '');
}

interface Lines {
  readonly lines: readonly string[];
  readonly end: number;
  readonly emptyLine: boolean;
  readonly bareLf: number;
  readonly over: boolean;
}

function linesOf(octets: Buffer): Lines {
  const lines: string[] = [];
  let bareLf = 0;
  let at = 0;
  while (at < octets.length) {
    const first = octets[at] as number;
    // A NUL or the first octet of a frame stands where a field should begin.
    const foreign =
      first !== CR && first !== LF && first !== 0x09 && (first < 0x20 || first > 0x7e);
    if (lines.length > 0 && foreign)
      return { lines, end: at, emptyLine: false, bareLf, over: true };
    const lf = octets.indexOf(LF, at);
    if (lf === -1) break;
    const bare = lf === at || octets[lf - 1] !== CR;
    if (bare) bareLf += 1;
    const line = octets.subarray(at, bare ? lf : lf - 1).toString('latin1');
    at = lf + 1;
    if (line === '') return { lines, end: at, emptyLine: true, bareLf, over: true };
    lines.push(line);
  }
  // The last line may not be finished: without a line end nobody knows.
  if (at < octets.length) lines.push(octets.subarray(at).toString('latin1'));
  return { lines, end: octets.length, emptyLine: false, bareLf, over: false };
}
