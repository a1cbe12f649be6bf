import type { CaseResult } from '@meerkat/conformance';

/** A case that came out well, but for what is given. */
export function caseResult(id: string, given: Partial<CaseResult> = {}): CaseResult {
  return {
    id,
    description: `what ${id} sends`,
    rule: 'RFC 6455 §5.4',
    behavior: 'OK',
    behaviorClose: 'OK',
    result: 'as expected',
    resultClose: 'closed in order',
    findings: [],
    notes: [],
    started: '2026-11-21T12:00:00.000Z',
    duration: 3,
    expected: [[]],
    received: [],
    expectedClose: { closedByMe: true, closeCodes: [1000], requireClean: true },
    closedByMe: true,
    failedByMe: false,
    droppedByMe: false,
    wasClean: true,
    wasNotCleanReason: null,
    timeouts: { openHandshake: false, closeHandshake: false, serverConnectionDrop: false },
    localCloseCode: 1000,
    localCloseReason: null,
    remoteCloseCode: 1000,
    remoteCloseReason: null,
    httpRequest: '',
    httpResponse: '',
    log: [],
    outgoing: null,
    incoming: null,
    ...given,
  };
}
