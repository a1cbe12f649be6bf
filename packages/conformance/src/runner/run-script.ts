// Carries out the steps of a case and waits for what must come of them.

import { Buffer } from 'node:buffer';
import type { Event, Script, ScriptCase, Step } from '../cases/case.ts';
import type { Behavior, CaseResult, Finding } from '../report/result.ts';
import { encodeFrame, type FrameSpec } from '../wire/frame.ts';
import { caseResult, type OpenedCase } from './case-result.ts';
import type { CaseConnection } from './connection/case-connection.ts';
import { end } from './end-connection.ts';
import { differenceWords } from './event-words.ts';
import { fairNow } from './own-delay.ts';
import {
  compareEvents,
  firstDifference,
  type Judged,
  judgeClose,
  withCloseRule,
} from './verdict.ts';

export interface CaseSettings {
  /** Milliseconds. */
  readonly pauseMs: number;
  readonly patienceMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** What a client may be late without a finding. */
const CLIENT_GRACE_MS = 1000;
/** A peer that keeps octets moving is waited for this many times as long as one that is silent. */
const MOST_PATIENCE = 6;
/** Octets of a flood that are sent at a time. */
const FLOOD_BYTES = 65_536;

export async function runScript(
  test: ScriptCase,
  opened: OpenedCase,
  settings: CaseSettings,
): Promise<CaseResult> {
  const { connection } = opened;
  const script = opened.script ?? test.script(opened.agreed);
  const run = new ScriptRun(test, script, connection, settings, opened.early === true);
  await run.steps();
  await run.expectation();
  await end(connection, test.limit, settings, run.midFrame);
  const judged = run.judge();
  return caseResult(test, opened, {
    behavior: withCloseRule(judged, connection, test.close, test.fault),
    behaviorClose: judgeClose(connection, test.close, test.fault),
    expected: [script.expect, ...(script.tolerated ?? [])],
    findings: run.findings(),
    notes: run.notes(),
    close: test.close,
  });
}

class ScriptRun {
  readonly #test: ScriptCase;
  readonly #script: Script;
  readonly #connection: CaseConnection;
  readonly #settings: CaseSettings;
  readonly #images = new Map<FrameSpec, { octets: Buffer; header: number }>();
  #skipFirst: boolean;
  #sentAt = 0;
  /** Until what was expected was there. */
  #tookMs: number | undefined;

  constructor(
    test: ScriptCase,
    script: Script,
    connection: CaseConnection,
    settings: CaseSettings,
    early: boolean,
  ) {
    this.#test = test;
    this.#script = script;
    this.#connection = connection;
    this.#settings = settings;
    this.#skipFirst = early;
    connection.ignorePongs = test.ignorePongs === true;
    const lists = this.#lists();
    const most = (of: (list: readonly Event[]) => number): number => Math.max(...lists.map(of));
    connection.expectAtMost(
      most((list) => list.length),
      most(octetsIn),
    );
  }

  async steps(): Promise<void> {
    for (const step of this.#script.steps) {
      if (this.#skipFirst) {
        this.#skipFirst = false;
        continue;
      }
      // A peer that has answered our Close may be gone before all is sent; what it would do with the rest is not asked.
      if (this.#connection.gone || this.#connection.failedByMe) break;
      await this.#step(step);
    }
    this.#sentAt = fairNow();
  }

  async #step(step: Step): Promise<void> {
    const connection = this.#connection;
    switch (step.do) {
      case 'send':
        await connection.send(step.frames, step.write);
        return;
      case 'part':
        await this.#part(step.frame, step.from, step.to);
        return;
      case 'octets':
        await connection.sendOctets(step.octets);
        return;
      case 'pause':
        await this.#pause(step.mark);
        return;
      case 'await': {
        const reached = (): boolean => connection.events.length >= step.events || this.#refuted();
        // Pings without end are movement, and no answer.
        const last = fairNow() + MOST_PATIENCE * this.#settings.patienceMs;
        await connection.wait(reached, () => Math.min(last, this.#silence()));
        return;
      }
      case 'flood':
        await this.#flood(step.frames, step.times, step.reading !== false);
        return;
      case 'fin':
        connection.fin();
        return;
    }
  }

  async #part(frame: FrameSpec, from: number, to: number): Promise<void> {
    let image = this.#images.get(frame);
    if (image === undefined) {
      const octets = this.#connection.encode(frame);
      image = { octets, header: octets.length - frame.payload.length };
      this.#images.set(frame, image);
    }
    const { octets, header } = image;
    const start = from === 0 ? 0 : header + from;
    await this.#connection.sendOctets(octets.subarray(start, header + to));
  }

  async #pause(mark: string | undefined): Promise<void> {
    const connection = this.#connection;
    connection.log.note(`a pause of ${this.#settings.pauseMs} ms begins`);
    const until = fairNow() + this.#settings.pauseMs;
    // A peer that fails the connection meanwhile ends the pause: its Close is the answer.
    await connection.wait(
      () => connection.closing.received || connection.gone || connection.failedByMe,
      () => until,
    );
    if (connection.closing.received || connection.gone || connection.failedByMe) return;
    connection.log.note('the pause is over');
    if (mark !== undefined) connection.events.push({ event: 'mark', mark });
  }

