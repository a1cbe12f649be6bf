const LEVELS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const;

/**
 * Draws numbers as a row of blocks, from nothing (lowest) to the greatest of them (highest).
 *
 * @param columns - At most; of more numbers the last are drawn.
 */
export function sparkline(values: readonly number[], columns: number): string {
  const shown = columns > 0 ? values.slice(-columns) : [];
  const greatest = Math.max(0, ...shown);
  return shown
    .map((value) => {
      const share = greatest === 0 ? 0 : Math.max(0, value) / greatest;
      return LEVELS[Math.round(share * (LEVELS.length - 1))] ?? LEVELS[0];
    })
    .join('');
}
