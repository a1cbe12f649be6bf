import { oneLine } from '../../terminal/escape-controls.ts';

/** A file is no report, or one that makes no sense. The message says where, on one line. */
export class BenchReportError extends Error {
  override readonly name = 'BenchReportError';
}

/** Makes a `T` of a value out of JSON. @throws {@link BenchReportError} where it is none. */
export type Reader<T> = (value: unknown, where: string) => T;

/** A reader for each field, those included that may be missing. */
type FieldReaders<T> = { readonly [Name in keyof T]-?: Reader<T[Name]> };

const MAX_SHOWN = 60;

/** An object with these fields. Others are passed over: a newer version may have written them. */
export function shape<T extends object>(readers: FieldReaders<T>): Reader<T> {
  const fields = Object.entries(readers) as [string, Reader<unknown>][];
  return (value, where) => {
    const given = objectAt(value, where);
    const read = fields.map(([name, reader]) => {
      const field = Object.hasOwn(given, name) ? given[name] : undefined;
      return [name, reader(field, where === '' ? name : `${where}.${name}`)];
    });
    return Object.fromEntries(read) as T;
  };
}

/** What may be missing. JSON has no undefined, and writes `null` for a number that is none. */
export function optional<T>(reader: Reader<T>): Reader<T | undefined> {
  return (value, where) =>
    value === undefined || value === null ? undefined : reader(value, where);
}

/** A list of such values. */
export function listOf<T>(reader: Reader<T>): Reader<readonly T[]> {
  return (value, where) => {
    if (!Array.isArray(value)) throw wrong(value, where, 'a list');
    return value.map((item, at) => reader(item, `${where}[${at}]`));
  };
}

/** A list of two. */
export function pairOf<A, B>(one: Reader<A>, other: Reader<B>): Reader<readonly [A, B]> {
  return (value, where) => {
    if (!Array.isArray(value) || value.length !== 2) throw wrong(value, where, 'a list of two');
    return [one(value[0], `${where}[0]`), other(value[1], `${where}[1]`)];
  };
}

/** An object whose fields are all alike, whatever their names. */
export function recordOf<T>(reader: Reader<T>): Reader<Readonly<Record<string, T>>> {
  return (value, where) => {
    const entries = Object.entries(objectAt(value, where));
    return Object.fromEntries(
      entries.map(([name, field]) => [name, reader(field, `${where}.${oneLine(name, MAX_SHOWN)}`)]),
    );
  };
}

/** One of these. */
export function oneOf<T extends string | number>(...known: readonly T[]): Reader<T> {
  return (value, where) => {
    const found = known.find((word) => word === value);
    if (found === undefined) {
      throw wrong(value, where, known.map((word) => JSON.stringify(word)).join(' or '));
    }
    return found;
  };
}

/** A finite number that is not negative. */
export function amount(value: unknown, where: string): number {
  if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return value;
  throw wrong(value, where, 'a number from 0 on');
}

export function text(value: unknown, where: string): string {
  if (typeof value === 'string') return value;
  throw wrong(value, where, 'a text');
}

export function flag(value: unknown, where: string): boolean {
  if (typeof value === 'boolean') return value;
  throw wrong(value, where, 'true or false');
}

/** @throws {@link BenchReportError} where it is none. */
export function objectAt(value: unknown, where: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw wrong(value, where, 'an object');
}

/** `samples[3].p99 is "x", not a number`. */
function wrong(value: unknown, where: string, expected: string): BenchReportError {
  const place = where === '' ? 'the report' : where;
  if (value === undefined) return new BenchReportError(`${place} is missing`);
  const given = oneLine(JSON.stringify(value), MAX_SHOWN);
  return new BenchReportError(`${place} is ${given}, not ${expected}`);
}
