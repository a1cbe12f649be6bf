// What the page shows when a case is opened, packed small: 517 cases of several agents say much the same.
import { jsonForScript } from './escape-html.ts';
import {
  type AgentReport,
  type CaseResult,
  outcomeOf,
  type RunReport,
  type WireRow,
} from './result.ts';
import { cutText, visibleText } from './visible-text.ts';
import {
  closeWords,
  eventWords,
  frameWords,
  headerOctets,
  leftOutNote,
  octetsWords,
} from './wire-words.ts';

/** Rows of a case's wire log: the first of these that is expected to keep the page below its size. */
const ROW_LIMITS = [80, 40, 20, 10] as const;
const MAX_CHARACTERS = 4_000_000;
/** What a case and a row take, as measured: more where payloads are all different, less where an echo repeats them. */
const CHARACTERS_A_CASE = 700;
const CHARACTERS_A_ROW = 100;
const SHOWN_EVENTS = 12;
const MAX_WORDS = 2000;
const MAX_HEAD_LINES = 100;

/** Each string once; others point at it. The page has the counterpart of this in `page/report.js`. */
class StringPool {
  readonly strings: string[] = [];
  readonly #places = new Map<string, number>();

  /** The place of a text that is shown as it is: what hides in it is made visible. */
  words(text: string): number {
    return this.place(cutText(text, MAX_WORDS));
  }

  place(text: string): number {
    const known = this.#places.get(text);
    if (known !== undefined) return known;
    const place = this.strings.push(text) - 1;
    this.#places.set(text, place);
    return place;
  }
}

/** The JSON that stands in the page. */
export function detailsJson(run: RunReport): string {
  const maxRows = rowLimit(run);
  const pool = new StringPool();
  const agents = run.agents.map((agent) => ({
    name: visibleText(agent.agent),
    cases: Object.fromEntries([
      ...agent.notRun.map(({ id, reason }) => [id, { absent: pool.words(reason) }] as const),
      ...agent.results.map(
        (result) => [result.id, packedCase(agent, result, pool, maxRows)] as const,
      ),
    ]),
  }));
  return jsonForScript({ agents, strings: pool.strings });
}

function rowLimit(run: RunReport): number {
  const results = run.agents.flatMap((agent) => agent.results);
  const [fewest] = ROW_LIMITS.slice(-1);
  const fits = (limit: number): boolean => {
    const rows = results.reduce((sum, { log }) => sum + Math.min(log.length, limit), 0);
    const characters = rows * CHARACTERS_A_ROW + results.length * CHARACTERS_A_CASE;
    return characters <= MAX_CHARACTERS;
  };
  return ROW_LIMITS.find(fits) ?? fewest ?? 0;
}

function packedCase(
  agent: AgentReport,
  result: CaseResult,
  pool: StringPool,
  maxRows: number,
): Record<string, unknown> {
  const [expected, ...tolerated] = result.expected;
  return {
    outcome: outcomeOf(result),
    description: pool.words(result.description),
    rule: pool.words(result.rule),
    verdicts: [result.behavior, result.behaviorClose].map((word) => pool.place(word)),
    words: [result.result, result.resultClose].map((text) => pool.words(text)),
    findings: result.findings.map(({ code, text, rule }) =>
      pool.words(`${code}: ${text}${rule === undefined ? '' : ` (${rule})`}`),
    ),
    notes: result.notes.map((note) => pool.words(note)),
    ...(expected === undefined ? {} : { expected: packedEvents(expected, pool) }),
    ...(tolerated.length === 0
      ? {}
      : { tolerated: tolerated.map((events) => packedEvents(events, pool)) }),
    received: packedEvents(result.received, pool),
    closing: pool.words(closeWords(result.expectedClose)),
    facts: factsOf(agent, result).map((text) => pool.words(text)),
    log: rowsOf(result.log, maxRows).map((row) => packedRow(row, pool)),
    request: headLines(result.httpRequest).map((line) => pool.words(line)),
    response: headLines(result.httpResponse).map((line) => pool.words(line)),
  };
}

