// Figures in words: with their units, and no more digits than mean something.

const SEPARATED = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** A count: `1,234,567`. */
export function countWords(value: number): string {
  return SEPARATED.format(value);
}

/** `1 message`, `1,234 messages`. */
export function counted(count: number, noun: string): string {
  return `${countWords(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** How often a second, without the words "a second": `98,412`, `12.3`, `0.25`. */
export function rateWords(value: number): string {
  return Math.abs(value) >= 99.95 ? countWords(value) : threeDigits(value);
}

/** A time given in milliseconds: `312 µs`, `1.24 ms`, `31.2 ms`, `2.05 s`. */
export function timeWords(milliseconds: number): string {
  const size = Math.abs(milliseconds);
  if (size === 0) return '0 ms';
  if (size < 0.9995) return `${threeDigits(milliseconds * 1_000)} µs`;
  if (size < 999.5) return `${threeDigits(milliseconds)} ms`;
  const seconds = milliseconds / 1_000;
  return `${Math.abs(seconds) >= 999.5 ? countWords(seconds) : threeDigits(seconds)} s`;
}

/** Octets, in powers of 1,000: `20 B`, `1.97 MB`. */
export function octetWords(octets: number): string {
  let value = octets;
  let unit = 0;
  while (Math.abs(value) >= 999.5 && unit < UNITS.length - 1) {
    value /= 1_000;
    unit += 1;
  }
  return `${unit === 0 && Number.isInteger(value) ? value : threeDigits(value)} ${UNITS[unit] ?? ''}`;
}

/** A share of one: `62 %`, `0.4 %`. */
export function shareWords(share: number): string {
  return `${percentDigits(share * 100)} %`;
}

/** A difference in per cent with its sign: `+12 %`, `-0.4 %`. */
export function changeWords(percent: number): string {
  const digits = percentDigits(percent);
  return `${percent > 0 && Number(digits) !== 0 ? '+' : ''}${digits} %`;
}

/** Cores in use: `1.00 cores`, `0.35 cores`. */
export function coreWords(cores: number): string {
  return `${cores.toFixed(2)} cores`;
}

/** A time given in seconds: `25 ms`, `9.6 s`, `10 s`, `2 min 5 s`. */
export function secondWords(seconds: number): string {
  if (seconds > 0 && seconds < 0.0995) return `${Math.round(seconds * 10_000) / 10} ms`;
  if (seconds < 119.5) return `${Math.round(seconds * 10) / 10} s`;
  const whole = Math.round(seconds);
  const rest = whole % 60;
  return `${countWords(Math.floor(whole / 60))} min${rest === 0 ? '' : ` ${rest} s`}`;
}

function threeDigits(value: number): string {
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 99.95) return value.toFixed(0);
  if (size >= 9.995) return value.toFixed(1);
  return size >= 0.0995 ? value.toFixed(2) : value.toPrecision(2);
}

function percentDigits(percent: number): string {
  const size = Math.abs(percent);
  return size >= 9.95 || size < 0.05 ? String(Math.round(percent)) : percent.toFixed(1);
}
