// The file of one case, with the fields and spellings that tools for the Autobahn|Testsuite know.
import { isUtf8 } from 'node:buffer';
import type { AgentReport, CaseResult, KeptEvent, Traffic, WireRow } from './result.ts';
import { sectionOf } from './sections.ts';
import { closeWords, eventsWords, headerLength } from './wire-words.ts';

/** Octets of a payload that stand in a file. */
const SHOWN_OCTETS = 64;
const TIMED: ReadonlySet<string> = new Set(['9', '12', '13']);
const COMPRESSED: ReadonlySet<string> = new Set(['12', '13', 'C']);

/**
 * Writes what is known of a case as JSON. What the usual fields have no room for stands in the field `meerkat`.
 *
 * @param position - The case's place among the selected ones, from 1; absent while it is not known.
 */
export function caseFile(
  agent: Pick<AgentReport, 'agent' | 'tested'>,
  result: CaseResult,
  position?: number,
): string {
  const [expected, ...tolerated] = result.expected;
  const section = sectionOf(result.id);
  const file = {
    id: result.id,
    ...(position === undefined ? {} : { case: position }),
    agent: agent.agent,
    started: result.started,
    description: result.description,
    expectation: expectationWords(result),
    behavior: result.behavior,
    behaviorClose: result.behaviorClose,
    duration: result.duration,
    result: result.result,
    resultClose: result.resultClose,
    expected: expectedLists(expected, tolerated),
    expectedClose: {
      closedByMe: result.expectedClose.closedByMe ?? false,
      closeCode: result.expectedClose.closeCodes,
      requireClean: result.expectedClose.requireClean,
    },
    received: result.received.map(eventRow),
    isServer: agent.tested === 'client',
    closedByMe: result.closedByMe,
    failedByMe: result.failedByMe,
    droppedByMe: result.droppedByMe,
    wasClean: result.wasClean,
    wasNotCleanReason: result.wasNotCleanReason,
    wasOpenHandshakeTimeout: result.timeouts.openHandshake,
    wasCloseHandshakeTimeout: result.timeouts.closeHandshake,
    wasServerConnectionDropTimeout: result.timeouts.serverConnectionDrop,
    localCloseCode: result.localCloseCode,
    localCloseReason: result.localCloseReason,
    remoteCloseCode: result.remoteCloseCode,
    remoteCloseReason: result.remoteCloseReason,
    httpRequest: result.httpRequest,
    httpResponse: result.httpResponse,
    reportTime: TIMED.has(section),
    reportCompressionRatio: COMPRESSED.has(section),
    // Reads and writes are not counted by their sizes: how many there are depends on the machine.
    createStats: false,
    rxOctetStats: {},
    txOctetStats: {},
    rxFrameStats: {},
    txFrameStats: {},
    createWirelog: true,
    wirelog: result.log.flatMap(wireRows),
    trafficStats: trafficStats(agent, result),
    meerkat: {
      rule: result.rule,
      findings: result.findings,
      notes: result.notes,
      tolerated: tolerated.map((events) => events.map(eventRow)),
      log: result.log.map(fullRow),
    },
  };
  return `${JSON.stringify(file, null, 3)}\n`;
}

function expectationWords(result: CaseResult): string {
  const [events] = result.expected;
  const end = `In the end, ${closeWords(result.expectedClose)}.`;
  if (events === undefined) return end;
  return `Expects ${eventsWords(events)}. ${end}`;
}

function expectedLists(
  expected: readonly KeptEvent[] | undefined,
  tolerated: readonly (readonly KeptEvent[])[],
): Record<string, unknown> {
  const [other] = tolerated;
  return {
    ...(expected === undefined ? {} : { OK: expected.map(eventRow) }),
    ...(other === undefined ? {} : { 'NON-STRICT': other.map(eventRow) }),
  };
}

function eventRow(event: KeptEvent): unknown[] {
  switch (event.event) {
    case 'message':
      return ['message', contentOf(event.payload, event.length), event.binary];
    case 'pong':
      return ['pong', contentOf(event.payload, event.length)];
    case 'mark':
      return ['timeout', event.mark];
  }
}

/** Text where it is UTF-8, else `0x` and hex; cut after 64 octets. */
function contentOf(payload: Uint8Array, length: number = payload.length): string {
  const octets = Buffer.from(payload.buffer, payload.byteOffset, payload.length);
  const more = length > SHOWN_OCTETS ? ' ...' : '';
  for (let end = Math.min(payload.length, SHOWN_OCTETS); end >= 0; end -= 1) {
    // A cut may have halved a character.
    if (isUtf8(octets.subarray(0, end))) return `${octets.toString('utf8', 0, end)}${more}`;
    if (more === '' || end <= SHOWN_OCTETS - 3) break;
  }
  return `0x${octets.toString('hex', 0, SHOWN_OCTETS)}${more}`;
}

/** The rows of the original: octets, and frames made of them. What is neither stands in our own log only. */
function wireRows(row: WireRow): unknown[][] {
  if (row.kind === 'note') return [];
  const mine = row.by === 'runner';
  const wire = row.kind === 'frame' ? headerLength(row) + row.length : row.length;
  const octets = mine
    ? ['TO', [wire, hexOf(row.octets)], false]
    : ['RO', [wire, hexOf(row.octets)]];
  if (row.kind === 'octets') return [octets];
  const content = [row.length, contentOf(row.payload, row.length)];
  const { opcode, fin, rsv, masked, key = null } = row;
  return mine
    ? [['TF', content, opcode, fin, rsv, key, null, null, false], octets]
    : [octets, ['RF', content, opcode, fin, rsv, masked, key]];
}

function fullRow(row: WireRow): Record<string, unknown> {
  if (row.kind === 'note') return { ...row };
  if (row.kind === 'octets') return { ...row, octets: hexOf(row.octets) };
  return { ...row, payload: hexOf(row.payload), octets: hexOf(row.octets) };
}

function hexOf(octets: Uint8Array): string {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString('hex');
}

function trafficStats(
  agent: Pick<AgentReport, 'tested'>,
  result: CaseResult,
): Record<string, unknown> | null {
  const { outgoing, incoming, httpRequest, httpResponse } = result;
  if (outgoing === null || incoming === null) return null;
  const [sent, received] =
    agent.tested === 'server' ? [httpRequest, httpResponse] : [httpResponse, httpRequest];
  return {
    ...directionStats('outgoing', outgoing),
    ...directionStats('incoming', incoming),
    preopenOutgoingOctetsWireLevel: sent.length,
    preopenIncomingOctetsWireLevel: received.length,
  };
}

function directionStats(prefix: string, traffic: Traffic): Record<string, unknown> {
  const { wireOctets, payloadOctets, appOctets, frames, messages } = traffic;
  return {
    [`${prefix}OctetsWireLevel`]: wireOctets,
    [`${prefix}OctetsWebSocketLevel`]: payloadOctets,
    [`${prefix}OctetsAppLevel`]: appOctets,
    [`${prefix}CompressionRatio`]: appOctets === 0 ? null : payloadOctets / appOctets,
    [`${prefix}WebSocketOverhead`]:
      payloadOctets === 0 ? null : (wireOctets - payloadOctets) / payloadOctets,
    [`${prefix}WebSocketFrames`]: frames,
    [`${prefix}WebSocketMessages`]: messages,
  };
}
