import { STATUS_ADVICE } from '../../explain/network-advice.ts';
import type { BenchReport } from '../bench-report.ts';
import { countWords } from './figures.ts';
import type { ReportWarning } from './report-warnings.ts';

/** Cores: less than any server uses that answers. */
const IDLE = 0.005;
/** A second: a server that answers so often shows that it works. */
const BUSY_RATE = 100;

/** What somebody who sees such a run for the first time may have overlooked: what to do about it. */
export function reportHints(report: BenchReport): ReportWarning[] {
  return [noEcho, wrongScheme, refusal, wrongProcess].flatMap((hint) => {
    const found = hint(report);
    return found === undefined ? [] : [{ ...found, grave: false }];
  });
}

type Hint = Omit<ReportWarning, 'grave'>;

function noEcho({ plan, connections, messages }: BenchReport): Hint | undefined {
  if (plan.mode !== 'echo' || connections.opened === 0) return undefined;
  if (messages.sent + messages.missing === 0) return undefined;
  if (messages.received > 0 && messages.wrong < messages.received / 2) return undefined;
  const words =
    messages.received === 0
      ? 'what was sent did not come back. Load a server that does something else with --scenario.'
      : 'most of what comes back is not what was sent. Load a server that does something else with --scenario.';
  return { title: 'This server does not echo', words };
}

/** To a port that speaks TLS, plain text is an end without an answer. */
function wrongScheme({ plan, connections, failures }: BenchReport): Hint | undefined {
  if (connections.opened > 0 || !/^ws:/i.test(plan.url)) return undefined;
  const hungUp = failures.some(
    ({ kind, detail }) =>
      kind === 'connect' && /before the 101|the server reset the connection/.test(detail),
  );
  if (!hungUp) return undefined;
  return {
    title: 'Is it TLS?',
    words: 'the server hung up: it may want wss:// in place of ws://.',
  };
}

function refusal({ connections, failures }: BenchReport): Hint | undefined {
  const refused = failures.filter(({ kind }) => kind === 'handshake');
  const [most] = [...refused].sort((one, other) => other.count - one.count);
  const status = /\b([2-5]\d\d)\b/.exec(most?.detail ?? '')?.[1];
  const advice = status === undefined ? undefined : STATUS_ADVICE[Number(status)];
  if (status === undefined || advice === undefined || connections.refused === 0) return undefined;
  return { title: `Refused with ${status}`, words: advice };
}

function wrongProcess({
  server,
  messages,
  handshakesPerSecond,
  plan,
}: BenchReport): Hint | undefined {
  if (server === undefined || server.cpu >= IDLE) return undefined;
  const rate = plan.mode === 'connect' ? handshakesPerSecond : messages.receivedPerSecond;
  if (rate < BUSY_RATE) return undefined;
  return {
    title: 'Is it the right process?',
    words: `--pid ${server.pid} used no processor time while the server answered ${countWords(rate)} times a second: it may be another process than the server, such as the npm or the shell that started it.`,
  };
}
