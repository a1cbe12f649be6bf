import { InvalidArgumentError } from 'commander';
import type { RateStage } from './bench-plan.ts';

/** Milliseconds of each unit of time. */
const TIME_UNITS: Readonly<Record<string, number>> = {
  us: 0.001,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};
/** Octets of each unit of size, in small letters. */
const SIZE_UNITS: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 1_024,
  kb: 1_024,
  kib: 1_024,
  m: 1_048_576,
  mb: 1_048_576,
  mib: 1_048_576,
};
/** Each has a histogram of its own. */
const MAX_STAGES = 100;
const COUNT_UNITS: Readonly<Record<string, number>> = { '': 1, k: 1_000, m: 1_000_000 };

/** Largest payload, in octets. */
export const MAX_SIZE: number = 16 * 1_048_576;

/**
 * Reads a time: a number and its unit, `us`, `ms`, `s`, `m` or `h`. Only `0` needs no unit.
 *
 * @returns Milliseconds; undefined for anything else.
 */
export function readDuration(value: string): number | undefined {
  if (/^0+$/.test(value)) return 0;
  const [, number = '', unit = ''] = /^([0-9]+(?:\.[0-9]+)?) ?(us|ms|s|m|h)$/.exec(value) ?? [];
  const factor = TIME_UNITS[unit];
  if (factor === undefined) return undefined;
  // A factor below one is divided by its inverse: 20us are 0.02, and no octet more.
  return factor < 1 ? Number(number) / Math.round(1 / factor) : Number(number) * factor;
}

/**
 * Reads a size: `20`, `16k`, `16KiB`, `1m`. A kilobyte has 1,024 octets, whatever it is called.
 *
 * @returns Octets; undefined for anything else.
 */
export function readSize(value: string): number | undefined {
  return read(value, SIZE_UNITS);
}

function read(value: string, units: Readonly<Record<string, number>>): number | undefined {
  const [, number = '', unit = ''] =
    /^([0-9]+(?:_[0-9]+)*(?:\.[0-9]+)?) ?([a-z]*)$/i.exec(value) ?? [];
  const factor = units[unit.toLowerCase()];
  if (number === '' || factor === undefined) return undefined;
  const quantity = Number(number.replaceAll('_', '')) * factor;
  return Number.isInteger(quantity) ? quantity : undefined;
}

// Each reads the value of one option, and throws commander's InvalidArgumentError for one that cannot be used.

/** A time between two others, both in milliseconds. `range` says so in words. */
export function duration(
  least: number,
  greatest: number,
  range: string,
): (value: string) => number {
  return (value) => {
    const time = readDuration(value);
    if (time === undefined) {
      throw new InvalidArgumentError('It is a time with its unit, such as 500ms, 10s, 2m or 1h.');
    }
    if (time < least || time > greatest) throw new InvalidArgumentError(`It is ${range}.`);
    return time;
  };
}

/** A whole number in a range; `10k` and `1m` are thousands and millions. */
export function count(least: number, greatest: number): (value: string) => number {
  return (value) => {
    const number = read(value, COUNT_UNITS) ?? Number.NaN;
    if (!(number >= least && number <= greatest)) {
      throw new InvalidArgumentError(
        `It is a whole number from ${least} to ${greatest}; 10k is 10000.`,
      );
    }
    return number;
  };
}

/** Any number above zero; `10k` and `1m` are thousands and millions. */
export function quantity(value: string): number {
  const amount = readQuantity(value);
  if (!(amount > 0)) throw new InvalidArgumentError('It is a number above 0; 50k is 50000.');
  return amount;
}

/** NaN for what is no number. */
function readQuantity(value: string): number {
  const [, number = '', unit = ''] =
    /^([0-9]+(?:_[0-9]+)*(?:\.[0-9]+)?)([km]?)$/i.exec(value) ?? [];
  return number === ''
    ? Number.NaN
    : Number(number.replaceAll('_', '')) * (COUNT_UNITS[unit.toLowerCase()] ?? Number.NaN);
}

/** Stages of a rate by commas, `time:rate`, added to those before. */
export function rateStages(value: string, before: readonly RateStage[] = []): readonly RateStage[] {
  const stages = value.split(',').map((part) => {
    const [, time = '', rate = ''] = /^\s*([^:]*):([^:]*?)\s*$/.exec(part) ?? [];
    const [duration, target] = [readDuration(time), readQuantity(rate)];
    if (duration === undefined || Number.isNaN(target)) {
      throw new InvalidArgumentError(
        'A stage is time:rate, several by commas: 30s:1k,1m:1k,10s:0.',
      );
    }
    return { duration, target };
  });
  const all = [...before, ...stages];
  if (all.length > MAX_STAGES) {
    throw new InvalidArgumentError(`There are at most ${MAX_STAGES} stages.`);
  }
  return all;
}

/** Sizes by commas, added to those before. */
export function sizes(value: string, before: readonly number[] = []): readonly number[] {
  const all = value.split(',').map((part) => {
    const octets = readSize(part.trim());
    if (octets === undefined || octets < 1 || octets > MAX_SIZE) {
      throw new InvalidArgumentError('It is octets, 1 to 16m; several by commas: 20,1k,16KiB.');
    }
    return octets;
  });
  return [...before, ...all];
}

/** One size, in octets. */
export function size(value: string): number {
  const octets = readSize(value);
  if (octets === undefined) throw new InvalidArgumentError('It is octets, such as 4k or 1m.');
  return octets;
}

/** A share: `10%` is 0.1. */
export function percent(value: string): number {
  const [, number = ''] = /^([0-9]+(?:\.[0-9]+)?)%$/.exec(value) ?? [];
  if (number === '' || Number(number) > 100) {
    throw new InvalidArgumentError('It is per cent of what it was, such as 10%.');
  }
  return Number(number) / 100;
}
