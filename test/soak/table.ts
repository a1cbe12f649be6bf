import type { Row } from './verdict.ts';

interface Column {
  readonly title: string;
  readonly width: number;
  readonly of: (row: Row) => string;
}

const MIB = 1_048_576;

const COLUMNS: readonly Column[] = [
  { title: 'time', width: 6, of: ({ at }) => clock(at) },
  { title: 'stay', width: 6, of: ({ look }) => `${look.connections}` },
  { title: 'came', width: 7, of: ({ look }) => `${look.opened}` },
  { title: 'heap', width: 9, of: ({ look }) => mebi(look.held) },
  { title: 'RSS', width: 8, of: ({ look }) => `${Math.round(look.rss / MIB)} MiB` },
  { title: 'echo/s', width: 8, of: (row) => rate(row.crowds.echoes, row) },
  { title: 'topic/s', width: 8, of: (row) => rate(row.crowds.deliveries, row) },
  { title: 'visit/s', width: 8, of: (row) => rate(row.visitors.visits, row) },
  { title: 'page/s', width: 7, of: (row) => rate(row.visitors.pages, row) },
  { title: 'echo p99', width: 12, of: ({ crowds }) => milliseconds(crowds.echoP99) },
  { title: 'longest', width: 12, of: ({ crowds }) => milliseconds(crowds.longestEcho) },
  { title: 'Pong', width: 12, of: ({ crowds }) => milliseconds(crowds.longestPong) },
  { title: 'loop p99', width: 12, of: ({ look }) => milliseconds(look.delay.p99) },
  { title: 'own', width: 12, of: ({ look }) => milliseconds(look.delay.ownP99) },
  { title: 'idle', width: 12, of: ({ beside }) => milliseconds(beside.p99) },
  { title: 'timers', width: 8, of: ({ look }) => `${look.timers}` },
];

/** The titles of the columns, and below what they say. */
export function tableHead(): string {
  return `${COLUMNS.map(({ title, width }) => title.padStart(width)).join('')}
  heap: octets held after a collection; echo p99, longest, Pong: as the clients saw them; loop p99: how late the event loop
  is, own: without the time that others had the processor, idle: of a process that does nothing`;
}

export function tableRow(row: Row): string {
  return COLUMNS.map(({ of, width }) => of(row).padStart(width)).join('');
}

function clock(at: number): string {
  const seconds = Math.round(at / 1000);
  return `${Math.floor(seconds / 60)}:${`${seconds % 60}`.padStart(2, '0')}`;
}

function mebi(octets: number): string {
  return `${(octets / MIB).toFixed(1)} MiB`;
}

function rate(count: number, { lasted }: Row): string {
  return `${Math.round((count * 1000) / lasted)}`;
}

function milliseconds(value: number): string {
  return `${value.toFixed(1)} ms`;
}
