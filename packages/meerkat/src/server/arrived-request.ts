import type { IncomingMessage } from 'node:http';
import type { ExtensionOffer } from '../protocol/handshake/extension-header.ts';
import type { UpgradeRequest } from '../protocol/handshake/upgrade-request.ts';
import type { Arrival } from './arrival.ts';
import type { ServerUpgradeRequest } from './server-options.ts';

/** What the hooks are given. `incoming` is made when somebody asks for it: on the own listener there is none before. */
export class ArrivedRequest implements ServerUpgradeRequest {
  readonly key: string;
  readonly host: string;
  readonly path: string;
  readonly url: string;
  readonly subprotocols: readonly string[];
  readonly extensions: readonly ExtensionOffer[];
  readonly origins: readonly string[];
  readonly remoteAddress: string | undefined;
  readonly signal: AbortSignal;
  readonly #arrival: Arrival;

  constructor(
    request: UpgradeRequest,
    arrival: Arrival,
    remoteAddress: string | undefined,
    signal: AbortSignal,
  ) {
    this.key = request.key;
    this.host = request.host;
    this.path = request.path;
    this.url = request.url;
    this.subprotocols = request.subprotocols;
    this.extensions = request.extensions;
    this.origins = request.origins;
    this.remoteAddress = remoteAddress;
    this.signal = signal;
    this.#arrival = arrival;
  }

  get incoming(): IncomingMessage {
    return this.#arrival.incoming;
  }
}
