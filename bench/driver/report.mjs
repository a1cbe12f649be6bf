import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { drawChart } from './chart.mjs';
import { rows as allRows } from './rows.mjs';
import { multiple, short, spread } from './statistics.mjs';

const REMARKS = new URL('../remarks.md', import.meta.url);

/** Writes RESULTS.md, results.json and the charts into a folder. Returns their paths. */
export function writeReport(results, folder) {
  const charts = join(folder, 'results');
  mkdirSync(charts, { recursive: true });
  const files = [];
  const write = (file, text) => {
    writeFileSync(file, text);
    files.push(relative(process.cwd(), file));
  };
  const table = new Table(results);
  write(join(folder, 'RESULTS.md'), markdown(table));
  write(join(charts, 'results.json'), keptAsText(results));
  for (const node of table.nodes) {
    write(join(charts, chartName(node)), drawChart(`Node ${node}`, panels(table, node)));
  }
  return files;
}

/** JSON with a line for each figure: what differs from run to run can be seen. */
function keptAsText({ figures: lines, ...rest }) {
  const head = JSON.stringify(rest, null, 1).slice(0, -2);
  const tail = lines.map((figure) => JSON.stringify(figure, (_key, value) => rounded(value)));
  return `${head},\n "figures": [\n${tail.join(',\n')}\n]}\n`;
}

function rounded(value) {
  return typeof value === 'number' ? Number(value.toPrecision(5)) : value;
}

/** Prints what was found to standard output: a block for each row and Node. */
export function printReport(results) {
  const table = new Table(results);
  for (const node of table.nodes) {
    for (const row of table.rows) {
      console.log(
        `\n${row.title}${row.smaller ? ', octets' : ', a second on one core'}, Node ${node}`,
      );
      for (const { candidate, figure, spread: found, times } of table.line(row, node)) {
        if (figure.reason !== undefined) continue;
        const name = candidate.label.padEnd(20);
        if (found === undefined) {
          console.log(`  ${name} failed: ${figure.failures[0] ?? 'not measured'}`);
          continue;
        }
        const target = targetOf(row, candidate);
        const verdict = target === undefined ? '' : `  ${verdictOf(row, times, target)}`;
        const range = `${short(found.min)} … ${short(found.max)}`;
        const ratio = times === undefined ? '' : multiple(times);
        console.log(
          `  ${name} ${short(found.median).padStart(6)} ${ratio.padStart(6)}  ${range.padEnd(16)}${verdict}`.trimEnd(),
        );
      }
    }
  }
}

/** The figures of a run, and how they relate. */
class Table {
  results;
  rows;
  nodes;
  #figures;

  constructor(results) {
    this.results = results;
    this.rows = allRows.filter(({ name }) => results.rows.includes(name));
    const nodes = results.candidates.flatMap(({ node }) => node ?? []);
    this.nodes = nodes.length === 0 ? [process.versions.node.split('.')[0]] : [...new Set(nodes)];
    this.#figures = new Map(
      results.figures.map((figure) => [`${figure.row} ${figure.candidate}`, figure]),
    );
  }

  /** Who is compared on a Node: its candidates, and those that run on none. */
  candidates(node) {
    return this.results.candidates.filter((one) => one.node === node || one.node === undefined);
  }

  figure(row, candidate) {
    return this.#figures.get(`${row.name} ${candidate.label}`);
  }

  /** A row on a Node: each candidate with its spread, and with its multiple of `ws` there. */
  line(row, node) {
    const base = this.value(row, 'ws', node);
    return this.candidates(node).map((candidate) => {
      const figure = this.figure(row, candidate);
      const found = spread(figure.values);
      return { candidate, figure, spread: found, times: ratio(found?.median, base) };
    });
  }

  /** The median of a candidate; undefined where there is none. */
  value(row, name, node) {
    const candidate = this.candidates(node).find((one) => one.name === name);
    return candidate && spread(this.figure(row, candidate).values)?.median;
  }
}

function ratio(value, base) {
  return value === undefined || base === undefined ? undefined : value / base;
}

