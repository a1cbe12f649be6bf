import { type DiagnoseOptions, diagnose } from '@meerkat/conformance';
import type { CliContext } from '../cli-context.ts';
import { CliError } from '../cli-error.ts';
import { completeUrl } from '../connect/dial-url.ts';
import { fieldRecord, type HandshakeFlags, refuseTwoOrigins } from '../dialling/handshake-flags.ts';
import { readTlsFlags, type TlsFlags } from '../dialling/tls-flags.ts';
import { Output } from '../terminal/output.ts';
import { paletteFor } from '../terminal/palette.ts';
import { conclusionLines, type StepLook, stepLines } from './step-lines.ts';

/** What the flags of `meerkat diagnose` say. */
export interface DiagnoseFlags extends HandshakeFlags, TlsFlags {
  readonly timeout: number;
  readonly json?: true;
}

/**
 * Diagnoses, and prints each step as it is known.
 *
 * @throws {@link CliError} with exit code 1 for a server with faults, 2 for wrong usage.
 */
export async function runDiagnose(
  given: string,
  flags: DiagnoseFlags,
  context: CliContext,
): Promise<void> {
  const { stdout, env } = context;
  const options = optionsOf(given, flags, env);
  const output = new Output(stdout);
  const columns = stdout.isTTY === true ? (stdout.columns ?? 0) : 0;
  const look: StepLook = {
    width: columns === 0 ? 100 : Math.min(Math.max(columns, 40), 100),
    palette: paletteFor(stdout, env),
  };
  const diagnosis = await diagnose({
    ...options,
    ...(flags.json !== true && {
      onStep: (step) => void output.write(`${stepLines(step, look).join('\n')}\n`),
    }),
  });
  await output.write(
    flags.json === true
      ? `${JSON.stringify(diagnosis, null, 2)}\n`
      : `\n${conclusionLines(diagnosis, look).join('\n')}\n`,
  );
  const { verdict, url } = diagnosis;
  if (verdict !== 'works') throw new CliError(`${url} ${verdict}`, 1);
}

function optionsOf(
  given: string,
  flags: DiagnoseFlags,
  env: Readonly<NodeJS.ProcessEnv>,
): DiagnoseOptions {
  // A scheme that is wrong and a fragment are things to be told of: only what has no scheme is completed.
  const complete = completeUrl(given.replace(/#.*$/s, ''));
  const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(given) ? given : complete;
  const { subprotocol = [], header = [], origin, timeout } = flags;
  refuseTwoOrigins(flags);
  return {
    url,
    headers: fieldRecord(header),
    subprotocols: subprotocol,
    timeoutMs: timeout,
    ...(origin !== undefined && { origin }),
    ...readTlsFlags([complete], flags, env),
  };
}
