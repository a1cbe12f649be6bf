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

  it('says of the levels what its own measurements say, as the reference does', () => {
    const compressible = rowsBelow(page, 'What it costs')
      .filter((cells) => cells.length === 8)
      .map((cells) => cells.map((text) => text.replaceAll(',', '')))
      .filter(([octets = '']) => Number(octets) >= 1_024);
    expect(compressible).toHaveLength(4);
    const times = compressible.map(([, , level3, level6]) => Number(level6) / Number(level3));
    const savings = compressible.map((cells) => {
      const [, level3 = Number.NaN, level6 = Number.NaN] = (cells.at(-1) ?? '')
        .split('/')
        .map((share) => Number.parseInt(share, 10));
      return level3 - level6;
    });
    const range = (numbers: number[], digits: number) =>
      [Math.min(...numbers), Math.max(...numbers)].map((one) => one.toFixed(digits)).join(' to ');
    const said = `For JSON from 1 KiB on, level 6 takes ${range(times, 1)} times as long as level 3, and leaves ${range(savings, 0)} octets fewer of each 100`;
    expect(page).toContain(said);
    expect(read('docs/reference/compression.md')).toContain(said);
  });
});
