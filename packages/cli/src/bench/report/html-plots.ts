// What page/bench-report.js draws, and the same in a sentence for who does not see it.
import type { BenchReport, BenchSample } from '../bench-report.ts';
import { coreWords, countWords, octetWords, rateWords, shareWords, timeWords } from './figures.ts';
import { isAboutHandshakes, receivedNoun } from './plan-words.ts';
import { thinSamples } from './thin-samples.ts';

/** What the values of an axis are: times in milliseconds, shares of a core, octets, counts, per second. */
type Unit = 'time' | 'cores' | 'octets' | 'count' | 'rate';

/** A name of a colour that the style has. */
type Colour = 'one' | 'two' | 'three';

interface Line {
  readonly label: string;
  readonly colour: Colour;
  readonly unit: Unit;
  /** Drawn against an axis of its own, on the right. */
  readonly right?: true;
  /** Of the earlier run. */
  readonly earlier?: true;
}

/** Columns that share their x: the first one is x, and ascends. A value that is missing is null. */
type Table = readonly (readonly (number | null)[])[];

/** One plot. The lines are those of the tables, in order, without the x. */
export interface Plot {
  readonly id: string;
  readonly title: string;
  /** What it shows, for who does not see it. */
  readonly words: string;
  readonly x: 'seconds' | 'percentile';
  /** Whether the left axis is logarithmic. */
  readonly log: boolean;
  /** Of x, from and to: neither ramp nor warm-up is measured. */
  readonly shaded: readonly (readonly [number, number])[];
  readonly lines: readonly Line[];
  readonly tables: readonly Table[];
}

interface Curve {
  readonly label: string;
  readonly colour: Colour;
  readonly unit: Unit;
  readonly right?: true;
  readonly of: (sample: BenchSample) => number | undefined;
}

interface TimePlot {
  readonly id: string;
  readonly title: string;
  readonly log?: true;
  readonly curves: readonly Curve[];
  readonly words: (samples: readonly BenchSample[]) => string;
}

/** As many as a wide screen has columns for. */
const MAX_POINTS = 1_500;

/** The plots of a run for which there is anything to draw; an earlier run is drawn into each. */
export function plotsOf(report: BenchReport, earlier: BenchReport | undefined): Plot[] {
  const plots = timePlots(report).flatMap((plot) => timePlot(plot, report, earlier));
  const curve = curvePlot(report, earlier);
  if (curve !== undefined) plots.splice(Math.min(2, plots.length), 0, curve);
  return plots;
}

function timePlots(report: BenchReport): TimePlot[] {
  const { plan } = report;
  const noun = receivedNoun(plan);
  const latency: TimePlot = {
    id: 'latency',
    title: plan.mode === 'scenario' ? 'Time of a turn' : 'Latency',
    log: true,
    curves: [
      { label: 'p50', colour: 'one', unit: 'time', of: ({ p50 }) => aboveZero(p50) },
      { label: 'p99', colour: 'two', unit: 'time', of: ({ p99 }) => aboveZero(p99) },
      { label: 'max', colour: 'three', unit: 'time', of: ({ max }) => aboveZero(max) },
    ],
    words: (samples) =>
      sentence([
        between('median', samples, ({ p50 }) => p50, timeWords),
        between('p99', samples, ({ p99 }) => p99, timeWords),
        between('longest', samples, ({ max }) => max, timeWords),
      ]),
  };
  const due: Curve = { label: 'due', colour: 'three', unit: 'rate', of: ({ target }) => target };
  const rate: TimePlot = {
    id: 'rate',
    title: noun === 'messages' ? 'Messages a second' : 'Deliveries a second',
    // Drawn last, what is received is seen where both are the same.
    curves: [
      ...(plan.mode === 'scenario' ? [] : [due]),
      {
        label: noun === 'messages' ? 'sent' : 'published',
        colour: 'two',
        unit: 'rate',
        of: ({ sent }) => sent,
      },
      { label: 'received', colour: 'one', unit: 'rate', of: ({ received }) => received },
    ],
    words: (samples) =>
      sentence([between('received', samples, ({ received }) => received, perSecond)]),
  };
  const connections: TimePlot = {
    id: 'connections',
    title: 'Connections',
    curves: [
      { label: 'open', colour: 'one', unit: 'count', of: ({ open }) => open },
      {
        label: 'handshakes/s',
        colour: 'two',
        unit: 'rate',
        right: true,
        of: ({ handshakes }) => handshakes,
      },
    ],
    words: (samples) =>
      sentence([
        between('open', samples, ({ open }) => open, countWords),
        between('handshakes', samples, ({ handshakes }) => handshakes, perSecond),
      ]),
  };
  const processor: TimePlot = {
    id: 'cpu',
    title: 'Processor time',
    curves: [
      { label: 'server, cores', colour: 'one', unit: 'cores', of: ({ serverCpu }) => serverCpu },
      {
        label: 'load, busiest process',
        colour: 'two',
        unit: 'cores',
        of: ({ loadCpu }) => loadCpu,
      },
    ],
    words: (samples) =>
      sentence([
        between('server', samples, ({ serverCpu }) => serverCpu, coreWords),
        between('busiest process of the load', samples, ({ loadCpu }) => loadCpu, shareWords),
      ]),
  };
  const memory: TimePlot = {
    id: 'memory',
    title: "Server's memory",
    curves: [
      { label: 'resident set', colour: 'one', unit: 'octets', of: ({ serverRss }) => serverRss },
    ],
    words: (samples) =>
      sentence([between('resident set', samples, ({ serverRss }) => serverRss, octetWords)]),
  };
  return isAboutHandshakes(plan)
    ? [connections, processor, memory]
    : [rate, latency, connections, processor, memory];
}

