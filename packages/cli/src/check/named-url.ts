import { CliError } from '../cli-error.ts';
import { completeUrl } from '../connect/dial-url.ts';

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
  return { ...withoutCredentials(url), name: name?.trim() };
}

function withoutCredentials(url: URL): Pick<NamedUrl, 'url' | 'authorization'> {
  const { username, password } = url;
  if (username === '' && password === '') return { url, authorization: undefined };
  const bare = new URL(url);
  bare.username = '';
  bare.password = '';
  const pair = Buffer.from(`${decoded(username)}:${decoded(password)}`);
  return { url: bare, authorization: `Basic ${pair.toString('base64')}` };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a % that begins no escape means itself
  }
}
