import { CLOSE, type ScriptCase } from '../cases/case.ts';
import type { CaseResult } from '../report/result.ts';
import { caseResult, type OpenedCase } from './case-result.ts';
import { end } from './end-connection.ts';
import type { CaseSettings } from './run-script.ts';
import { judgeClose } from './verdict.ts';

/** The result of a case that needs compression, of a peer that did not agree on it. */
export async function notAgreedResult(
  test: ScriptCase,
  opened: OpenedCase,
  settings: CaseSettings,
): Promise<CaseResult> {
  opened.connection.close(1000);
  await end(opened.connection, test.limit, settings);
  return caseResult(test, opened, {
    behavior: { verdict: 'UNIMPLEMENTED', words: 'does not agree on permessage-deflate' },
    behaviorClose: judgeClose(opened.connection, CLOSE.N, test.fault),
    expected: [],
    findings: [],
    notes: [],
    close: CLOSE.N,
  });
}
