// docs/reference/other-exports.md: what `meerkat` exports and no other reference page names.
import * as meerkat from 'meerkat';
import { describe, expect, it } from 'vitest';
import { codeSpans, pages, read, rowsBelow } from '../support/doc-page.ts';

const PAGE = 'docs/reference/other-exports.md';

/** The exports of `meerkat` that stand in code spans of a page. */
function namedOn(page: string): string[] {
  const words = new Set(codeSpans(read(page)).flatMap((span) => span.match(/\w+/g) ?? []));
  return Object.keys(meerkat).filter((name) => words.has(name));
}

describe(PAGE, () => {
  it('has exactly the exports that no other reference page names', () => {
    const others = pages().filter((page) => page.startsWith('docs/reference/') && page !== PAGE);
    const named = new Set(others.flatMap(namedOn));
    const rows = ['Close codes as data', 'Defaults and ranges', 'The clock'].flatMap((heading) =>
      rowsBelow(read(PAGE), heading),
    );
    const documented = rows.map(([first = '']) => codeSpans(first)[0]?.replace(/\(.*/, ''));
    const rest = Object.keys(meerkat).filter((name) => !named.has(name));
    expect(documented.sort()).toEqual(rest.sort());
  });

  it('leaves no option, no limit and no choice without a page that names its type', () => {
    const index = read('packages/meerkat/src/index.ts');
    const types = [
      'LimitName',
      'OverRate',
      'CompressionOptions',
      'CompressionNumbers',
      'SendOptions',
    ];
    for (const type of types) expect(index).toMatch(new RegExp(`\\b${type}\\b`));
    const documented = rowsBelow(read(PAGE), 'Types').map(([first = '']) => codeSpans(first)[0]);
    expect(documented).toEqual(types);
  });

  it('says of the codes what they are', () => {
    const { CLOSE_CODES, CloseCode, describeCloseCode, isCloseCodeOnTheWire } = meerkat;
    expect(CloseCode.GoingAway).toBe(1001);
    expect(CLOSE_CODES.map(({ code }) => code)).toEqual(Object.values(CloseCode));
    expect([CLOSE_CODES[0]?.code, CLOSE_CODES.at(-1)?.code]).toEqual([1000, 1015]);
    const [, fields = ''] = /in order: (.+?)\. \|/.exec(read(PAGE)) ?? [];
    expect(codeSpans(fields)).toEqual(Object.keys(CLOSE_CODES[0] ?? {}));
    expect(describeCloseCode(4000)).toBeUndefined();
    const [, ranges = ''] = /in a Close frame: (.+?)\. \|/.exec(read(PAGE)) ?? [];
    const pairs = [...ranges.matchAll(/(\d+)-(\d+)/g)].map(([, a, b]) => [Number(a), Number(b)]);
    const wrong = Array.from({ length: 65_536 }, (_, code) => code).filter(
      (code) =>
        isCloseCodeOnTheWire(code) !==
        pairs.some(([least = 0, most = 0]) => code >= least && code <= most),
    );
    expect(wrong).toEqual([]);
  });
});
