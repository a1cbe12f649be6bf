import { oneLine } from '../../terminal/escape-controls.ts';
import type { BenchReport } from '../bench-report.ts';
import { missingWords } from './failure-words.ts';
import { counted, countWords, secondWords } from './figures.ts';
import { reportHints } from './report-hints.ts';

/** What a reader must know before any figure. */
export interface ReportWarning {
  /** A few words. */
  readonly title: string;
  /** A sentence or two. */
  readonly words: string;
  /** Whether the figures are worth nothing. */
  readonly grave: boolean;
}

/** What keeps the figures of a run from meaning what they seem to, the gravest first. */
export function reportWarnings(report: BenchReport): ReportWarning[] {
  const { messages, connections, load, interrupted, endedEarly, seconds, plan } = report;
  const found: ReportWarning[] = [];
  if (messages.wrong > 0) {
    found.push({
      title: 'WRONG PAYLOADS',
      words: `${counted(messages.wrong, 'message')} came back with other octets than were sent.`,
      grave: true,
    });
  }
  if (connections.opened === 0) {
    const words = interrupted
      ? 'not one connection was opened before the run was interrupted.'
      : 'not one connection was opened. The failures below say why.';
    found.push({ title: 'NOTHING WAS MEASURED', words, grave: true });
  }
  const missing = tooFewWords(report);
  if (missing !== undefined) {
    found.push({ title: 'FEWER CONNECTIONS THAN ASKED FOR', words: missing, grave: true });
  }
  if (endsNoTurn(report)) {
    found.push({
      title: 'NO TURN CAME TO ITS END',
      words: `no user came through the steps of the scenario in ${secondWords(seconds)}.`,
      grave: true,
    });
  }
  if (plan.compression && connections.opened > connections.compressed) {
    found.push({
      title: 'NOT COMPRESSED',
      words: `compression was offered, and the server agreed to it on ${countWords(connections.compressed)} of ${counted(connections.opened, 'connection')}.`,
      grave: true,
    });
  }
  if (load.bottleneck !== undefined) {
    found.push({
      title: 'THE LOAD WAS THE BOTTLENECK',
      words: `${sentence(load.bottleneck)} The figures say more of this program and its machine than of the server.`,
      grave: true,
    });
  }
  if (interrupted) {
    found.push({
      title: 'Interrupted',
      words: `${secondWords(seconds)} of ${secondWords(plan.duration / 1_000)} were measured.`,
      grave: false,
    });
  }
  if (endedEarly !== undefined) {
    const words = `${sentence(endedEarly)} ${secondWords(seconds)} of ${secondWords(plan.duration / 1_000)} were measured.`;
    found.push({ title: 'OVER BEFORE ITS TIME', words, grave: true });
  }
  if (messages.missing > 0) {
    found.push({
      title: 'Messages are missing',
      words: `${countWords(messages.missing)} ${missingWords(report)}: the connection was lost before that, or the run was over.`,
      grave: false,
    });
  }
  return [...found, ...reportHints(report)];
}

/** Whether a scenario ran, and no user came to the end of it. */
export function endsNoTurn({ plan, latency, connections, seconds }: BenchReport): boolean {
  return plan.mode === 'scenario' && latency === undefined && connections.opened > 0 && seconds > 0;
}

/** Where connections that were to be kept could not all be opened. */
function tooFewWords({ plan, connections }: BenchReport): string | undefined {
  const { opened, refused, peak } = connections;
  const kept = plan.mode === 'echo' || plan.mode === 'broadcast' || plan.mode === 'idle';
  if (!kept || refused === 0 || opened === 0 || peak >= plan.connections) return undefined;
  return `only ${countWords(peak)} of ${counted(plan.connections, 'connection')} were open. The failures below say why.`;
}

function sentence(text: string): string {
  const shown = oneLine(text.trim(), 400);
  return /[.!?…]$/.test(shown) ? shown : `${shown}.`;
}
