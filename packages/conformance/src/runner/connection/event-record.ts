import type { Event } from '../../cases/case.ts';
import type { Finding } from '../../report/result.ts';
import type { Defect } from '../../wire/frame-reader.ts';

/** What a peer may send beyond what a case asks for: more is a flood, and fails the connection. */
const SPARE_EVENTS = 1000;
const SPARE_BYTES = 1 << 20;

/** What comes of a peer: all but the marks of the runner's own. */
type PeerEvent = Exclude<Event, { event: 'mark' }>;

/** What is kept of a peer in one case, and how much of it at the most. */
export class EventRecord {
  readonly events: Event[] = [];
  /** One of each code. */
  readonly findings: Finding[] = [];
  #maxEvents = SPARE_EVENTS;
  #maxBytes = SPARE_BYTES;
  #bytes = 0;

  /** Octets that the peer may send: in one message, in all that are kept, and behind the end. */
  get maxBytes(): number {
    return this.#maxBytes;
  }

  /** What the case asks of the peer. A flood is not kept, beside other cases that keep theirs. */
  expectAtMost(events: number, octets: number): void {
    this.#maxEvents = events + SPARE_EVENTS;
    this.#maxBytes = octets + SPARE_BYTES;
  }

  /** Keeps an event; answers what is wrong where it is one too many. */
  add(event: PeerEvent): Defect | undefined {
    this.#bytes += event.payload.length;
    if (this.events.length < this.#maxEvents && this.#bytes <= this.#maxBytes) {
      this.events.push(event);
      return undefined;
    }
    const text = 'sends more messages or Pongs than were ever asked for';
    return { closeCode: 1002, text, rule: 'RFC 6455 §5.5' };
  }

  /** Keeps a finding, where there is none of its code. */
  addFinding(finding: Finding): void {
    const known = this.findings.some((one) => one.code === finding.code);
    if (!known) this.findings.push(finding);
  }
}
