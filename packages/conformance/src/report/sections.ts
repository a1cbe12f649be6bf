// The sections of the case list, and the order of its ids.

/** Numbers as in the Autobahn|Testsuite; letters are our own. */
const TITLES: Readonly<Record<string, string>> = {
  '1': 'message sizes',
  '2': 'ping, pong',
  '3': 'reserved bits',
  '4': 'reserved opcodes',
  '5': 'fragmentation',
  '6': 'UTF-8',
  '7': 'closing',
  '9': 'large messages, round trips',
  '10': 'automatic fragmentation',
  '12': 'permessage-deflate, payload kinds',
  '13': 'permessage-deflate, parameters',
  H: 'opening handshake',
  F: 'frames others forget',
  C: 'compression others forget',
  K: 'opening handshake of clients',
};

/** `5` of `5.6`, `F` of `F5.1`. */
export function sectionOf(id: string): string {
  return /^(?:\d+|[a-z]+)/i.exec(id)?.[0] ?? '';
}

/** What a section is about; empty for one that nobody knows. */
export function sectionTitle(section: string): string {
  return Object.hasOwn(TITLES, section) ? (TITLES[section] ?? '') : '';
}

/** Orders ids by their numbers: 5.9 before 5.10, letters behind all numbers. */
export function compareCaseIds(one: string, other: string): number {
  const left = partsOf(one);
  const right = partsOf(other);
  for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
    const order = compareParts(left[index], right[index]);
    if (order !== 0) return order;
  }
  return one < other ? -1 : one > other ? 1 : 0;
}

function partsOf(id: string): (number | string)[] {
  const parts = id.match(/\d+|[a-z]+/gi) ?? [];
  return parts.map((part) => (/^\d/.test(part) ? Number(part) : part));
}

function compareParts(
  one: number | string | undefined,
  other: number | string | undefined,
): number {
  if (one === other) return 0;
  if (one === undefined) return -1;
  if (other === undefined) return 1;
  if (typeof one === 'number' && typeof other === 'number') return one - other;
  if (typeof one === 'number') return -1;
  if (typeof other === 'number') return 1;
  return one < other ? -1 : 1;
}