function timePlot(
  { id, title, log, curves, words }: TimePlot,
  report: BenchReport,
  earlier: BenchReport | undefined,
): Plot[] {
  const samples = thinSamples(report.samples, MAX_POINTS);
  const drawn = curves.filter(({ of }) => samples.some((sample) => of(sample) !== undefined));
  if (drawn.length === 0) return [];
  const lines: Line[] = drawn.map(lineOf);
  const tables: Table[] = [tableOf(samples, drawn, 0)];
  if (earlier !== undefined) {
    // Both begin to measure at the same place, whatever their warm-ups.
    const before = thinSamples(earlier.samples, MAX_POINTS);
    const shift = measuredFrom(report.samples) - measuredFrom(earlier.samples);
    lines.push(
      ...drawn.map(
        (curve): Line => ({ ...lineOf(curve), label: `${curve.label}, earlier`, earlier: true }),
      ),
    );
    tables.push(tableOf(before, drawn, shift));
  }
  const measured = report.samples.filter((sample) => sample.measured);
  return [
    {
      id,
      title,
      words: words(measured.length > 0 ? measured : report.samples),
      x: 'seconds',
      log: log === true,
      shaded: shadedParts(samples),
      lines,
      tables,
    },
  ];
}

/** The HDR curve: how long the slowest of so many took. */
function curvePlot(report: BenchReport, earlier: BenchReport | undefined): Plot | undefined {
  const which = report.latency === undefined ? 'handshake' : 'latency';
  const summary = report[which];
  if (summary === undefined || summary.curve.length === 0) return undefined;
  const label = which === 'handshake' ? 'handshake' : 'latency';
  const lines: Line[] = [{ label, colour: 'one', unit: 'time' }];
  const tables: Table[] = [curveTable(summary)];
  const before = earlier?.[which];
  if (before !== undefined && before.curve.length > 0) {
    lines.push({ label: `${label}, earlier`, colour: 'one', unit: 'time', earlier: true });
    tables.push(curveTable(before));
  }
  const { percentiles, max } = summary;
  const named = ['50', '90', '99', '99.9'].flatMap((percentile) => {
    const value = percentiles[percentile];
    return value === undefined ? [] : [`${percentile} % took at most ${timeWords(value)}`];
  });
  return {
    id: 'percentiles',
    title: which === 'handshake' ? 'Handshakes by percentile' : 'Latency by percentile',
    words: sentence([...named, `the slowest ${timeWords(max)}`]),
    x: 'percentile',
    log: true,
    shaded: [],
    lines,
    tables,
  };
}

function curveTable({
  curve,
  count,
}: {
  curve: readonly (readonly [number, number])[];
  count: number;
}): Table {
  const xs: number[] = [];
  const ys: number[] = [];
  for (const [percentile, milliseconds] of curve) {
    // The slowest of all stands at one in so many.
    const x = percentile >= 100 ? count : Math.min(count, 100 / (100 - percentile));
    const y = aboveZero(milliseconds);
    const last = xs.at(-1);
    if (y === undefined || (last !== undefined && x < last)) continue;
    if (x === last) ys[ys.length - 1] = y;
    else {
      xs.push(x);
      ys.push(y);
    }
  }
  return [xs, ys];
}

function lineOf({ label, colour, unit, right }: Curve): Line {
  return { label, colour, unit, ...(right === undefined ? {} : { right }) };
}

function tableOf(samples: readonly BenchSample[], curves: readonly Curve[], shift: number): Table {
  return [
    samples.map(({ at }) => at + shift),
    ...curves.map(({ of }) => samples.map((sample) => of(sample) ?? null)),
  ];
}

/** Seconds at which measuring begins; 0 where it never does. */
function measuredFrom(samples: readonly BenchSample[]): number {
  const first = samples.findIndex(({ measured }) => measured);
  return first < 0 ? 0 : (samples[first - 1]?.at ?? 0);
}

function shadedParts(samples: readonly BenchSample[]): (readonly [number, number])[] {
  const parts: [number, number][] = [];
  let before = 0;
  for (const { at, measured } of samples) {
    const last = parts.at(-1);
    if (!measured && last?.[1] === before) last[1] = at;
    else if (!measured) parts.push([before, at]);
    before = at;
  }
  return parts;
}

/** On a logarithmic axis there is no zero. */
function aboveZero(value: number | undefined): number | undefined {
  return value !== undefined && value > 0 ? value : undefined;
}

function perSecond(value: number): string {
  return `${rateWords(value)} a second`;
}

function between(
  what: string,
  samples: readonly BenchSample[],
  of: (sample: BenchSample) => number | undefined,
  words: (value: number) => string,
): string {
  const values = samples.map(of).filter((value) => value !== undefined);
  if (values.length === 0) return '';
  const [least, most] = [words(Math.min(...values)), words(Math.max(...values))];
  return least === most ? `${what} ${least}` : `${what} from ${least} to ${most}`;
}

function sentence(parts: readonly string[]): string {
  const text = parts.filter((part) => part !== '').join('; ');
  return text === '' ? '' : `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
