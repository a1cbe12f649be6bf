// What the tables of section H are made with.
import type { RequestCase, RequestOutcome } from './case.ts';

/** How a request differs from a proper upgrade. */
export interface RequestParts {
  readonly method?: string;
  readonly target?: string;
  readonly version?: string;
  /** In place of, or beside, those of a proper upgrade; undefined leaves one out, each element of a list is a line. */
  readonly fields?: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** What follows the head. */
  readonly behind?: string;
}

/** A request to upgrade, as proper as `parts` lets it be. */
export function upgradeRequest(parts: RequestParts = {}): string {
  const { method = 'GET', target = '{path}', version = 'HTTP/1.1', behind = '' } = parts;
  const fields = {
    Host: '{host}',
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Key': '{key}',
    'Sec-WebSocket-Version': '13',
    ...parts.fields,
  };
  const lines = Object.entries(fields).flatMap(([name, values]) =>
    (values === undefined ? [] : [values].flat()).map((value) => `${name}: ${value}\r\n`),
  );
  return `${method} ${target} ${version}\r\n${lines.join('')}{headers}\r\n${behind}`;
}

/** A row of section H: it gets its number from its place. */
export interface RequestRow {
  /** What is sent, as the end of a sentence: "an upgrade request without Host". */
  readonly what: string;
  readonly fault: string;
  readonly request: RequestParts | string;
  readonly outcomes: readonly RequestOutcome[];
  readonly rule?: string;
  readonly pieces?: number;
  readonly oneAnswer?: boolean;
}

/** Numbers the rows of a group: `H5.1`, `H5.2` … `rule` holds where a row names no other. */
export function numberedRequests(
  group: string,
  rule: string,
  rows: readonly RequestRow[],
): readonly RequestCase[] {
  return rows.map(({ what, request, ...row }, index) => ({
    id: `${group}.${index + 1}`,
    kind: 'request',
    tested: 'server',
    rule,
    ...row,
    description: `Sends ${what}. ${expectation(row.outcomes)}`,
    request: typeof request === 'string' ? request : upgradeRequest(request),
  }));
}

type Statuses = readonly (number | readonly [number, number])[];

export const OPENS: RequestOutcome = { verdict: 'OK', opens: true };
export const DROPS: RequestOutcome = { verdict: 'OK', drops: true };

export function refused(
  status: Statuses,
  fields?: Readonly<Record<string, string>>,
): RequestOutcome {
  return { verdict: 'OK', status, ...(fields === undefined ? {} : { fields }) };
}

/** Refused as a mistake of the client, with whatever number. */
export const CLIENT_ERROR: RequestOutcome = refused([[400, 499]]);

/** Tolerated, though better servers do otherwise. */
export function opensAgainst(because: string): RequestOutcome {
  return { verdict: 'NON-STRICT', because, opens: true };
}

export function refusedAgainst(status: Statuses, because: string): RequestOutcome {
  return { verdict: 'NON-STRICT', because, status };
}

/** Left to the server. */
export function opensAsPolicy(because: string): RequestOutcome {
  return { verdict: 'INFORMATIONAL', because, opens: true };
}

export function refusedAsPolicy(status: Statuses, because: string): RequestOutcome {
  return { verdict: 'INFORMATIONAL', because, status };
}

/** A server need not know of upgrades on each of its paths, or with each method: then it answers the rest of the request. */
export const IGNORES: RequestOutcome = refusedAgainst(
  [[200, 399]],
  'the request is answered as if it had not asked for an upgrade',
);

export const DROPS_SILENTLY: RequestOutcome = {
  verdict: 'NON-STRICT',
  because: 'an answer would say why',
  drops: true,
};

/** `It must open.`, `It must be refused with 400 or 404.` */
function expectation(outcomes: readonly RequestOutcome[]): string {
  const right = outcomes.filter((outcome) => outcome.verdict === 'OK');
  const words: string[] = [];
  if (right.some((outcome) => 'opens' in outcome)) words.push('open and echo');
  const statuses = right.flatMap((outcome) => ('status' in outcome ? outcome.status : []));
  if (statuses.length > 0) words.push(`be refused with ${statusWords(statuses)}`);
  if (right.some((outcome) => 'drops' in outcome)) words.push('be dropped');
  return `It ${words.length > 1 ? 'may' : 'must'} ${words.join(' or ')}.`;
}

function statusWords(statuses: Statuses): string {
  const words = statuses.map((one) => {
    if (typeof one === 'number') return String(one);
    return one[0] === 400 && one[1] === 499 ? '4xx' : `${one[0]} to ${one[1]}`;
  });
  return [...new Set(words)].join(', ').replace(/, ([^,]*)$/, ' or $1');
}
