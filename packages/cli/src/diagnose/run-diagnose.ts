import { type DiagnoseOptions, diagnose } from '@meerkat/conformance';
import type { CliContext } from '../cli-context.ts';
import { CliError } from '../cli-error.ts';
import { completeUrl } from '../connect/dial-url.ts';
import { readCertificates } from '../connect/option-values.ts';
import { Output } from '../terminal/output.ts';
import { paletteFor } from '../terminal/palette.ts';
import { conclusionLines, type StepLook, stepLines } from './step-lines.ts';

/** What the flags of `meerkat diagnose` say. */
export interface DiagnoseFlags {
  readonly subprotocol?: readonly string[];
  readonly header?: readonly (readonly [string, string])[];
  readonly origin?: string;
  readonly timeout: number;
  readonly ca?: string;
  readonly insecure?: true;
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
  const options = optionsOf(given, flags);
  const { stdout, env } = context;
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

function optionsOf(given: string, flags: DiagnoseFlags): DiagnoseOptions {
  // A scheme that is wrong and a fragment are things to be told of: only what has no scheme is completed.
  const complete = completeUrl(given.replace(/#.*$/s, ''));
  const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(given) ? given : complete;
  const { subprotocol = [], origin, timeout, ca, insecure } = flags;
  if ((ca !== undefined || insecure === true) && complete.protocol !== 'wss:') {
    const option = ca === undefined ? '--insecure' : '--ca';
    throw new CliError(
      `${option} is for wss://; ${complete.protocol}// is not encrypted at all`,
      2,
    );
  }
  return {
    url,
    headers: headersOf(flags),
    subprotocols: subprotocol,
    timeoutMs: timeout,
    ...(origin !== undefined && { origin }),
    ...(ca !== undefined && { ca: readCertificates(ca) }),
    ...(insecure === true && { rejectUnauthorized: false }),
  };
}

/** Fields given several times are one, as HTTP allows (RFC 9110 §5.3). */
function headersOf({ header = [], origin }: DiagnoseFlags): Readonly<Record<string, string>> {
  const fields = new Map<string, [name: string, value: string]>();
  for (const [name, value] of header) {
    const lower = name.toLowerCase();
    if (lower === 'origin' && origin !== undefined) {
      throw new CliError('--origin and a --header with an Origin: take one of them', 2);
    }
    const before = fields.get(lower);
    const separator = lower === 'cookie' ? '; ' : ', ';
    fields.set(
      lower,
      before === undefined ? [name, value] : [before[0], before[1] + separator + value],
    );
  }
  return Object.fromEntries(fields.values());
}
