import type { Message } from 'meerkat';
import type { CliContext } from '../cli-context.ts';
import { CliError } from '../cli-error.ts';
import { requestFields } from '../dialling/handshake-flags.ts';
import { readTlsFlags } from '../dialling/tls-flags.ts';
import { readMessageFile } from '../message-file.ts';
import type { ConnectFlags } from './connect-flags.ts';
import { completeUrl } from './dial-url.ts';
import { type LineFormat, messageOf } from './outgoing-message.ts';
import type { SessionSettings } from './session.ts';

/**
 * What a session is told by its URL and flags. Everything that can be wrong is noticed here, before anything is sent.
 *
 * @throws {@link CliError} with exit code 2.
 */
export async function sessionSettings(
  given: string,
  flags: ConnectFlags,
  context: CliContext,
): Promise<SessionSettings> {
  const url = completeUrl(given);
  const format = formatOf(flags);
  refuseContradictions(flags, context);
  const headers = requestFields(flags);
  const tls = readTlsFlags([url], flags, context.env);
  return {
    url,
    dial: {
      headers,
      subprotocols: flags.subprotocol ?? [],
      tls,
      socketPath: flags.unix,
      handshakeTimeout: flags.timeout,
      maxMessageBytes: flags.maxMessageBytes,
      compression: flags.compression,
    },
    verbose: flags.verbose === true,
    showSecrets: flags.showSecrets === true,
    hexdump: flags.hexdump,
    format,
    commands: flags.commands === true || context.stdin.isTTY === true,
    messages: await messagesOf(flags, format),
    raw: flags.raw === true,
    times: flags.times === true,
    wait: flags.wait,
    count: flags.count,
    pingInterval: flags.ping,
    close: { code: flags.code, reason: flags.reason },
    closeTimeout: flags.closeTimeout,
  };
}

function refuseContradictions(flags: ConnectFlags, { stdout }: CliContext): void {
  const { raw, code, reason, unix, showSecrets, verbose, hexdump } = flags;
  if (raw === true && stdout.isTTY === true) {
    throw new CliError('--raw writes octets as they come: send the output to a file or a pipe', 2);
  }
  if (code === 1005 && reason !== '') {
    throw new CliError('--reason needs a --code: an empty Close frame has neither', 2);
  }
  if (unix === '') throw new CliError('--unix needs the path of a socket', 2);
  if (showSecrets === true && verbose !== true && hexdump === undefined) {
    throw new CliError('--show-secrets is for --verbose and --hexdump', 2);
  }
}

function formatOf({ hex, binary }: ConnectFlags): LineFormat {
  if (hex === true) return 'hex';
  return binary === true ? 'binary' : 'text';
}

/** Sent in place of the input; undefined where the input is sent. */
async function messagesOf(
  { message, file, text }: ConnectFlags,
  format: LineFormat,
): Promise<readonly Message[] | undefined> {
  if (message === undefined && file === undefined) return undefined;
  const messages = (message ?? []).map((given) =>
    parsed(Buffer.from(given), format, `--message ${JSON.stringify(given)}`),
  );
  for (const path of file ?? []) {
    const read = await readMessageFile(path);
    if ('problem' in read) throw new CliError(`--file ${read.problem}`, 2);
    messages.push(parsed(read.octets, text === true ? 'text' : 'binary', `--file ${path}`));
  }
  return messages;
}

function parsed(octets: Uint8Array, format: LineFormat, what: string): Message {
  const result = messageOf(octets, format);
  if ('message' in result) return result.message;
  throw new CliError(`${what}: ${result.problem}`, 2);
}
