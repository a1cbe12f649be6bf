import type { CheckServerOptions } from '@meerkat/conformance';
import { CliError } from '../cli-error.ts';
import { fieldRecord, requestFields } from '../dialling/handshake-flags.ts';
import { readTlsFlags } from '../dialling/tls-flags.ts';
import type { CheckFlags } from './check-flags.ts';
import { type NamedUrl, parseNamedUrl } from './named-url.ts';

/** What the runner is told of one server. */
export type ServerToCheck = Pick<
  CheckServerOptions,
  'agent' | 'ca' | 'cert' | 'headers' | 'key' | 'rejectUnauthorized' | 'serial' | 'subprotocols'
> & { readonly url: URL };

/**
 * The servers that the command line names.
 *
 * @param env - Where the passphrase of a key is looked up.
 * @throws {@link CliError} with exit code 2 for what cannot be used.
 */
export function serversToCheck(
  words: readonly string[],
  flags: CheckFlags,
  env: Readonly<NodeJS.ProcessEnv>,
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
  const tls = readTlsFlags(
    named.map(({ url }) => url),
    flags,
    env,
  );
  return named.map((server) => {
    const name = server.name ?? agent;
    return {
      url: server.url,
      ...(name === undefined ? {} : { agent: name }),
      headers: fieldRecord(requestFields(flags, server.authorization)),
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
