// The heads of an opening handshake as they are read: line by line.
import { Buffer } from 'node:buffer';
import type { CaseResult, WireRow } from './result.ts';
import { visibleText } from './visible-text.ts';

/** Lines of a longer head that are shown, from its beginning and from its end. */
const FIRST_LINES = 10;
const LAST_LINES = 4;

type Heads = Pick<CaseResult, 'httpRequest' | 'httpResponse'>;

/** A row that is a whole head, as `> GET / HTTP/1.1` and so on; `undefined` for any other. */
export function headLines(row: WireRow, heads: Heads): string[] | undefined {
  if (row.kind !== 'octets') return undefined;
  const begin = Buffer.from(row.octets).toString('latin1');
  const head = [heads.httpRequest, heads.httpResponse].find(
    (text) => begin !== '' && text.startsWith(begin) && text.length <= row.length,
  );
  if (head === undefined || !/^(?:[A-Za-z]+ .*|HTTP\/.*)\r?\n/.test(head)) return undefined;
  const [fields = ''] = head.split(/\r?\n\r?\n/, 1);
  const lines = fields.split(/\r?\n/).map(visibleText);
  const left = lines.length - FIRST_LINES - LAST_LINES;
  if (left > 1) lines.splice(FIRST_LINES, left, `(${left} lines are left out here)`);
  const arrow = row.by === 'runner' ? '>' : '<';
  return lines.map((line) => `${arrow} ${line}`);
}
