import { ConnectionDump, type DumpedConnection, type DumpSettings } from './connection-dump.ts';
import type { TrafficListener } from './traffic-listener.ts';

/** Lets everything pass. */
const UNSEEN: TrafficListener = {
  received: () => undefined,
  sent: () => undefined,
  ended: () => undefined,
  closed: () => undefined,
};

/**
 * Writes every octet of connections in and out, with time, addresses, offsets, hex and ASCII, and what the octets mean:
 * HTTP heads field by field, frames unmasked, what is wrong marked.
 *
 * Nothing that a peer sends reaches the output raw, and secrets of HTTP heads are starred. While the output is behind,
 * connections of the dump wait; those of clients that come then pass without a dump. One line tells of that later.
 */
export class TrafficDump {
  readonly #settings: DumpSettings;
  #undumped = 0;
  #incomplete = 0;

  constructor(settings: DumpSettings) {
    this.#settings = settings;
  }

  /** Begins the dump of a connection. */
  connection(connection: DumpedConnection): TrafficListener {
    if (connection.role === 'server' && this.#settings.ready?.() !== undefined) {
      this.#missed({ undumped: 1 });
      return UNSEEN;
    }
    return new ConnectionDump(connection, this.#settings, () => this.#missed({ incomplete: 1 }));
  }

  #missed({ undumped = 0, incomplete = 0 }): void {
    const first = this.#undumped + this.#incomplete === 0;
    this.#undumped += undumped;
    this.#incomplete += incomplete;
    if (first) void this.#tellLater(); // never rejects
  }

  async #tellLater(): Promise<void> {
    const { ready, write, now = () => new Date() } = this.#settings;
    for (let wait = ready?.(); wait !== undefined; wait = ready?.()) await wait;
    const what = [
      ...(this.#undumped > 0 ? [`${connections(this.#undumped)} not dumped`] : []),
      ...(this.#incomplete > 0 ? [`${connections(this.#incomplete)} not dumped to the end`] : []),
    ].join(', ');
    this.#undumped = 0;
    this.#incomplete = 0;
    void write(`${now().toISOString()} -- while the output was behind: ${what}\n`);
  }
}

function connections(count: number): string {
  return count === 1 ? '1 connection was' : `${count} connections were`;
}
