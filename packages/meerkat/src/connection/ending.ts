import { CloseCode } from '../protocol/close-code.ts';
import type { CloseFrame } from '../protocol/close-frame.ts';
import type { ConnectionState } from '../protocol/connection-state.ts';
import type { ProtocolError } from '../protocol/protocol-error.ts';
import type { Timer } from './clock.ts';
import type { Closed, ClosedBecause } from './closed.ts';
import type { LimitName } from './limit-hits.ts';

/** The limits that end a connection without the peer having broken a rule. */
const LIMITS: Partial<Record<ClosedBecause, LimitName>> = {
  pongTimeout: 'pongTimeout',
  overflow: 'maxQueuedBytes',
  closeTimeout: 'closeTimeout',
};

/**
 * Gathers how a connection ends, and how far that has come. What began it first stays; the rest adds to it. A connection
 * makes it at the first sign of its end, or when somebody wants to be told.
 */
export class Ending {
  /** The peer's Close, while it waits for the messages before it. */
  waitingClose: CloseFrame | undefined;
  peerEnded = false;
  transportClosed = false;
  /** Of the step that is being waited for. */
  timer: Timer | undefined;
  /** Once nothing of the connection is left. */
  outcome: Closed | undefined;
  #promise: Promise<Closed> | undefined;
  #resolve: ((closed: Closed) => void) | undefined;
  #by: Closed['by'] | undefined;
  #because: ClosedBecause = 'transportEnd';
  #phase: ConnectionState = 'open';
  #sent: CloseFrame | undefined;
  #received: CloseFrame | undefined;
  #violation: ProtocolError | undefined;
  #error: unknown;

  /** Resolves with the outcome once {@link tell} is called. */
  whenOver(): Promise<Closed> {
    this.#promise ??=
      this.outcome === undefined
        ? new Promise((resolve) => {
            this.#resolve = resolve;
          })
        : Promise.resolve(this.outcome);
    return this.#promise;
  }

  /** Tells the outcome to whoever wants to be told. */
  tell(): void {
    if (this.outcome !== undefined) this.#resolve?.(this.outcome);
  }

  began(by: Closed['by'], because: ClosedBecause, phase: ConnectionState, error?: unknown): void {
    if (this.#by !== undefined) return;
    this.#by = by;
    this.#because = because;
    this.#phase = phase;
    this.#error = error;
  }

  sent(close: CloseFrame): void {
    this.#sent ??= close;
  }

  received(close: CloseFrame): void {
    this.#received ??= close;
  }

  /**
   * The peer broke a rule. It may be in a message that was still being inflated: then it is found later than it came, and
   * what the peer sent behind it, its Close or its end, does not count.
   */
  violated(error: ProtocolError): void {
    if (this.#violation !== undefined) return; // the Close frame named the first
    if (this.#by === 'peer') {
      if (this.#sent !== undefined) return; // both Closes are exchanged
      this.#by = undefined;
    }
    this.#received = undefined;
    this.began('local', 'violation', this.#sent === undefined ? 'open' : 'closeSent', error);
    this.#violation = error;
  }

  /** The transport failed; after both Close frames that is no longer of interest. */
  broke(error: Error, phase: ConnectionState): void {
    this.began('transport', 'transportError', phase, error);
  }

  /** The peer never answered our Close. */
  unanswered(): void {
    if (this.#because === 'close') this.#because = 'closeTimeout';
  }

  closed(droppedMessages: number, discardedMessages: number): Closed {
    const frame = this.#frame();
    return {
      code: frame.code,
      reason: frame.reason,
      clean: this.#sent !== undefined && this.#received !== undefined,
      by: this.#by ?? 'transport',
      because: this.#because,
      phase: this.#phase,
      sent: this.#sent,
      received: this.#received,
      rule: this.#violation?.code,
      section: this.#violation?.section,
      limit: this.#violation?.limit ?? LIMITS[this.#because],
      error: this.#error,
      droppedMessages,
      discardedMessages,
    };
  }

  #frame(): CloseFrame {
    if (this.#violation !== undefined) {
      return { code: this.#violation.closeCode, reason: this.#violation.message };
    }
    return this.#received ?? { code: CloseCode.Abnormal, reason: '' };
  }
}
