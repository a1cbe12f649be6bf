import type { BenchSample } from '../bench-report.ts';

/**
 * At most so many samples: neighbours become one where there are more. Rates and shares are averaged, of latencies and memory the
 * worst stays, failures add up. What is measured is never joined with what is not.
 */
export function thinSamples(samples: readonly BenchSample[], most: number): readonly BenchSample[] {
  if (samples.length <= most) return samples;
  // A group ends early where measuring begins or ends: two are kept free for that.
  const size = Math.ceil(samples.length / Math.max(1, most - 2));
  const thinned: BenchSample[] = [];
  let group: BenchSample[] = [];
  for (const sample of samples) {
    const [first] = group;
    if (first !== undefined && (group.length === size || first.measured !== sample.measured)) {
      thinned.push(joined(first, group));
      group = [];
    }
    group.push(sample);
  }
  const [first] = group;
  if (first !== undefined) thinned.push(joined(first, group));
  return thinned;
}

function joined(first: BenchSample, group: readonly BenchSample[]): BenchSample {
  const last = group.at(-1) ?? first;
  const mean = (of: (sample: BenchSample) => number): number =>
    group.reduce((sum, sample) => sum + of(sample), 0) / group.length;
  const greatest = (of: (sample: BenchSample) => number | undefined): number | undefined => {
    const known = group.map(of).filter((value) => value !== undefined);
    return known.length === 0 ? undefined : Math.max(...known);
  };
  return {
    at: last.at,
    measured: first.measured,
    open: last.open,
    handshakes: mean(({ handshakes }) => handshakes),
    sent: mean(({ sent }) => sent),
    received: mean(({ received }) => received),
    ...(first.target === undefined ? {} : { target: mean(({ target = 0 }) => target) }),
    failures: group.reduce((sum, { failures }) => sum + failures, 0),
    p50: greatest(({ p50 }) => p50),
    p99: greatest(({ p99 }) => p99),
    max: greatest(({ max }) => max),
    loadCpu: mean(({ loadCpu }) => loadCpu),
    serverCpu: greatest(({ serverCpu }) => serverCpu),
    serverRss: greatest(({ serverRss }) => serverRss),
  };
}
