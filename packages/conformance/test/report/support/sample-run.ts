// Reports as a run makes them, built by hand: a test says what it is about, the rest is plausible.
import type { Event } from '../../../src/cases/case.ts';
import type {
  AgentReport,
  CaseResult,
  RunReport,
  Traffic,
  WireRow,
} from '../../../src/report/result.ts';
import { encodeFrame, type FrameSpec } from '../../../src/wire/frame.ts';

const KEY = Uint8Array.from([0x1a, 0x2b, 0x3c, 0x4d]);
const SHOWN = 64;

/** The octets of a string. */
export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function textEvent(text: string): Event {
  return { event: 'message', binary: false, payload: utf8(text) };
}

export function pongOf(text: string): Event {
  return { event: 'pong', payload: utf8(text) };
}

/** A row for a frame; the runner's are masked. */
export function frameRow(
  by: 'runner' | 'peer',
  spec: FrameSpec,
  extra: { at?: number; defect?: string; key?: Uint8Array } = {},
): WireRow {
  const key = by === 'runner' ? (extra.key ?? KEY) : undefined;
  return {
    kind: 'frame',
    by,
    at: extra.at ?? 0.4,
    opcode: spec.opcode,
    fin: spec.fin,
    rsv: spec.rsv,
    masked: key !== undefined,
    ...(key === undefined ? {} : { key: Buffer.from(key).toString('hex') }),
    length: spec.payload.length,
    payload: spec.payload.slice(0, SHOWN),
    octets: encodeFrame(spec, key).subarray(0, SHOWN),
    ...(extra.defect === undefined ? {} : { defect: extra.defect }),
  };
}

function traffic(octets: number): Traffic {
  return {
    wireOctets: octets + 8,
    payloadOctets: octets,
    appOctets: octets,
    frames: 2,
    messages: 1,
  };
}

/** A case that passes, unless `differing` says otherwise. */
export function caseResult(id: string, differing: Partial<CaseResult> = {}): CaseResult {
  return {
    id,
    description: 'Sends text "Hello". Expects text "Hello".',
    rule: 'RFC 6455 §5.6',
    behavior: 'OK',
    behaviorClose: 'OK',
    result: 'did all that was asked for',
    resultClose: 'The runner closed first, and the peer sent a Close with 1000.',
    findings: [],
    notes: [],
    started: '2026-07-01T12:00:00.000Z',
    duration: 3,
    expected: [[textEvent('Hello')]],
    received: [textEvent('Hello')],
    expectedClose: { closedByMe: true, closeCodes: [1000], requireClean: true },
    closedByMe: true,
    failedByMe: false,
    droppedByMe: false,
    wasClean: true,
    wasNotCleanReason: null,
    timeouts: { openHandshake: false, closeHandshake: false, serverConnectionDrop: false },
    localCloseCode: 1000,
    localCloseReason: '',
    remoteCloseCode: 1000,
    remoteCloseReason: '',
    httpRequest: 'GET / HTTP/1.1\r\nHost: localhost:9001\r\nUpgrade: websocket\r\n\r\n',
    httpResponse: 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n',
    log: [],
    outgoing: traffic(5),
    incoming: traffic(5),
    ...differing,
  };
}

/** A case in which the peer does what it must not. */
export function failedResult(id: string, differing: Partial<CaseResult> = {}): CaseResult {
  return caseResult(id, {
    behavior: 'FAILED',
    behaviorClose: 'UNCLEAN',
    result: "answers a ping only after the message's last fragment",
    resultClose: 'The connection did not end cleanly: the peer did not answer the Close frame.',
    rule: 'RFC 6455 §5.4',
    wasClean: false,
    wasNotCleanReason: 'the peer did not answer the Close frame',
    remoteCloseCode: null,
    remoteCloseReason: null,
    ...differing,
  });
}

export function agentReport(
  agent: string,
  results: readonly CaseResult[],
  differing: Partial<AgentReport> = {},
): AgentReport {
  const url = 'ws://127.0.0.1:9001/';
  return { agent, tested: 'server', url, results, notRun: [], ...differing };
}

export function runReport(...agents: AgentReport[]): RunReport {
  return {
    generator: 'meerkat 0.1.0',
    caseList: '25.10.1',
    corpora: 'made-up-1',
    deflateMessages: 100,
    seed: 7,
    started: '2026-07-01T12:00:00.000Z',
    duration: 4200,
    agents,
  };
}
