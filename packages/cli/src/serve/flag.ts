import { InvalidArgumentError, Option } from 'commander';

/** A flag that takes a whole number; `65_536` is one. */
export function wholeNumberFlag(
  flags: string,
  description: string,
  range: readonly [number, number],
): Option {
  return new Option(flags, description).argParser((value: string) => wholeNumber(value, range));
}

/** The name under which commander keeps the value of a flag: `maxMessageBytes` of `--max-message-bytes`. */
export function attributeOf(flag: string): string {
  return new Option(flag).attributeName();
}

/** `max-message-bytes` of `maxMessageBytes`. */
export function kebabCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function wholeNumber(value: string, [least, greatest]: readonly [number, number]): number {
  const number = Number(value.replaceAll('_', ''));
  if (!/^[0-9_]+$/.test(value) || number < least || number > greatest) {
    throw new InvalidArgumentError(`It is a whole number from ${least} to ${greatest}.`);
  }
  return number;
}