function targetOf({ target }, { name }) {
  if (name === 'meerkat') return target;
  if (name === 'meerkat-lent') return { floor: target.lentFloor };
  if (name === 'meerkat-http') return { floor: target.httpFloor };
  return name === 'meerkat-stream' ? { floor: target.streamFloor } : undefined;
}

function verdictOf({ smaller }, times, { floor, aim }) {
  if (times === undefined || floor === undefined) return '';
  const reached = (wanted) => wanted !== undefined && (smaller ? times <= wanted : times >= wanted);
  if (reached(aim)) return 'aim';
  return reached(floor) ? 'floor' : `MISSED ${floor}`;
}

function markdown(table) {
  const { results, nodes } = table;
  const parts = [
    `# What a message costs, side by side

${inWords(results)}`,
    targets(table),
    ...nodes.map((node) => figures(table, node)),
    leftOut(table),
  ];
  if (existsSync(REMARKS)) parts.push(readFileSync(REMARKS, 'utf8'));
  return `${parts
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .join('\n\n')}\n`;
}

function inWords({ machine, setting, rows, figures: measured }) {
  const { seconds, warm, load } = setting;
  const least = Math.min(...measured.flatMap(({ values }) => values.length || []));
  const rounds = least < setting.rounds ? `${least} to ${setting.rounds}` : setting.rounds;
  const where = machine.pinned
    ? 'Server and load have a core each (`taskset`)'
    : 'Server and load were not pinned to cores';
  const who =
    load === 'wsload'
      ? `The load is wsload, a generator in C that compares every octet that comes back, and inflates every 16th compressed message. TLS rows and Socket.IO have meerkat's own client as load, which costs more on its side, so that there are fewer requests at a time`
      : `The load is meerkat's own client, which compares every octet that comes back`;
  const idle = rows.includes('idle')
    ? ' Memory is what the process has grown by for each of thousands of open connections, after garbage was collected.'
    : '';
  return `Written by \`${setting.command}\`. ${machine.date}, ${machine.processor}, ${machine.cores} cores, ${machine.system}, over
loopback. ${machine.runtimes.join(', ')}; ${machine.packages.join(', ')}.

A figure is the **capacity of one core**: 1,000,000 divided by the microseconds of processor time, user and system, all
threads, that the server's process took for a message, as the system counted it. It hardly depends on how fast the load
is. ${where}. ${who}. Each figure is the median of ${rounds} rounds of ${seconds} s after ${warm} s, in brackets the least and the most;
in a round the candidates ran one after the other, each time in a new process. In a broadcast a message is a delivery.${idle}
meerkat has its defaults, nothing is switched off; the servers are \`bench/servers/*.mjs\`.
Compression is done without context takeover and without a threshold at each one's own level: \`ws\` and Socket.IO have zlib's
level 6 and a window of 32 KiB, meerkat level 3 and 4 KiB. A multiple of less than 1.2 says little.`;
}

function targets(table) {
  const { nodes, rows } = table;
  const has = (name) => table.results.candidates.some((one) => one.name === name);
  if (!has('ws') || !(has('meerkat') || has('meerkat-stream'))) return '';
  const head = ['', ...nodes.map((node) => `Node ${node}`)];
  const cells = (row, name) =>
    nodes.map((node) => {
      const found = table.line(row, node).find(({ candidate }) => candidate.name === name);
      if (found?.times === undefined) return '–';
      const verdict = verdictOf(row, found.times, targetOf(row, found.candidate));
      return `${multiple(found.times)} ${verdict.startsWith('MISSED') ? `**${verdict}**` : verdict}`;
    });
  const parts = [];
  if (has('meerkat')) {
    const bun = has('bun');
    const lines = rows.map((row) => {
      const { floor = '–', aim = '–', overBun = '–' } = row.target;
      const against = ratio(
        table.value(row, 'meerkat', nodes[0]),
        table.value(row, 'bun', nodes[0]),
      );
      const last = bun ? [against === undefined ? '–' : multiple(against), overBun] : [];
      return [row.title, ...cells(row, 'meerkat'), floor, aim, ...last];
    });
    const last = bun ? [`Bun = 1, Node ${nodes[0]}`, 'wanted'] : [];
    parts.push(`## meerkat against ws on the same Node: ws = 1

${grid([[...head, 'floor', 'aim', ...last], ...lines])}`);
  }
  if (has('meerkat-stream')) {
    const lines = rows.map((row) => [
      row.title,
      ...cells(row, 'meerkat-stream'),
      row.target.streamFloor ?? '–',
    ]);
    parts.push(`## meerkat on Node's streams against ws: ws = 1

${grid([[...head, 'floor'], ...lines])}`);
  }
  return parts.join('\n\n');
}

