// A second reading of what a client checks in the answer (RFC 6455 §4.1, rows K2, K4, K5, K7): every fault at once.
import { createHash } from 'node:crypto';
import type { HandshakeCode, ResponseHead, UpgradeOffer } from 'meerkat/protocol';
import { isWithin, listHas, readExtensions } from './header-grammar.ts';
import { valuesOf } from './http-head.ts';

/** Every fault of a response to `offer`. None: it is to be accepted. */
export function responseFaults(head: ResponseHead, offer: UpgradeOffer): Set<HandshakeCode> {
  const faults = new Set<HandshakeCode>();
  const fields = (name: string): string[] => valuesOf(head.rawHeaders, name);
  const refuse = (fault: boolean, code: HandshakeCode): void => {
    if (fault) faults.add(code);
  };
  refuse(head.status !== 101, 'WS_RESPONSE_STATUS');
  refuse(head.httpVersion !== '1.1', 'WS_RESPONSE_HTTP_VERSION');
  refuse(head.rawHeaders.length > 256, 'WS_RESPONSE_HEADERS');
  const body = [...fields('content-length'), ...fields('transfer-encoding')];
  refuse(body.length > 0, 'WS_RESPONSE_BODY');
  const upgrades = fields('upgrade');
  refuse(!(upgrades.length === 1 && /^websocket$/i.test(upgrades.join())), 'WS_RESPONSE_UPGRADE');
  refuse(!listHas(fields('connection'), 'upgrade'), 'WS_RESPONSE_CONNECTION');
  const accept = createHash('sha1')
    .update(`${offer.key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest('base64');
  const accepts = fields('sec-websocket-accept');
  refuse(accepts.length !== 1 || accepts[0] !== accept, 'WS_RESPONSE_ACCEPT');
  const protocols = fields('sec-websocket-protocol');
  const chosen = protocols.length === 0 || offer.subprotocols.includes(protocols.join('\n'));
  refuse(!chosen, 'WS_RESPONSE_SUBPROTOCOL');
  const extensions = fields('sec-websocket-extensions');
  const agreed = extensions.length === 0 ? [] : readExtensions(extensions.join(', '));
  const within = agreed !== undefined && isWithin(agreed, offer.extensions);
  refuse(!within, 'WS_RESPONSE_EXTENSION');
  return faults;
}
