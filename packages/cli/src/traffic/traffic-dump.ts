import { ConnectionDump, type DumpedConnection, type DumpSettings } from './connection-dump.ts';
import type { TrafficListener } from './traffic-listener.ts';

/**
 * Writes every octet of connections in and out, with time, addresses, offsets, hex and ASCII, and what the octets mean:
 * HTTP heads field by field, frames unmasked, what is wrong marked.
 *
 * Nothing that a peer sends reaches the output raw, and secrets of HTTP heads are starred.
 */
export class TrafficDump {
  readonly #settings: DumpSettings;

  constructor(settings: DumpSettings) {
    this.#settings = settings;
  }

  /** Begins the dump of a connection. */
  connection(connection: DumpedConnection): TrafficListener {
    return new ConnectionDump(connection, this.#settings);
  }
}
