import { hostname, networkInterfaces } from 'node:os';
import { CliError } from '../cli-error.ts';
import { DEFAULT_HOST, DEFAULT_PORT, type ListenAddress } from './listen-address.ts';
import {
  KEY_PASSPHRASE,
  makeTlsIdentity,
  readTlsIdentity,
  type TlsIdentity,
} from './tls-identity.ts';

/** The flags that say where to listen. */
export interface ListenFlags {
  readonly listen?: readonly ListenAddress[];
  readonly host?: string;
  readonly port?: number;
  readonly tls?: true;
  readonly cert?: string;
  readonly key?: string;
}

/** Where to listen, and what for TLS. */
export interface ListenPlan {
  readonly listen: readonly ListenAddress[];
  readonly tls: TlsIdentity | undefined;
}

/**
 * Puts the flags together: TLS flags without `--listen` mean that the one address is secure.
 *
 * @param env - Where the passphrase of a key is looked up.
 * @throws {@link CliError} with exit code 2 where they do not fit each other, or a certificate cannot be used.
 */
export async function planListening(
  flags: ListenFlags,
  env: Readonly<NodeJS.ProcessEnv> = {},
): Promise<ListenPlan> {
  const { tls: selfSigned = false, cert, key, host = DEFAULT_HOST, port = DEFAULT_PORT } = flags;
  if ((cert === undefined) !== (key === undefined)) {
    throw new CliError('--cert and --key: one does not go without the other', 2);
  }
  const certified = cert !== undefined && key !== undefined;
  const secure = selfSigned || certified;
  const listen = flags.listen ?? [{ secure, host: host.replace(/^\[|\]$/g, ''), port }];
  const anySecure = listen.some((address) => address.secure);
  if (anySecure && !secure) {
    throw new CliError(
      'wss:// and https:// need a certificate: --cert FILE --key FILE, or --tls for one that is made on the spot',
      2,
    );
  }
  if (secure && !anySecure) {
    throw new CliError(
      `${selfSigned ? '--tls' : '--cert'}: none of the addresses to listen on is wss://, https:// or unix+tls:`,
      2,
    );
  }
  if (certified) return { listen, tls: readTlsIdentity(cert, key, env[KEY_PASSPHRASE]) };
  if (!selfSigned) return { listen, tls: undefined };
  return { listen, tls: await makeTlsIdentity(listen.flatMap(namesOf)) };
}

/** What clients may call this machine when they dial an address. */
function namesOf(address: ListenAddress): readonly string[] {
  if ('path' in address) return [];
  const { host } = address;
  if (host !== '0.0.0.0' && host !== '::') return [host];
  const addresses = Object.values(networkInterfaces()).flatMap((one) => one ?? []);
  return [hostname(), ...addresses.map((one) => one.address)];
}
