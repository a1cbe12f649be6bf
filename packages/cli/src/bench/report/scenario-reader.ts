import type {
  Scenario,
  ScenarioConnect,
  ScenarioExpectation,
  ScenarioMessage,
  ScenarioStep,
} from '../bench-plan.ts';
import {
  amount,
  BenchReportError,
  flag,
  listOf,
  objectAt,
  pairOf,
  type Reader,
  recordOf,
  text,
} from './json-reader.ts';

/** A reader for each field that an object may have. */
type PartReaders<T> = { readonly [Name in keyof T]-?: Reader<NonNullable<T[Name]>> };

/** Fields of which any may be missing, in the order in which they stand: two scenarios are compared as text. */
function parts<T extends object>(readers: PartReaders<T>): Reader<Partial<T>> {
  const known = new Map(Object.entries(readers) as [string, Reader<unknown>][]);
  return (value, where) => {
    const read = Object.entries(objectAt(value, where)).flatMap(([name, field]) => {
      const reader = known.get(name);
      return reader === undefined ? [] : [[name, reader(field, `${where}.${name}`)] as const];
    });
    return Object.fromEntries(read) as Partial<T>;
  };
}

/** What {@link parts} reads, of which `names` is needed: one of them. */
function oneOfParts<T>(reader: Reader<object>, names: readonly string[]): Reader<T> {
  return (value, where) => {
    const read = reader(value, where);
    if (!names.some((name) => Object.hasOwn(read, name))) {
      throw new BenchReportError(`${where} has none of ${names.join(', ')}`);
    }
    return read as T;
  };
}

const any: Reader<unknown> = (value) => value;

const connect: Reader<ScenarioConnect> = parts<ScenarioConnect>({
  path: text,
  subprotocols: listOf(text),
  headers: recordOf(text),
});

const send: Reader<ScenarioMessage> = oneOfParts<ScenarioMessage>(
  parts<{ text: string; json: unknown; hex: string; size: number; binary: boolean }>({
    text,
    json: any as Reader<NonNullable<unknown>>,
    hex: text,
    size: amount,
    binary: flag,
  }),
  ['text', 'json', 'hex', 'size'],
);

const expectation: Reader<ScenarioExpectation> = parts<ScenarioExpectation>({
  text,
  match: text,
  json: any as Reader<NonNullable<unknown>>,
  capture: recordOf(text),
  hex: text,
  echo: flag,
  close: amount,
  timeout: amount,
  skip: flag,
});

const wait: Reader<number | readonly [number, number]> = (value, where) =>
  Array.isArray(value) ? pairOf(amount, amount)(value, where) : amount(value, where);

const close: Reader<{ readonly code?: number; readonly reason?: string }> = parts<{
  code?: number;
  reason?: string;
}>({ code: amount, reason: text });

const repeat: Reader<{ readonly times: number; readonly steps: readonly ScenarioStep[] }> = (
  value,
  where,
) => {
  const { times, steps } = objectAt(value, where);
  return { times: amount(times, `${where}.times`), steps: stepsOf(steps, `${where}.steps`) };
};

const step: Reader<ScenarioStep> = oneOfParts<ScenarioStep>(
  parts({ connect, send, expect: expectation, wait, close, repeat }),
  ['connect', 'send', 'expect', 'wait', 'close', 'repeat'],
);

function stepsOf(value: unknown, where: string): readonly ScenarioStep[] {
  return listOf(step)(value, where);
}

/** A scenario as it stands in a report. @throws {@link BenchReportError} where it is none. */
export function scenarioOf(value: unknown, where: string): Scenario {
  const given = objectAt(value, where);
  const name = text(given['name'], `${where}.name`);
  const { before } = given;
  return {
    name,
    ...(before === undefined ? {} : { before: stepsOf(before, `${where}.before`) }),
    steps: stepsOf(given['steps'], `${where}.steps`),
  };
}
