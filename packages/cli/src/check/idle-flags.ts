import type { Tested } from '@meerkat/conformance';
import { CliError } from '../cli-error.ts';
import { attributeOf } from '../serve/flag.ts';
import type { CheckFlags } from './check-flags.ts';

const FOR_SERVERS = [
  '--serial',
  '--agent',
  '--subprotocol',
  '--header',
  '--origin',
  '--ca',
  '--insecure',
  '--cert',
  '--key',
];
const FOR_CLIENTS = ['--port', '--host', '--allow-stop'];
/** With --list nothing runs. */
const FOR_RUNS = ['--json', '--junit', '--html', '--report-dir', '--compare', '--baseline'];

/** @throws {@link CliError} with exit code 2 for a flag that would do nothing. */
export function refuseIdleFlags(tested: Tested, flags: CheckFlags): void {
  const given = (flag: string): boolean => flags[attributeOf(flag)] !== undefined;
  const idle = (tested === 'server' ? FOR_CLIENTS : FOR_SERVERS).find(given);
  if (idle !== undefined) {
    const why =
      tested === 'server' ? 'is for testing clients, with --client' : 'is for testing servers';
    throw new CliError(`${idle} ${why}`, 2);
  }
  if (flags.compare !== undefined && flags.html === undefined && flags.reportDir === undefined) {
    throw new CliError('--compare goes with --html or --report-dir', 2);
  }
  if (flags.strict === true && flags.baseline !== undefined && flags.junit === undefined) {
    throw new CliError('--strict: with --baseline only what got worse counts', 2);
  }
  const kept = flags.list === true ? FOR_RUNS.find(given) : undefined;
  if (kept !== undefined) throw new CliError(`${kept}: --list runs nothing`, 2);
}
