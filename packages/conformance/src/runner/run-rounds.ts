// One message after another, the next one when the echo of the last is in: sections 9.7, 9.8, 12 and 13.

import { Buffer } from 'node:buffer';
import { CLOSE, type RoundsCase } from '../cases/case.ts';
import type { MessageDeflater } from '../deflate/message-deflater.ts';
import type { Behavior, CaseResult, Finding } from '../report/result.ts';
import { fragments } from '../wire/frame.ts';
import { caseResult, type OpenedCase } from './case-result.ts';
import { end } from './end-connection.ts';
import { fairNow } from './own-delay.ts';
import type { CaseSettings } from './run-script.ts';
import { firstDifference, type Judged, judgeClose, withCloseRule } from './verdict.ts';

export interface RoundsSettings extends CaseSettings {
  /** 1,000 messages in every case. */
  readonly full: boolean;
  /** Where compression was agreed on. */
  readonly deflating: MessageDeflater | undefined;
}

/** More than any round sends. */
const MAX_MESSAGE_BYTES = 64 << 20;

interface Echo {
  readonly binary: boolean;
  readonly octets: Uint8Array;
}

export async function runRounds(
  test: RoundsCase,
  opened: OpenedCase,
  settings: RoundsSettings,
): Promise<CaseResult> {
  const { connection } = opened;
  const run = new RoundsRun(test, opened, settings);
  const behavior =
    test.deflate === undefined || opened.compressed ? await run.rounds() : NOT_AGREED;
  connection.close(1000);
  await end(connection, test.limit, settings);
  return caseResult(test, opened, {
    behavior: withCloseRule(behavior, connection, CLOSE.N, test.fault),
    behaviorClose: judgeClose(connection, CLOSE.N, test.fault),
    expected: [],
    findings: [...connection.findings, ...run.findings],
    notes: run.notes(behavior),
    close: CLOSE.N,
  });
}

const NOT_AGREED: Judged<Behavior> = {
  verdict: 'UNIMPLEMENTED',
  words: 'does not agree on permessage-deflate',
};

class RoundsRun {
  readonly findings: Finding[] = [];
  readonly #test: RoundsCase;
  readonly #opened: OpenedCase;
  readonly #settings: RoundsSettings;
  #echo: Echo | undefined;

  constructor(test: RoundsCase, opened: OpenedCase, settings: RoundsSettings) {
    this.#test = test;
    this.#opened = opened;
    this.#settings = settings;
    opened.connection.expectAtMost(0, MAX_MESSAGE_BYTES);
    opened.connection.onMessage = (binary, octets) => {
      this.#extra ||= this.#echo !== undefined;
      this.#echo = { binary, octets };
    };
  }

  #extra = false;

  async rounds(): Promise<Judged<Behavior>> {
    const { connection } = this.#opened;
    const test = this.#test;
    const count = this.#settings.full ? test.fullCount : test.count;
    const begun = fairNow();
    const limit = (): number =>
      Math.min(
        connection.lastMovement + this.#settings.patienceMs,
        begun + test.limit.seconds * 1000,
      );
    for (let round = 0; round < count; round += 1) {
      const { octets, key } = test.message(round);
      this.#echo = undefined;
      await this.#send(octets, key);
      await connection.wait(() => this.#echo !== undefined, limit);
      const fault = this.#faultOf(octets, round);
      if (fault !== undefined) return { verdict: 'FAILED', words: fault };
      if (this.#settings.signal?.aborted === true) break;
    }
    return { verdict: 'OK', words: `echoes ${count} messages` };
  }

  async #send(octets: Uint8Array, key: string): Promise<void> {
    const { connection } = this.#opened;
    connection.outgoing.messages += 1;
    connection.outgoing.appOctets += octets.length;
    const { deflating } = this.#settings;
    const opcode = this.#test.binary ? 2 : 1;
    if (deflating === undefined) {
      await connection.send(fragments(opcode, octets, this.#test.fragmentBytes ?? Infinity));
      return;
    }
    const payload = await deflating.deflate(octets, key);
    await connection.send(fragments(opcode, payload, this.#test.fragmentBytes ?? Infinity, 4));
  }

  #faultOf(sent: Uint8Array, round: number): string | undefined {
    const { connection } = this.#opened;
    const echo = this.#echo;
    const which = `message ${round + 1}`;
    if (echo === undefined) {
      if (connection.defect !== undefined) return connection.defect.text;
      if (connection.closing.received) return `closes instead of echoing ${which}`;
      if (connection.gone) return `ends TCP instead of echoing ${which}`;
      return `does not echo ${which}`;
    }
    if (this.#extra) return 'sends more than one message for one';
    if (echo.binary !== this.#test.binary) {
      return `echoes ${this.#test.binary ? 'binary as text' : 'text as binary'}`;
    }
    if (echo.octets.length !== sent.length) {
      return `echoes ${echo.octets.length} octets of ${sent.length} in ${which}`;
    }
    if (Buffer.compare(echo.octets, sent) === 0) return undefined;
    const at = firstDifference(echo.octets, sent);
    const text = `corrupts the echo of ${which}: octet ${at} is ${hex(echo.octets[at])}, not ${hex(sent[at])}`;
    if (this.#test.deflate !== undefined) return text;
    // Sections 9.7 and 9.8 look at type and length only.
    if (this.findings.length === 0) {
      this.findings.push({ code: 'CONTENT', text, rule: 'RFC 6455 §5.6' });
    }
    return undefined;
  }

  notes(behavior: Judged<Behavior>): readonly string[] {
    const { connection } = this.#opened;
    if (!this.#opened.compressed || behavior.verdict !== 'OK') return [];
    if (connection.messages.compressed === 0) {
      return ['It agrees on compression and never compresses: its ratio is 1.0.'];
    }
    if (connection.messages.plain === 0) return [];
    const all = connection.messages.plain + connection.messages.compressed;
    return [`${connection.messages.plain} of its ${all} messages came uncompressed.`];
  }
}

function hex(octet: number | undefined): string {
  return (octet ?? 0).toString(16).padStart(2, '0');
}
