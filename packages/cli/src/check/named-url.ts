import { CliError } from '../cli-error.ts';
import { completeUrl } from '../connect/dial-url.ts';
import { takeCredentials } from '../dialling/handshake-flags.ts';

/** A server to test. */
export interface NamedUrl {
  /** Without credentials. */
  readonly url: URL;
  /** What stands before the `=` of `NAME=URL`. */
  readonly name: string | undefined;
  /** Of `user:password@`, as an Authorization field has them. */
  readonly authorization: string | undefined;
}

/**
 * Reads `URL` or `NAME=URL`.
 *
 * @throws {@link CliError} that says what is wrong, with exit code 2.
 */
export function parseNamedUrl(given: string): NamedUrl {
  // A name ends before whatever could begin a URL: its query may hold a `=` of its own.
  const [, name, rest = given] = /^([^=:/?#@[]*)=(.*)$/s.exec(given) ?? [];
  if (name?.trim() === '') throw new CliError(`${given}: the name before the = is missing`, 2);
  const url = completeUrl(rest);
  const authorization = takeCredentials(url);
  return { url, authorization, name: name?.trim() };
}