function figures(table, node) {
  const candidates = table.candidates(node);
  const lines = table.rows.map((row) => [
    row.title,
    ...table.line(row, node).map(({ spread: found, times }) => {
      if (found === undefined) return '–';
      const value = `**${short(found.median)}**${times === undefined ? '' : ` ${multiple(times)}`}`;
      return `${value}<br>[${short(found.min)}–${short(found.max)}]`;
    }),
  ]);
  return `## Node ${node}

Messages a second on one core, of \`ws\` on this Node so many times; memory in octets.

${grid([['', ...candidates.map(({ name }) => name)], ...lines])}
${onTheWire(table, node)}
![the same as bars](results/${chartName(node)})`;
}

/** What compression left of the messages: who tries less hard sends more. */
function onTheWire(table, node) {
  const sentences = table.rows
    .filter(({ load }) => load.deflate)
    .flatMap((row) => {
      const sizes = table.line(row, node).flatMap(({ candidate, figure }) => {
        const octets = spread(
          figure.seen.flatMap(({ octetsPerMessage }) => octetsPerMessage ?? []),
        );
        return octets === undefined ? [] : `${candidate.name} ${octets.median.toFixed(0)}`;
      });
      return sizes.length === 0 ? [] : `- ${row.title}: ${sizes.join(', ')}`;
    });
  return sentences.length === 0
    ? ''
    : `\nOctets on the wire for a compressed message, its frame's header with it:\n\n${sentences.join('\n')}\n`;
}

function leftOut({ results }) {
  const reasons = new Map();
  const note = (who, reason) =>
    reasons.set(`${who}: ${reason}`, [...(reasons.get(`${who}: ${reason}`) ?? [])]);
  for (const sentence of results.missing) reasons.set(sentence, []);
  for (const { candidate, row, reason, failures, values } of results.figures) {
    if (reason !== undefined) {
      note(candidate, reason);
      reasons.get(`${candidate}: ${reason}`).push(row);
    }
    for (const failure of new Set(failures)) {
      const runs = failures.length + values.length;
      const what = `${failures.length} of ${runs} runs failed: ${failure}`;
      note(candidate, what);
      reasons.get(`${candidate}: ${what}`).push(row);
    }
  }
  if (reasons.size === 0) return '';
  const lines = [...reasons].map(
    ([reason, rows]) => `- ${reason}${rows.length === 0 ? '' : ` (${rows.join(', ')})`}`,
  );
  return `## Without a figure\n\n${lines.join('\n')}`;
}

function panels(table, node) {
  return table.rows.map((row) => ({
    title: row.smaller ? `${row.title}, octets: less is better` : row.title,
    bars: table.line(row, node).flatMap(({ candidate, spread: found, times }) =>
      found === undefined
        ? []
        : {
            label: candidate.name,
            ours: candidate.name.startsWith('meerkat'),
            ...found,
            text: `${short(found.median)}${times === undefined ? '' : `  ${multiple(times)}`}`,
          },
    ),
  }));
}

function chartName(node) {
  return `node-${node}.svg`;
}

/** A table of Markdown; the first line is its head. */
function grid([head, ...lines]) {
  const row = (cells) => `| ${cells.join(' | ')} |`;
  return [row(head), row(head.map(() => '---')), ...lines.map(row)].join('\n');
}
