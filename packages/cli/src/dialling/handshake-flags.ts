import { type Command, Option } from 'commander';
import { CliError } from '../cli-error.ts';
import { headerField, originValue, subprotocols } from '../connect/option-values.ts';

/** What every command that dials may be told of its handshakes. */
export interface HandshakeFlags {
  readonly subprotocol?: readonly string[];
  readonly header?: readonly (readonly [string, string])[];
  readonly origin?: string;
}

/**
 * Adds the flags of a handshake.
 *
 * @param subprotocol - How the first is written: where `-s` means something else it has no letter.
 */
export function addHandshakeFlags(
  command: Command,
  subprotocol: '-s, --subprotocol' | '--subprotocol' = '-s, --subprotocol',
): void {
  command
    .addOption(
      new Option(
        `${subprotocol} <name>`,
        'offer a subprotocol; several by commas or by repeating, the preferred one first',
      ).argParser(subprotocols),
    )
    .addOption(
      new Option(
        '-H, --header <field>',
        "send a header field with each handshake, 'Name: value'; may be repeated",
      ).argParser(headerField),
    )
    .addOption(
      new Option(
        '-o, --origin <url>',
        'send this Origin with each handshake, as a web page of https://example.com would',
      ).argParser(originValue),
    );
}

/**
 * The header fields that flags and a URL ask for.
 *
 * @param authorization - Of the URL: see {@link takeCredentials}. A `--header` with that field comes first.
 * @throws {@link CliError} with exit code 2 for two origins.
 */
export function requestFields(
  flags: HandshakeFlags,
  authorization?: string,
): readonly (readonly [string, string])[] {
  refuseTwoOrigins(flags);
  const { header = [], origin } = flags;
  const fields = [...header];
  if (origin !== undefined) fields.push(['Origin', origin]);
  if (authorization !== undefined && !has(header, 'authorization')) {
    fields.push(['Authorization', authorization]);
  }
  return fields;
}

/** @throws {@link CliError} with exit code 2. */
export function refuseTwoOrigins({ header = [], origin }: HandshakeFlags): void {
  if (origin !== undefined && has(header, 'origin')) {
    throw new CliError('--origin and a --header with an Origin: take one of them', 2);
  }
}

/** Fields by their names: such that are given several times are one, as HTTP allows (RFC 9110 §5.3, RFC 6265 §5.4). */
export function fieldRecord(
  fields: readonly (readonly [string, string])[],
): Readonly<Record<string, string>> {
  const found = new Map<string, readonly [name: string, value: string]>();
  for (const [name, value] of fields) {
    const lower = name.toLowerCase();
    const before = found.get(lower);
    const separator = lower === 'cookie' ? '; ' : ', ';
    found.set(
      lower,
      before === undefined ? [name, value] : [before[0], before[1] + separator + value],
    );
  }
  return Object.fromEntries(found.values());
}

/** Takes `user:password@` out of a URL, which reports show. Returns it as an Authorization field has it; undefined for none. */
export function takeCredentials(url: URL): string | undefined {
  const { username, password } = url;
  if (username === '' && password === '') return undefined;
  url.username = '';
  url.password = '';
  const pair = Buffer.from(`${decoded(username)}:${decoded(password)}`);
  return `Basic ${pair.toString('base64')}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a % that begins no escape means itself
  }
}

function has(fields: readonly (readonly [string, string])[], wanted: string): boolean {
  return fields.some(([name]) => name.toLowerCase() === wanted);
}
