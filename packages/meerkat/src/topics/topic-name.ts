import { UsageError } from '../protocol/usage-error.ts';
import { utf8Length } from '../protocol/utf8.ts';

/**
 * @throws {@link UsageError} for what cannot be the name of a topic, such as what would be another string when it is written
 * as UTF-8 and read again.
 */
export function checkTopicName(name: string, maxBytes: number): void {
  const fault = faultOf(name, maxBytes);
  if (fault !== undefined) throw new UsageError('MEERKAT_TOPIC_NAME', fault);
}

function faultOf(name: unknown, maxBytes: number): string | undefined {
  if (typeof name !== 'string') return name === null ? 'null' : typeof name;
  if (name === '') return 'an empty string';
  if (name.length > maxBytes || utf8Length(name) > maxBytes) return `more than ${maxBytes} octets`;
  return /\p{Surrogate}/u.test(name) ? 'a lone surrogate' : undefined;
}
