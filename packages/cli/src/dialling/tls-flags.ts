import { type Command, Option } from 'commander';
import { CliError } from '../cli-error.ts';
import { readCertificates } from '../connect/option-values.ts';
import { KEY_PASSPHRASE, readTlsIdentity } from '../serve/tls-identity.ts';

/** What every command that dials may be told of TLS. */
export interface TlsFlags {
  readonly ca?: string;
  readonly insecure?: true;
  readonly cert?: string;
  readonly key?: string;
}

/** The same as `tls.connect` takes it; what was not given is left out. */
export interface ClientTls {
  /** PEM: authorities to trust in place of Node's. */
  readonly ca?: string;
  /** Any certificate will do. */
  readonly rejectUnauthorized?: false;
  /** PEM: what is shown to a server that asks who we are, and those that lead to its authority. */
  readonly cert?: string;
  /** PEM, without a passphrase: its private key. */
  readonly key?: string;
}

const FLAGS = ['ca', 'insecure', 'cert', 'key'] as const;

/** Adds the flags of TLS. */
export function addTlsFlags(command: Command): void {
  command
    .option(
      '--ca <file>',
      'for wss: trust the certificates in this file, in place of the usual ones',
    )
    .addOption(
      new Option(
        '--insecure',
        'DANGEROUS, for wss: accept any certificate; anybody on the way can read and change everything, passwords included. Use --ca instead',
      ).conflicts('ca'),
    )
    .option(
      '--cert <file>',
      'for wss: show this certificate to a server that wants one, in PEM form with its chain',
    )
    .option(
      '--key <file>',
      `its private key, in PEM form; a passphrase is taken from the environment: ${KEY_PASSPHRASE}`,
    );
}

/**
 * Reads the files that the flags name.
 *
 * @param urls - Where is dialled: without a `wss:` among them the flags would do nothing.
 * @param env - Where the passphrase of a key is looked up.
 * @throws {@link CliError} with exit code 2 for what cannot be used.
 */
export function readTlsFlags(
  urls: readonly URL[],
  flags: TlsFlags,
  env: Readonly<NodeJS.ProcessEnv>,
): ClientTls {
  const { ca, insecure, cert, key } = flags;
  const given = FLAGS.find((flag) => flags[flag] !== undefined);
  if (given !== undefined && !urls.some(({ protocol }) => protocol === 'wss:')) {
    throw new CliError(`--${given} is for wss://; ws:// is not encrypted at all`, 2);
  }
  if ((cert === undefined) !== (key === undefined)) {
    throw new CliError('--cert and --key: one does not go without the other', 2);
  }
  const identity =
    cert === undefined || key === undefined
      ? undefined
      : readTlsIdentity(cert, key, env[KEY_PASSPHRASE]);
  return {
    ...(ca !== undefined && { ca: readCertificates(ca) }),
    ...(insecure === true && { rejectUnauthorized: false }),
    ...(identity !== undefined && { cert: identity.cert, key: identity.key }),
  };
}
