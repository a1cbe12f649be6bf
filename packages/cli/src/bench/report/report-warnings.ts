import { oneLine } from '../../terminal/escape-controls.ts';
import type { BenchReport } from '../bench-report.ts';
import { counted, secondWords } from './figures.ts';

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
  if (load.bottleneck !== undefined) {
    found.push({
      title: 'THE LOAD WAS THE BOTTLENECK',
      words: `${sentence(load.bottleneck)} The figures say more of this program and its machine than of the server, which could do more.`,
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
      words: `${counted(messages.missing, 'message')} had no answer when the run ended.`,
      grave: false,
    });
  }
  return found;
}

function sentence(text: string): string {
  const shown = oneLine(text.trim(), 400);
  return /[.!?…]$/.test(shown) ? shown : `${shown}.`;
}
