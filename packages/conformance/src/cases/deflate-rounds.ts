// What sections 12 and 13 have in common: the table of sizes, and how a row of it becomes a case.
import type { DeflateTerms, RoundsCase } from './case.ts';
import { type CorpusKind, corpus } from './corpora.ts';
import { timedClose } from './script-case.ts';

/** Messages a case: a tenth of what the original sends, which is `--full`. */
const COUNT = 100;
const FULL_COUNT = 1000;

/** Message size in code points or octets, octets of a frame, seconds. */
type Row = readonly [size: number, fragmentBytes: number | undefined, seconds: number];

const ROWS: readonly Row[] = [
  [16, undefined, 60],
  [64, undefined, 60],
  [256, undefined, 120],
  [1024, undefined, 240],
  [4096, undefined, 480],
  [8192, undefined, 480],
  [16_384, undefined, 480],
  [32_768, undefined, 480],
  [65_536, undefined, 480],
  [131_072, undefined, 480],
  [8192, 256, 480],
  [16_384, 256, 480],
  [32_768, 256, 480],
  [65_536, 256, 480],
  [131_072, 256, 480],
  [131_072, 1024, 480],
  [131_072, 4096, 480],
  [131_072, 32_768, 480],
];

/** What a group of 18 cases is made of. */
export interface RoundsGroup {
  /** `12.1`; the row follows. */
  readonly id: string;
  readonly kind: CorpusKind;
  readonly binary: boolean;
  /** The content in words: `JSON`. */
  readonly content: string;
  readonly deflate: DeflateTerms;
  /** The agreement in words, where it is not the usual one: "with a window of 512 octets for what the server sends". */
  readonly agreed?: string;
  readonly rule: string;
  readonly fault: string;
}

/** A case for each size. */
export function roundsCases(group: RoundsGroup): RoundsCase[] {
  return ROWS.map((row, index) => roundsCase(group, row, index + 1));
}

function roundsCase(
  group: RoundsGroup,
  [size, fragmentBytes, seconds]: Row,
  row: number,
): RoundsCase {
  const { id, kind, binary, content, deflate, agreed, rule, fault } = group;
  const unit = binary ? 'octets' : 'characters';
  const cut =
    fragmentBytes === undefined ? '' : ` in frames of ${fragmentBytes} compressed octets at most`;
  const how = agreed === undefined ? '' : ` (${agreed})`;
  return {
    kind: 'rounds',
    id: `${id}.${row}`,
    description: `Sends compressed messages of ${size} ${unit} of ${content}${cut}${how}, each when the echo of the last one is in. Expects every echo to be the same message.`,
    rule,
    fault,
    binary,
    count: COUNT,
    fullCount: FULL_COUNT,
    limit: timedClose(seconds),
    message: (n) => corpus(kind).slice(size, n),
    deflate,
    ...(fragmentBytes === undefined ? {} : { fragmentBytes }),
  };
}

/** What every offer of ours begins with. */
export const OFFER = 'permessage-deflate; client_no_context_takeover; client_max_window_bits';
