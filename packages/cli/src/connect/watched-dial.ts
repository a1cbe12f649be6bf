import { connect as connectTcp, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import type { StreamRequest } from 'meerkat';
import { TappedSocket } from '../traffic/tapped-socket.ts';
import type { Direction, TrafficListener } from '../traffic/traffic-listener.ts';
import type { HandshakeView } from './handshake-view.ts';

/** Who watches a dial. */
export interface Watchers {
  readonly view: HandshakeView | undefined;
  /** Begins the dump of a connection that is there. */
  readonly dump: ((socket: Socket) => TrafficListener) | undefined;
}

/** Dials as the library would, and lets watchers see what crosses the connection; with TLS what is inside of it. */
export function dialWatched(request: StreamRequest, watchers: Watchers): Duplex {
  const { secure, path } = request;
  const socket = secure ? connectTls(request) : connectTcp(request);
  const watch = new Watch(socket, watchers);
  const onConnected = (): void => watchers.view?.connected(socket, path);
  // 'secure' comes before the certificate is judged: one that is refused is the one that people want to see. It is
  // documented for an older class only; without it, certificates are shown once they are accepted.
  if (secure) socket.prependOnceListener('secure', onConnected);
  socket.once(secure ? 'secureConnect' : 'connect', () => {
    onConnected();
    watch.ready();
  });
  return new TappedSocket(socket, watch);
}

/** Tells the watchers in the order in which things really happen: node:http writes before the connection is there. */
class Watch implements TrafficListener {
  readonly #socket: Socket;
  readonly #watchers: Watchers;
  #ready = false;
  #dump: TrafficListener | undefined;
  /** Written and not on its way yet: the head of the request. */
  #early: Buffer[] = [];

  constructor(socket: Socket, watchers: Watchers) {
    this.#socket = socket;
    this.#watchers = watchers;
  }

  /** What was written leaves now. */
  ready(): void {
    this.#ready = true;
    this.#dump = this.#watchers.dump?.(this.#socket);
    for (const octets of this.#early) void this.sent(octets); // too short to wait for
    this.#early = [];
  }

  received(octets: Uint8Array): Promise<void> | undefined {
    this.#watchers.view?.received(octets);
    return this.#dump?.received(octets);
  }

  sent(octets: Uint8Array): Promise<void> | undefined {
    if (!this.#ready) {
      this.#early.push(Buffer.from(octets));
      return undefined;
    }
    this.#watchers.view?.sent(octets);
    return this.#dump?.sent(octets);
  }

  ended(direction: Direction): Promise<void> | undefined {
    return this.#dump?.ended(direction);
  }

  closed(error: Error | undefined): Promise<void> | undefined {
    return this.#dump?.closed(error);
  }
}