function packedEvents(events: CaseResult['received'], pool: StringPool): number[] {
  const shown = events.slice(0, SHOWN_EVENTS).map((event) => pool.words(eventWords(event)));
  const left = events.length - shown.length;
  return left > 0 ? [...shown, pool.words(`… and ${left} more`)] : shown;
}

/** How it ended, in short sentences. */
function factsOf(agent: AgentReport, result: CaseResult): string[] {
  const { wasNotCleanReason: reason, outgoing, incoming } = result;
  return [
    `Began ${result.started}, took ${result.duration} ms.`,
    `The runner is the ${agent.tested === 'server' ? 'client' : 'server'}.`,
    closeSentence('The runner', result.localCloseCode, result.localCloseReason),
    closeSentence('The peer', result.remoteCloseCode, result.remoteCloseReason),
    `The ${result.closedByMe ? 'runner' : 'peer'} closed first${result.failedByMe ? ', failing the connection' : ''}.`,
    ...(result.droppedByMe ? ['The runner dropped TCP.'] : []),
    result.wasClean
      ? 'The end was clean.'
      : `The end was not clean${reason === null ? '' : `: ${reason}`}.`,
    ...(outgoing === null ? [] : [trafficWords('Sent', outgoing)]),
    ...(incoming === null ? [] : [trafficWords('Received', incoming)]),
  ];
}

function closeSentence(who: string, code: number | null, reason: string | null): string {
  if (code === null) return `${who} sent no close code.`;
  return `${who} sent close code ${code}${reason === null || reason === '' ? '' : ` "${reason}"`}.`;
}

function trafficWords(what: string, traffic: NonNullable<CaseResult['outgoing']>): string {
  const { wireOctets, payloadOctets, appOctets, frames, messages } = traffic;
  const ratio = appOctets === 0 ? '' : `, ratio ${(payloadOctets / appOctets).toFixed(3)}`;
  return `${what}: ${messages} messages in ${frames} frames; ${wireOctets} octets on the wire, ${payloadOctets} of payload, ${appOctets} of messages${ratio}.`;
}

/** The beginning, the end, and what has a defect. */
function rowsOf(log: readonly WireRow[], max: number): WireRow[] {
  if (log.length <= max) return [...log];
  const first = Math.ceil(max / 2);
  const last = log.length - Math.floor(max / 2);
  const rows: WireRow[] = [];
  let left: WireRow[] = [];
  for (const [index, row] of log.entries()) {
    const defective = row.kind === 'frame' && row.defect !== undefined;
    if (index >= first && index < last && !defective) {
      left.push(row);
      continue;
    }
    if (left.length > 0) rows.push(leftOutNote(left));
    left = [];
    rows.push(row);
  }
  return rows;
}

/**
 * A note: `[0, at, words]`. Octets: `[1 or 2, at, length, octets, words]`. A frame: `[3 or 4, at, length, octets of the payload,
 * octets of the header, words, key, defect]`. The odd ones are the runner's; 0 stands for no key and no defect.
 */
function packedRow(row: WireRow, pool: StringPool): unknown[] {
  if (row.kind === 'note') {
    return [0, row.at, pool.words(row.text)];
  }
  const side = row.by === 'runner' ? 0 : 1;
  if (row.kind === 'octets') {
    const words = pool.words(octetsWords(row.octets, row.length));
    return [1 + side, row.at, row.length, pool.place(base64(row.octets)), words];
  }
  const { opcode, fin, rsv, masked, key, defect } = row;
  return [
    3 + side,
    row.at,
    row.length,
    pool.place(base64(row.payload)),
    pool.place(base64(headerOctets(row))),
    pool.words(frameWords(row)),
    pool.place(`${opcode} ${fin ? 1 : 0} ${rsv} ${masked ? 1 : 0}`),
    key ?? 0,
    defect === undefined ? 0 : pool.words(defect),
  ];
}

function base64(octets: Uint8Array): string {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString('base64');
}

/** Lines of a head. Where one does not end in CRLF, what it ends in is shown. */
function headLines(head: string): string[] {
  const lines = head.split(/(?<=\n)/).slice(0, MAX_HEAD_LINES);
  return lines
    .map((line) => line.replace(/\r\n$/, ''))
    .filter((line, index, all) => {
      return line !== '' || index < all.length - 1;
    });
}
