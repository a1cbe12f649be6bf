// One case against a server: opens its connection, runs it, answers with the result.
import type { Case, RoundsCase, ScriptCase } from '../cases/case.ts';
import type { CompressedCache } from '../deflate/compressed-cache.ts';
import type { CaseResult, Finding } from '../report/result.ts';
import { encodeFrame } from '../wire/frame.ts';
import { SeededRandom } from '../wire/random.ts';
import { notOpenedResult, type OpenedCase } from './case-result.ts';
import { type Compression, compressionOf } from './compression.ts';
import { CaseConnection } from './connection/case-connection.ts';
import { notAgreedResult } from './not-agreed.ts';
import { openConnection } from './open-connection.ts';
import { runRequestCase } from './run-request-case.ts';
import { runRounds } from './run-rounds.ts';
import { type CaseSettings, runScript } from './run-script.ts';
import type { Target } from './target.ts';
import { WireLog } from './wire-log.ts';

export interface ServerCaseSettings extends CaseSettings {
  readonly seed: number;
  readonly full: boolean;
  /** What messages compressed to: the cases of sections 12 and 13 send the same ones again and again. */
  readonly cache: CompressedCache;
}

export async function runServerCase(
  test: Case,
  target: Target,
  settings: ServerCaseSettings,
): Promise<CaseResult> {
  switch (test.kind) {
    case 'request':
      return await runRequestCase(test, target, settings);
    case 'answer':
      throw new TypeError(`${test.id} tests clients`);
    case 'script':
    case 'rounds':
      return await runOnConnection(test, target, settings);
  }
}

async function runOnConnection(
  test: ScriptCase | RoundsCase,
  target: Target,
  settings: ServerCaseSettings,
): Promise<CaseResult> {
  const random = new SeededRandom(settings.seed, test.id);
  const early = test.kind === 'script' && test.early === true ? earlyOf(test, random) : undefined;
  const started = new Date().toISOString();
  const opened = await openConnection(target, {
    random,
    patienceMs: settings.patienceMs,
    offer: test.deflate?.offer,
    early: early?.octets,
  });
  const { httpRequest, httpResponse } = opened;
  if (!opened.ok) {
    const timedOut = opened.kind === 'silence';
    const opening = { started, httpRequest, httpResponse, timedOut, log: new WireLog() };
    return notOpenedResult(test, { words: opened.words, ...opening });
  }
  const log = new WireLog();
  const compression = compressionOf(test.deflate?.offer, opened.extensions, settings.cache);
  if ('fault' in compression) {
    opened.stream.destroy();
    const opening = { started, httpRequest, httpResponse, timedOut: false, log };
    return notOpenedResult(test, { words: compression.fault, ...opening });
  }
  const connection = new CaseConnection(opened.stream, {
    role: 'client',
    random,
    log,
    inflating: compression.inflating,
    stuckMs: settings.patienceMs + settings.pauseMs,
  });
  const openedCase: OpenedCase = {
    connection,
    started,
    httpRequest,
    httpResponse,
    compressed: compression.inflating !== undefined,
    agreed: compression.agreed,
    findings: findingsOf(test, compression),
    script: early?.script,
    early: early !== undefined,
  };
  if (early !== undefined) connection.countAsSent(early.frames, early.octets.length);
  connection.received(opened.rest);
  return await runOpened(test, openedCase, compression, settings);
}

/** Runs a case on a connection of either role. */
export async function runOpened(
  test: ScriptCase | RoundsCase,
  opened: OpenedCase,
  compression: Compression,
  settings: ServerCaseSettings,
): Promise<CaseResult> {
  if (test.kind === 'rounds') {
    return await runRounds(test, opened, { ...settings, deflating: compression.deflating });
  }
  if (test.deflate !== undefined && !opened.compressed) {
    return await notAgreedResult(test, opened, settings);
  }
  return await runScript(test, opened, settings);
}

/** The agreement is of interest where compression itself is tested. */
function findingsOf(test: ScriptCase | RoundsCase, compression: Compression): readonly Finding[] {
  return test.deflate === undefined ? [] : compression.findings;
}

function earlyOf(test: ScriptCase, random: SeededRandom) {
  const script = test.script();
  const [step] = script.steps;
  if (step?.do !== 'send') return undefined;
  const images = step.frames.map((spec) =>
    encodeFrame(spec, spec.masked === false ? undefined : random.octets(4)),
  );
  return { script, frames: step.frames, octets: Buffer.concat(images) };
}
