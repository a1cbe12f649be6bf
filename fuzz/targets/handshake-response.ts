// Any head is accepted exactly when a second grammar finds no fault in it, else refused for one it found; what is agreed was offered.
import {
  HandshakeError,
  type ResponseHead,
  readUpgradeResponse,
  type UpgradeAgreement,
  type UpgradeOffer,
} from 'meerkat/protocol';
import { HEAD_WORDS, responseText, withLongField } from '../generate/http-text.ts';
import { hold, same } from '../invariant.ts';
import { primitives } from '../recorded-endpoint.ts';
import { readExtensions, readSubprotocols } from '../reference/header-grammar.ts';
import { readHead, valuesOf } from '../reference/http-head.ts';
import { responseFaults } from '../reference/upgrade-response.ts';
import type { FuzzTarget } from '../target.ts';

/** The first line is what the client offered: `subprotocols|extensions`. The key is the one of RFC 6455 §1.3. */
export const target: FuzzTarget = {
  name: 'handshake-response',
  form: 'text',
  dictionary: HEAD_WORDS,
  generate: (random) => Uint8Array.from(Buffer.from(responseText(random), 'latin1')),
  large: (random, length) => withLongField(random, responseText(random), length),
  run: (input) => {
    const [head, offer] = exchange(input);
    const faults = responseFaults(head, offer);
    const agreement = accepted(head, offer);
    if (agreement instanceof HandshakeError) {
      hold(faults.has(agreement.code), 'refused for a fault that is there', () => agreement.code);
      same(agreement.status, head.status, 'the error has the status');
      return;
    }
    same([...faults], [], 'accepted without a fault');
    const { rawHeaders } = head;
    const [subprotocol = ''] = valuesOf(rawHeaders, 'sec-websocket-protocol');
    const extensions = valuesOf(rawHeaders, 'sec-websocket-extensions').join(', ');
    same(agreement.subprotocol, subprotocol, 'the subprotocol of the response');
    same(agreement.extensions, readExtensions(extensions) ?? [], 'the extensions of the response');
  },
  parse: (input) => {
    accepted(...exchange(input));
  },
};

function exchange(input: Uint8Array): [ResponseHead, UpgradeOffer] {
  const text = Buffer.from(input).toString('latin1');
  const end = text.includes('\n') ? text.indexOf('\n') + 1 : text.length;
  const [subprotocols = '', extensions = ''] = text.slice(0, end).trim().split('|');
  const { line, rawHeaders } = readHead(text.slice(end));
  const [version, status] = line;
  return [
    {
      status: /^\d{3}$/.test(status) ? Number(status) : 0,
      httpVersion: version.replace(/^HTTP\//, ''),
      rawHeaders,
    },
    {
      key: 'dGhlIHNhbXBsZSBub25jZQ==',
      subprotocols: readSubprotocols(subprotocols) ?? [],
      extensions: readExtensions(extensions) ?? [],
    },
  ];
}

function accepted(head: ResponseHead, offer: UpgradeOffer): UpgradeAgreement | HandshakeError {
  try {
    return readUpgradeResponse(head, offer, primitives);
  } catch (error) {
    if (error instanceof HandshakeError) return error;
    throw error;
  }
}
