import { oneLine } from '../../terminal/escape-controls.ts';
import type { BenchPlan } from '../bench-plan.ts';
import type { BenchReport } from '../bench-report.ts';
import { countWords, rateWords, secondWords } from './figures.ts';
import { sizeWords, stageListWords, urlWords } from './plan-words.ts';

/** Something in which two runs are not alike. */
export interface PlanDifference {
  /** "connections" */
  readonly name: string;
  readonly now: string;
  readonly earlier: string;
  /** Another load was made: the figures of the two runs say nothing about each other. */
  readonly decisive: boolean;
}

interface Trait {
  readonly name: string;
  readonly decisive: boolean;
  readonly words: (report: BenchReport) => string;
}

const MAX_WORDS = 120;

const milliseconds = (value: number): string => secondWords(value / 1_000);

/** What a run was, one by one. What a mode does not use is left out by an empty text. */
const TRAITS: readonly Trait[] = [
  ofPlan('mode', true, ({ mode }) => mode),
  ofPlan('connections', true, ({ connections }) => countWords(connections)),
  ofPlan('messages on the way of each connection', true, ({ mode, rate, depth }) =>
    mode === 'echo' && rate === undefined ? countWords(depth) : '',
  ),
  ofPlan('messages on the way', true, ({ mode, rate, window }) =>
    mode === 'broadcast' && rate === undefined ? countWords(window) : '',
  ),
  ofPlan('rate', true, ({ mode, rate, stages }) => {
    if (rate === undefined) return '';
    const noun = `${mode === 'scenario' ? 'turns' : 'messages'} a second`;
    return stages === undefined
      ? `${rateWords(rate)} ${noun}`
      : `${noun}: ${stageListWords(stages, stages.length)}`;
  }),
  ofPlan('sizes', true, ({ mode, sizes }) => (sendsMessages(mode) ? sizeWords(sizes) : '')),
  ofPlan('exact sizes', true, ({ mode, sizes }) =>
    sendsMessages(mode) ? sizes.map((size) => `${size}`).join(', ') : '',
  ),
  ofPlan('files sent', true, ({ payloads = [] }) =>
    payloads.map(({ sha256 }) => `SHA-256 ${sha256}…`).join(', '),
  ),
  ofPlan('kind of message', true, ({ mode, text }) =>
    sendsMessages(mode) ? (text ? 'text' : 'binary') : '',
  ),
  ofPlan('compression', true, ({ compression }) => (compression ? 'on' : 'off')),
  ofPlan('encryption', true, ({ url }) => (/^wss:/i.test(url) ? 'TLS' : 'none')),
  ofPlan('certificate of the load', false, ({ cert }) => (cert === undefined ? '' : 'one')),
  ofPlan('end of a connection', true, ({ mode, closing }) => (mode === 'connect' ? closing : '')),
  ofPlan('scenario', true, ({ scenario }) =>
    scenario === undefined ? '' : `${scenario.name} ${JSON.stringify(scenario)}`,
  ),
  ofPlan('handshakes at a time', false, ({ connecting }) => countWords(connecting)),
  ofPlan('ramp', false, ({ ramp }) => milliseconds(ramp)),
  ofPlan('duration', false, ({ duration }) => milliseconds(duration)),
  ofPlan('warm-up', false, ({ warmUp }) => milliseconds(warmUp)),
  ofPlan('processes that make the load', false, ({ processes }) => countWords(processes)),
  ofPlan('URL', false, (plan) => urlWords(plan)),
  ofPlan('URL to publish at', false, ({ publishUrl }) =>
    publishUrl === undefined ? '' : urlWords({ url: publishUrl }),
  ),
  ofPlan('subprotocols', false, ({ subprotocols }) => subprotocols.join(', ')),
  ofPlan('header fields', false, ({ headers }) =>
    headers.map(([name]) => name.toLowerCase()).join(', '),
  ),
  { name: 'what keeps the times', decisive: false, words: ({ load }) => load.timer ?? '' },
  { name: 'processor', decisive: false, words: ({ machine }) => machine.cpu },
  { name: 'cores', decisive: false, words: ({ machine }) => countWords(machine.cores) },
  { name: 'platform', decisive: false, words: ({ machine }) => machine.platform },
  { name: 'Node of the load', decisive: false, words: ({ machine }) => machine.node },
  { name: 'meerkat', decisive: false, words: ({ meerkat }) => meerkat },
];

/** In what two runs are not alike, the decisive first. */
export function planDifferences(now: BenchReport, earlier: BenchReport): PlanDifference[] {
  const found = TRAITS.flatMap(({ name, decisive, words }): PlanDifference[] => {
    const [one, other] = [words(now), words(earlier)];
    return one === other
      ? []
      : [{ name, decisive, now: oneLine(one, MAX_WORDS), earlier: oneLine(other, MAX_WORDS) }];
  });
  // Sizes that differ within the rounding of their words are told exactly, others once.
  return found.filter(
    ({ name }) => name !== 'exact sizes' || !found.some((other) => other.name === 'sizes'),
  );
}

/** `connections: 100, earlier 50`. */
export function differenceWords({ name, now, earlier }: PlanDifference): string {
  return `${name}: ${now === '' ? 'none' : now}, earlier ${earlier === '' ? 'none' : earlier}`;
}

function ofPlan(name: string, decisive: boolean, words: (plan: BenchPlan) => string): Trait {
  return { name, decisive, words: ({ plan }) => words(plan) };
}

function sendsMessages(mode: BenchPlan['mode']): boolean {
  return mode === 'echo' || mode === 'broadcast';
}
