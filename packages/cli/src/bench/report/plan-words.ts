import { redactTarget, redactText } from '../../handshake/secrets.ts';
import { oneLine } from '../../terminal/escape-controls.ts';
import type { BenchPlan, RateStage } from '../bench-plan.ts';
import type { BenchReport, BenchStage } from '../bench-report.ts';
import { counted, countWords, rateWords, secondWords } from './figures.ts';

/** Sizes that are named one by one. */
const MAX_SIZES = 4;
/** Stages that are. */
const MAX_STAGES = 6;
const MAX_URL = 200;
const MAX_FILE = 40;
const KIBI = 1_024;
const MEBI = KIBI * KIBI;

/** The URL that was loaded, without what is secret in it, on one line. */
export function urlWords({ url }: Pick<BenchPlan, 'url'>): string {
  return oneLine(redactTarget(url), MAX_URL);
}

/** What was done, in a few phrases: `echo`, `100 connections`, `1 message on its way each`, `20 B binary`, … */
export function planPhrases(plan: BenchPlan): string[] {
  const { mode, connections, depth, rate, window, compression, processes } = plan;
  const phrases: string[] = [];
  const messages = payloadWords(plan);
  switch (mode) {
    case 'echo':
      phrases.push('echo', counted(connections, 'connection'));
      phrases.push(
        rate === undefined
          ? `${counted(depth, 'message')} on the way each`
          : pacePhrase(plan, rate),
        messages,
      );
      break;
    case 'broadcast':
      phrases.push('broadcast', counted(connections, 'subscriber'));
      phrases.push(
        rate === undefined ? `${counted(window, 'message')} on the way` : pacePhrase(plan, rate),
        messages,
      );
      break;
    case 'connect':
      phrases.push('connect storm', `${countWords(connections)} at a time`);
      if (plan.closing === 'abrupt') phrases.push('dropped without a closing handshake');
      break;
    case 'idle':
      phrases.push('idle', counted(connections, 'connection'));
      break;
    case 'scenario':
      phrases.push(
        `scenario ${oneLine(plan.scenario?.name ?? '', 60)}`.trim(),
        counted(connections, 'user'),
      );
      if (plan.stages !== undefined) phrases.push(pacePhrase(plan, plan.rate ?? 0));
      break;
  }
  if (compression) phrases.push('compression offered');
  if (processes > 1) phrases.push(counted(processes, 'process').replace('processs', 'processes'));
  return phrases;
}

function pacePhrase({ mode, stages }: BenchPlan, rate: number): string {
  const noun = mode === 'scenario' ? 'turns' : 'messages';
  return stages === undefined
    ? `${rateWords(rate)} ${noun} a second`
    : `${noun} a second: ${stageListWords(stages)}`;
}

/** How a rate changes: `to 1,000 in 10 s, to 0 in 5 s`. @param most - Stages that are named one by one. */
export function stageListWords(stages: readonly RateStage[], most: number = MAX_STAGES): string {
  const words = stages
    .slice(0, most)
    .map(({ duration, target }) =>
      duration === 0
        ? `at once to ${rateWords(target)}`
        : `to ${rateWords(target)} in ${secondWords(duration / 1_000)}`,
    );
  if (stages.length > most) words.push(`and ${counted(stages.length - most, 'more stage')}`);
  return words.join(', ');
}

/** Between which rates a stage lies: `1,000 to 5,000`; `1,000` where it stays. */
export function stageWords({ from, to }: Pick<BenchStage, 'from' | 'to'>): string {
  return from === to ? rateWords(to) : `${rateWords(from)} to ${rateWords(to)}`;
}

/** What is counted in each stage: what began, and what came of it. */
export function stageHeads({ plan }: Pick<BenchReport, 'plan'>): readonly [string, string] {
  if (plan.mode === 'scenario') return ['begun', 'ended'];
  return plan.mode === 'broadcast' ? ['published', 'delivered'] : ['sent', 'received'];
}

/** What is counted as a message in this mode, for headings: `Messages`, `Deliveries`. */
export function receivedNoun(plan: Pick<BenchPlan, 'mode'>): 'messages' | 'deliveries' {
  return plan.mode === 'broadcast' ? 'deliveries' : 'messages';
}

/** Whether handshakes, and not messages, are what the run is about. */
export function isAboutHandshakes({ mode }: Pick<BenchPlan, 'mode'>): boolean {
  return mode === 'connect' || mode === 'idle';
}

/** How long was measured: `10 s measured, after 2 s of warm-up`. */
export function durationWords(seconds: number, { warmUp }: Pick<BenchPlan, 'warmUp'>): string {
  const measured = `${secondWords(seconds)} measured`;
  return warmUp > 0 ? `${measured}, after ${secondWords(warmUp / 1_000)} of warm-up` : measured;
}

/** How latency was measured, and what that leaves out; undefined where there is none. */
export function latencyWords(plan: BenchPlan): string | undefined {
  switch (plan.mode) {
    case 'echo':
      return plan.rate === undefined
        ? 'Latency is from sending a message to its answer, and a connection sends the next one only then: while the server stalls nothing is sent, so stalls are hidden. With --rate they show.'
        : 'Latency counts from the time at which a message was to be sent, whatever came back before: stalls of the server count in full.';
    case 'broadcast':
      return plan.rate === undefined
        ? 'Latency is from publishing a message to its delivery, and the next one is published only when the window allows: stalls are hidden. With --rate they show.'
        : 'Latency counts from the time at which a message was to be published to its delivery: stalls of the server count in full.';
    case 'scenario':
      return plan.rate === undefined
        ? 'Latency is that of one turn of the scenario, its waits left out; a user begins the next turn only then: stalls are hidden. With --rate they show.'
        : 'Latency counts from the time at which a turn of the scenario was to begin to its end, its waits left out: stalls of the server, and users that are too few, count in full.';
    case 'connect':
    case 'idle':
      return undefined;
  }
}

/** What is sent: `20 B text`, `order.json (1,234 B) binary`, `20 B and 1 KiB in turn, text`. */
export function payloadWords({ payloads, sizes, text }: BenchPlan): string {
  const kind = text ? 'text' : 'binary';
  const words = payloads?.map(
    ({ file, bytes }) => `${oneLine(redactText(file), MAX_FILE)} (${exactOctets(bytes)})`,
  );
  const what = words === undefined ? sizeWords(sizes) : inTurn(words, 'files');
  return `${what}${(words ?? sizes).length > 1 ? ',' : ''} ${kind}`;
}

/** Payload sizes: `20 B`, `20 B, 1 KiB and 16 KiB in turn`. */
export function sizeWords(sizes: readonly number[]): string {
  return inTurn(sizes.map(exactOctets), 'sizes');
}

function inTurn(all: readonly string[], noun: string): string {
  const words = all.slice(0, MAX_SIZES);
  if (all.length > MAX_SIZES) {
    return `${words.join(', ')} and ${all.length - MAX_SIZES} more ${noun} in turn`;
  }
  const last = words.pop() ?? '';
  return words.length === 0 ? last : `${words.join(', ')} and ${last} in turn`;
}

/** A size as it is given: in powers of 1,024 where it is a multiple of them. */
function exactOctets(octets: number): string {
  if (octets >= MEBI && octets % MEBI === 0) return `${octets / MEBI} MiB`;
  return octets >= KIBI && octets % KIBI === 0 ? `${octets / KIBI} KiB` : `${countWords(octets)} B`;
}
