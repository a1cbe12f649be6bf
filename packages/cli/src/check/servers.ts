import type { CheckServerOptions } from '@meerkat/conformance';
import { CliError } from '../cli-error.ts';
import { readCertificates } from '../connect/option-values.ts';
import type { CheckFlags } from './check-flags.ts';
import { type NamedUrl, parseNamedUrl } from './named-url.ts';

/** What the runner is told of one server. */
export type ServerToCheck = Pick<
  CheckServerOptions,
  'agent' | 'ca' | 'headers' | 'rejectUnauthorized' | 'serial' | 'subprotocols'
> & { readonly url: URL };

/**
 * The servers that the command line names.
 *
 * @throws {@link CliError} with exit code 2 for what cannot be used.
 */
export function serversToCheck(
  words: readonly string[],
  flags: CheckFlags,
): readonly ServerToCheck[] {
  const named = words.map(parseNamedUrl);
  if (named.length === 0) {
    throw new CliError(
      'which server? "meerkat check ws://localhost:8000/websocket" tests one, "meerkat check --client" tests clients',
      2,
    );
  }
  const { agent } = flags;
  if (agent !== undefined && (named.length > 1 || named[0]?.name !== undefined)) {
    throw new CliError('--agent names one server: write NAME=URL for each', 2);
  }
  if (agent?.trim() === '') throw new CliError('--agent: the name is empty', 2);
  refuseSameNames(named);
  const tls = tlsOf(named, flags);
  return named.map((server) => {
    const name = server.name ?? agent;
    return {
      url: server.url,
      ...(name === undefined ? {} : { agent: name }),
      headers: headersOf(server, flags),
      subprotocols: flags.subprotocol ?? [],
      serial: flags.serial === true,
      ...tls,
    };
  });
}

/** Results are kept by their agent's name. */
function refuseSameNames(named: readonly NamedUrl[]): void {
  const seen = new Set<string>();
  for (const { name } of named) {
    if (name === undefined) continue;
    if (seen.has(name)) throw new CliError(`two servers are called ${name}`, 2);
    seen.add(name);
  }
}

function headersOf(
  { authorization }: NamedUrl,
  { header = [], origin }: CheckFlags,
): Readonly<Record<string, string>> {
  const all = [...header];
  if (origin !== undefined) {
    if (has(header, 'origin')) {
      throw new CliError('--origin and a --header with an Origin: take one of them', 2);
    }
    all.push(['Origin', origin]);
  }
  if (authorization !== undefined && !has(header, 'authorization')) {
    all.push(['Authorization', authorization]);
  }
  const names = all.map(([name]) => name.toLowerCase());
  const twice = names.find((name, at) => names.indexOf(name) < at);
  if (twice !== undefined) throw new CliError(`--header ${twice}: give it once`, 2);
  return Object.fromEntries(all);
}

function has(fields: readonly (readonly [string, string])[], wanted: string): boolean {
  return fields.some(([name]) => name.toLowerCase() === wanted);
}

function tlsOf(
  named: readonly NamedUrl[],
  { ca, insecure }: CheckFlags,
): Pick<CheckServerOptions, 'ca' | 'rejectUnauthorized'> {
  const option = ca === undefined ? '--insecure' : '--ca';
  if (
    (ca !== undefined || insecure === true) &&
    !named.some(({ url }) => url.protocol === 'wss:')
  ) {
    throw new CliError(`${option} is for wss://, and no server here is one`, 2);
  }
  if (ca !== undefined) return { ca: readCertificates(ca) };
  return insecure === true ? { rejectUnauthorized: false } : {};
}
