const ONLY_THERE = 'the same as another candidate in this row';

/**
 * What is measured. `floor` and `aim` are multiples of `ws` on the same Node, `overBun` one of Bun, `streamFloor` what is
 * asked of meerkat on Node's streams, `lentFloor` where messages are lent, `httpFloor` where node:http accepts. For memory smaller is better.
 */
export const rows = [
  {
    name: 'echo-20',
    title: 'echo, 20 B binary, one at a time',
    load: { mode: 'echo', size: 20 },
    target: { floor: 1.7, aim: 2, overBun: 0.9, streamFloor: 1 },
    short: true,
  },
  {
    name: 'echo-20-text',
    title: 'echo, 20 B text, one at a time',
    load: { mode: 'echo', size: 20, text: true },
    target: { floor: 1.7, aim: 2, overBun: 0.9, streamFloor: 1 },
  },
  {
    name: 'echo-20x16',
    title: 'echo, 20 B binary, 16 on their way',
    load: { mode: 'echo', size: 20, depth: 16 },
    target: { floor: 9, aim: 14, overBun: 1, streamFloor: 6 },
    short: true,
  },
  {
    name: 'echo-20x16-text',
    title: 'echo, 20 B text, 16 on their way',
    load: { mode: 'echo', size: 20, depth: 16, text: true },
    target: { floor: 9, aim: 14, overBun: 1, streamFloor: 6 },
  },
  {
    name: 'echo-1k',
    title: 'echo, 1 KiB binary',
    load: { mode: 'echo', size: 1_024 },
    target: { floor: 2.3, aim: 3, overBun: 1, streamFloor: 1 },
  },
  {
    name: 'echo-1k-text',
    title: 'echo, 1 KiB text',
    load: { mode: 'echo', size: 1_024, text: true },
    target: { floor: 2.3, aim: 3, overBun: 1, streamFloor: 1 },
    short: true,
  },
  {
    name: 'echo-16k',
    title: 'echo, 16 KiB binary',
    load: { mode: 'echo', size: 16_384 },
    target: { floor: 5, aim: 7, overBun: 1, streamFloor: 1, lentFloor: 8 },
    short: true,
  },
  {
    name: 'echo-16k-text',
    title: 'echo, 16 KiB text',
    load: { mode: 'echo', size: 16_384, text: true },
    target: { streamFloor: 1 },
  },
  {
    name: 'echo-1m',
    title: 'echo, 1 MiB binary',
    load: { mode: 'echo', size: 1_048_576, connections: 10 },
    target: { floor: 3.5, aim: 5, overBun: 1, streamFloor: 1 },
    short: true,
  },
  {
    name: 'broadcast-8',
    title: 'broadcast of 64 B to 500, 8 on their way',
    load: { mode: 'bcast', size: 64, connections: 500, window: 8 },
    needs: ['broadcast'],
    target: { floor: 6, aim: 7.5, overBun: 1, streamFloor: 1 },
    short: true,
  },
  {
    name: 'broadcast-1',
    title: 'broadcast of 64 B to 500, one at a time',
    load: { mode: 'bcast', size: 64, connections: 500, window: 1 },
    needs: ['broadcast'],
    target: { floor: 1.4, aim: 1.7, overBun: 1, streamFloor: 1 },
  },
  {
    name: 'broadcast-deflate',
    title: 'compressed broadcast of 64 B to 500, 8 on their way',
    load: { mode: 'bcast', size: 64, connections: 500, window: 8, deflate: true },
    needs: ['broadcast', 'deflate'],
    target: { floor: 50, aim: 80, overBun: 8, streamFloor: 1 },
    short: true,
  },
  {
    name: 'deflate-1k',
    title: 'echo, 1 KiB text, compressed',
    load: { mode: 'echo', size: 1_024, text: true, deflate: true },
    needs: ['deflate'],
    target: { floor: 3, aim: 4.4, overBun: 1, streamFloor: 1 },
    short: true,
  },
  {
    name: 'handshakes',
    title: 'opening handshakes',
    load: { mode: 'churn', connections: 50, warm: 1.5 },
    needs: ['handshakes'],
    target: { floor: 3, aim: 4.5, overBun: 0.8, httpFloor: 1.5, streamFloor: 1 },
    short: true,
  },
  {
    name: 'idle',
    title: 'memory for each idle connection',
    load: { mode: 'idle', connections: 5_000 },
    target: { floor: 0.6, aim: 0.3, httpFloor: 0.85, streamFloor: 1 },
    smaller: true,
    short: true,
  },
  {
    name: 'tls-20',
    title: 'TLS echo, 20 B binary, one at a time',
    load: { mode: 'echo', size: 20 },
    tls: true,
    target: { floor: 1, streamFloor: 1 },
  },
  {
    name: 'tls-20x16',
    title: 'TLS echo, 20 B binary, 16 on their way',
    load: { mode: 'echo', size: 20, depth: 16 },
    tls: true,
    target: { floor: 6, streamFloor: 6 },
  },
  {
    name: 'tls-1k',
    title: 'TLS echo, 1 KiB text',
    load: { mode: 'echo', size: 1_024, text: true },
    tls: true,
    target: { floor: 1, streamFloor: 1 },
    short: true,
  },
  {
    name: 'tls-16k',
    title: 'TLS echo, 16 KiB binary',
    load: { mode: 'echo', size: 16_384 },
    tls: true,
    target: { floor: 1, streamFloor: 1 },
  },
];

/** Rows of these names, or that begin with one where it is no name; all, or with `short` the short form, for no names. */
export function chooseRows({ names, short }) {
  if (names.length === 0) return rows.filter((row) => !short || row.short === true);
  const whole = new Set(rows.map(({ name }) => name));
  return rows.filter((row) =>
    names.some((name) => (whole.has(name) ? row.name === name : row.name.startsWith(name))),
  );
}

/** Why a candidate has no figure in a row; undefined when it should have one. */
export function reasonAgainst(candidate, { name, needs = [] }) {
  if (candidate.onlyRows !== undefined && !candidate.onlyRows.includes(name)) return ONLY_THERE;
  const need = needs.find((name) => candidate.cannot[name] !== undefined);
  return need === undefined ? undefined : candidate.cannot[need];
}
