// docs/explanation/compression.md: the defaults that it explains are those that hold.
import { DEFAULT_COMPRESSION_NUMBERS } from 'meerkat';
import { describe, expect, it } from 'vitest';
import { read, rowsBelow } from '../support/doc-page.ts';

describe('docs/explanation/compression.md', () => {
  const page = read('docs/explanation/compression.md');

  it('explains the defaults that hold', () => {
    const said = rowsBelow(page, 'What both sides agree on').map(([name = '', value = '']) => [
      name.replaceAll('`', ''),
      value.replace(/ octets$/, '').replace(',', ''),
    ]);
    const { windowBits, memLevel, level, threshold, concurrency } = DEFAULT_COMPRESSION_NUMBERS;
    expect(said.slice(1)).toEqual(
      Object.entries({ windowBits, memLevel, level, threshold }).map(([name, value]) => [
        name,
        `${value}`,
      ]),
    );
    expect(concurrency).toBe(4);
    expect(page).toContain('uses four at a time\n(`concurrency`)');
    expect(page).toContain(`${(2 ** windowBits).toLocaleString('en')} octets`);
  });
});
