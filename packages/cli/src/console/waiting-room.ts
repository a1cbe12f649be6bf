import type { UpgradeDecision } from 'meerkat';
import type { RequestHead } from 'meerkat/protocol';

/** Requests that wait at a time; more are refused with 503. */
const MAX_WAITING = 1_000;

/** A request that waits for the operator. */
export interface WaitingRequest {
  readonly id: number;
  /** `#1 127.0.0.1:59668` */
  readonly label: string;
  readonly head: RequestHead;
  /** When the server refuses it, in milliseconds of `performance.now()`. */
  readonly deadline: number;
}

interface Entry extends WaitingRequest {
  readonly decide: (decision: UpgradeDecision<unknown>) => void;
}

/** What a {@link WaitingRoom} tells of. */
export interface WaitingRoomEvents {
  /** The request was given up: the client left, the time was up, or the server ends. */
  onGone(waiting: WaitingRequest, reason: unknown): void;
}

/** Requests to connect that the operator decides on, the one that waits longest first. */
export class WaitingRoom {
  readonly #events: WaitingRoomEvents;
  readonly #capacity: number;
  readonly #entries = new Map<number, Entry>();

  constructor(events: WaitingRoomEvents, capacity: number = MAX_WAITING) {
    this.#events = events;
    this.#capacity = capacity;
  }

  get all(): WaitingRequest[] {
    return [...this.#entries.values()];
  }

  get full(): boolean {
    return this.#entries.size >= this.#capacity;
  }

  get(id: number): WaitingRequest | undefined {
    return this.#entries.get(id);
  }

  /**
   * Resolves with what the operator decides.
   *
   * @param signal - Fires when nobody waits for that any more.
   */
  decisionOn(waiting: WaitingRequest, signal: AbortSignal): Promise<UpgradeDecision<unknown>> {
    const { id } = waiting;
    return new Promise((resolve) => {
      const decide = (decision: UpgradeDecision<unknown>): void => {
        signal.removeEventListener('abort', onAbort);
        this.#entries.delete(id);
        resolve(decision);
      };
      const onAbort = (): void => {
        decide({ refuse: 503 });
        this.#events.onGone(waiting, signal.reason);
      };
      signal.addEventListener('abort', onAbort);
      this.#entries.set(id, { ...waiting, decide });
    });
  }

  /** Lets the client in. */
  accept({ id }: WaitingRequest): void {
    this.#entries.get(id)?.decide({});
  }

  /** Answers with a status, and a text where there is one. */
  refuse({ id }: WaitingRequest, status: number, text: string | undefined): void {
    this.#entries.get(id)?.decide({ refuse: status, body: text });
  }
}