  async #flood(frames: readonly FrameSpec[], times: number, reading: boolean): Promise<void> {
    const connection = this.#connection;
    const once = Buffer.concat(
      frames.map((spec) => encodeFrame(spec, connection.role === 'client' ? NO_MASK : undefined)),
    );
    const atOnce = Math.max(1, Math.floor(FLOOD_BYTES / once.length));
    const batch = Buffer.concat(Array.from({ length: Math.min(atOnce, times) }, () => once));
    connection.log.note(`${times} times these ${frames.length} frames`);
    connection.log.octets('runner', once);
    if (!reading) connection.setReading(false);
    const stop = (): boolean =>
      connection.closing.received || connection.gone || connection.failedByMe;
    for (let sent = 0; sent < times && !stop(); sent += atOnce) {
      const part = Math.min(atOnce, times - sent);
      const written = connection.write(batch.subarray(0, part * once.length));
      if (reading) {
        await Promise.race([written, connection.wait(stop, this.#silence)]);
      } else {
        // A peer whose answers nobody takes may stop reading too; then it is our turn again.
        const stuck = connection.wait(stop, () => fairNow() + this.#settings.pauseMs);
        await Promise.race([written, stuck.then(() => connection.setReading(true))]);
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    connection.setReading(true);
  }

  readonly #silence = (): number => this.#connection.lastMovement + this.#settings.patienceMs;

  /** Waits for the expected events, or for what shows that they do not come. */
  async expectation(): Promise<void> {
    const connection = this.#connection;
    const { limit, close } = this.#test;
    const limitAt = (): number => this.#sentAt + limit.seconds * 1000;
    const ownClose = connection.closing.sent;
    if (close.first === 'runner' && !ownClose) {
      await connection.wait(
        () => this.#met() || this.#refuted() || this.#ending(),
        this.#soonest(limitAt),
      );
      if (!this.#met() && !this.#refuted() && !this.#ending()) await this.#lastChance();
      if (this.#met()) {
        this.#tookMs = fairNow() - this.#sentAt;
        connection.close(1000);
      }
    } else if (!ownClose) {
      // The peer has to end it.
      await connection.wait(() => this.#ending(), this.#soonest(limitAt));
      if (!this.#ending()) await this.#lastChance();
      if (this.#ending() && this.#met()) this.#tookMs = fairNow() - this.#sentAt;
    }
    // Where the steps sent a Close, all that is left is the end.
  }

  /**
   * The original's limit has passed. Is the peer done with all that was sent, and did nothing? Then it answers a ping. Or is it
   * only slow? Then it is waited for: a loaded machine is no fault of the peer's.
   */
  async #lastChance(): Promise<void> {
    const connection = this.#connection;
    if (this.#canProbe()) connection.probe();
    const before = connection.events.length;
    // A wrong Pong is a sign of life as well; a peer that has to fail the connection should not send any.
    const stirs = (): boolean =>
      this.#test.close.first === 'peer' && connection.events.length > before;
    const answered = (): boolean =>
      (this.#canProbe() && !connection.probing) || stirs() || this.#ending() || this.#settled();
    const { patienceMs } = this.#settings;
    // A peer that never stops sending is not waited for without end.
    const last = fairNow() + 3 * patienceMs;
    const until = (): number =>
      Math.min(last, Math.max(this.#silence(), this.#sentAt + patienceMs));
    await connection.wait(answered, until);
  }

  /** Whether what the runner would send now is payload of an unfinished frame, or cannot be sent. */
  get midFrame(): boolean {
    const last = this.#script.steps.at(-1);
    const unfinished = last?.do === 'part' && last.to < last.frame.payload.length;
    const announces = last?.do === 'send' && last.frames.at(-1)?.announces !== undefined;
    return unfinished || announces || last?.do === 'octets' || last?.do === 'fin';
  }

  #canProbe(): boolean {
    return !this.midFrame;
  }

  #settled(): boolean {
    return this.#test.close.first === 'runner' && (this.#met() || this.#refuted());
  }

  #soonest(limitAt: () => number): () => number {
    return () => Math.min(limitAt(), this.#silence());
  }

  #ending(): boolean {
    const connection = this.#connection;
    return connection.closing.received || connection.gone || connection.failedByMe;
  }

  #lists(): readonly (readonly Event[])[] {
    return [this.#script.expect, ...(this.#script.tolerated ?? [])];
  }

  #met(): boolean {
    const { events } = this.#connection;
    return compareEvents(events, this.#script.expect, this.#test.compare) === 'equal';
  }

  /** Nothing that may still come makes it right. */
  #refuted(): boolean {
    if (this.#test.close.informational === true) return false;
    const { events } = this.#connection;
    return this.#lists().every(
      (list) => compareEvents(events, list, this.#test.compare) === 'differs',
    );
  }

  judge(): Judged<Behavior> {
    const connection = this.#connection;
    const { events } = connection;
    if (this.#test.close.informational === true) {
      return { verdict: 'INFORMATIONAL', words: informationWords(events, this.#script.expect) };
    }
    if (connection.messages.inflatingFailed) {
      return {
        verdict: 'FAILED',
        words: connection.defect?.text ?? 'sends data that is not DEFLATE',
      };
    }
    if (this.#met()) return { verdict: 'OK', words: 'does what is expected' };
    const tolerated = this.#script.tolerated ?? [];
    if (tolerated.some((list) => compareEvents(events, list, this.#test.compare) === 'equal')) {
      // Of a peer that failed the connection as it should, what is tolerated is an echo that did not get out before.
      const lost = this.#test.close.first === 'peer' && events.length < this.#script.expect.length;
      const words = lost
        ? 'fails the connection before the answers to earlier messages are out'
        : this.#test.fault;
      return { verdict: 'NON-STRICT', words };
    }
    const words = differenceWords(events, this.#script.expect, connection, this.#test);
    return { verdict: 'FAILED', words };
  }

  findings(): readonly Finding[] {
    const connection = this.#connection;
    const findings = [...connection.findings];
    const content = this.#contentFinding();
    if (content !== undefined) findings.push(content);
    const { strictCodes, limit, close } = this.#test;
    if (strictCodes !== undefined && connection.closing.received && !connection.closing.byMe) {
      const code = connection.closing.remoteCode;
      if (code === null || !strictCodes.includes(code)) {
        const said = code === null ? 'no code' : String(code);
        const text = `answers a Close frame with reserved bits as if they were not set, with ${said}`;
        findings.push({ code: 'RESERVED_BITS_IGNORED', text, rule: 'RFC 6455 §5.2' });
      }
    }
    // A case against a server is repeated when it was late; a client comes once, and may share its machine with us.
    const grace = connection.role === 'server' ? CLIENT_GRACE_MS : 0;
    const took = this.#tookMs ?? 0;
    if (took > limit.seconds * 1000 + grace) {
      const seconds = (took / 1000).toFixed(1);
      const text = `answers after ${seconds} s; others give up after ${limit.seconds} s`;
      findings.push({ code: 'LATE', text });
    }
    if (
      close.first === 'runner' &&
      !close.clean &&
      connection.droppedByMe &&
      !connection.closing.received
    ) {
      const text =
        connection.defect === undefined
          ? 'does not answer an invalid Close frame, neither with a Close nor by ending TCP'
          : `${connection.defect.text} in answer to an invalid one, and does not end TCP`;
      findings.push({ code: 'NO_ANSWER_TO_CLOSE', text, rule: 'RFC 6455 §7.1.7' });
    }
    return findings;
  }

  /** The verdict of section 9 looks at the length only; a wrong octet is said here. */
  #contentFinding(): Finding | undefined {
    if (this.#test.compare !== 'length') return undefined;
    for (const [at, event] of this.#connection.events.entries()) {
      const other = this.#script.expect[at];
      if (event.event !== 'message' || other?.event !== 'message') continue;
      if (Buffer.compare(event.payload, other.payload) === 0) continue;
      const octet = firstDifference(event.payload, other.payload);
      if (octet >= Math.min(event.payload.length, other.payload.length)) continue;
      const text = `corrupts the echo: octet ${octet} is ${hex(event.payload[octet])}, not ${hex(other.payload[octet])}`;
      return { code: 'CONTENT', text, rule: 'RFC 6455 §5.6' };
    }
    return undefined;
  }

  notes(): readonly string[] {
    const { id } = this.#test;
    const { events } = this.#connection;
    if (
      (id === '2.10' || id === '2.11') &&
      !this.#met() &&
      onlyLatest(events, this.#script.expect)
    ) {
      return [
        'Only the latest ping was answered, which RFC 6455 §5.5.3 allows; the case asks for every Pong.',
      ];
    }
    return [];
  }
}

const NO_MASK = new Uint8Array(4);

function hex(octet: number | undefined): string {
  return (octet ?? 0).toString(16).padStart(2, '0');
}

function octetsIn(events: readonly Event[]): number {
  return events.reduce((sum, one) => sum + (one.event === 'mark' ? 0 : one.payload.length), 0);
}

function onlyLatest(events: readonly Event[], expected: readonly Event[]): boolean {
  const last = expected.at(-1);
  return (
    last !== undefined && events.length > 0 && compareEvents(events.slice(-1), [last]) === 'equal'
  );
}

/** Names which of the messages that were sent came back (7.1.6), or that nothing is asked. */
function informationWords(events: readonly Event[], sent: readonly Event[]): string {
  const messages = events.filter((event) => event.event === 'message');
  if (sent.length !== 2) return 'is only observed';
  const came = (at: number): boolean =>
    messages.some((event) => compareEvents([event], sent.slice(at, at + 1)) === 'equal');
  if (came(0) && came(1)) return 'echoed both messages before it closed';
  if (came(0)) return 'echoed the first message only before it closed';
  return came(1)
    ? 'echoed the second message only before it closed'
    : 'echoed nothing before it closed';
}
