// Compares ways to do the same thing: nanoseconds of CPU a call, the median of interleaved samples.

const SAMPLES = 31;
const SAMPLE_MS = 3;

/**
 * Measures every way, in turns, so that what else the machine does hits all of them.
 *
 * @param ways - By name, a function that does it so many times.
 * @returns By name, the median.
 */
export function measure(ways) {
  const entries = Object.entries(ways).map(([name, run]) => ({
    name,
    run,
    times: 16,
    samples: [],
  }));
  for (const entry of entries) warmUp(entry);
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    for (const entry of entries) entry.samples.push((time(entry) * 1e6) / entry.times);
  }
  return Object.fromEntries(entries.map(({ name, samples }) => [name, median(samples)]));
}

/** Until it is compiled, and one sample takes as long as it should. */
function warmUp(entry) {
  for (let took = 0; took < SAMPLE_MS; entry.times *= 2) took = time(entry);
  for (let round = 0; round < 20; round += 1) time(entry);
  entry.times = Math.max(4, Math.round((entry.times * SAMPLE_MS) / time(entry)));
}

/** Milliseconds of CPU: what others do in the meantime does not count. */
function time({ run, times }) {
  const begin = process.cpuUsage();
  run(times);
  const { user, system } = process.cpuUsage(begin);
  return (user + system) / 1000;
}

function median(samples) {
  return samples.sort((one, other) => one - other)[samples.length >> 1];
}

/** Prints a table of Markdown: a row for each size, a column for each way. `rows` are pairs of both. */
export function print(title, rows) {
  const names = Object.keys(rows[0][1]);
  console.log(`\n${title}, ns of CPU, Node ${process.versions.node}\n`);
  console.log(`| octets | ${names.join(' | ')} |`);
  console.log(`|${' --: |'.repeat(names.length + 1)}`);
  for (const [size, medians] of rows) {
    const cells = names.map((name) => round(medians[name]));
    console.log(`| ${size.toLocaleString('en')} | ${cells.join(' | ')} |`);
  }
}

function round(value) {
  if (value === undefined) return '';
  return value < 99.5
    ? value.toPrecision(2)
    : Number(value.toPrecision(3)).toLocaleString('en', { maximumFractionDigits: 0 });
}

/** What is computed goes here, so that nobody can leave it out. */
export const sink = { value: 0 };
