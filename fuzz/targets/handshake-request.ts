// Any head is accepted exactly when a second grammar finds no fault in it, else refused for one it found; what is accepted can be answered and asked again.
import {
  buildUpgradeRequest,
  buildUpgradeResponse,
  HandshakeError,
  type RequestHead,
  readUpgradeRequest,
  readUpgradeResponse,
  selectSubprotocol,
  type UpgradeRequest,
} from 'meerkat/protocol';
import { HEAD_WORDS, requestText, withLongField } from '../generate/http-text.ts';
import { hold, same } from '../invariant.ts';
import { primitives } from '../recorded-endpoint.ts';
import { readExtensions, readSubprotocols } from '../reference/header-grammar.ts';
import { readHead, valuesOf } from '../reference/http-head.ts';
import { requestFaults, urlOf } from '../reference/upgrade-request.ts';
import type { FuzzTarget } from '../target.ts';

export const target: FuzzTarget = {
  name: 'handshake-request',
  form: 'text',
  dictionary: HEAD_WORDS,
  generate: (random) => Uint8Array.from(Buffer.from(requestText(random), 'latin1')),
  large: (random, length) => withLongField(random, requestText(random), length),
  run: (input) => {
    const head = requestHead(input);
    const faults = requestFaults(head);
    const request = accepted(head);
    if (request instanceof HandshakeError) {
      const status = faults.get(request.code);
      hold(status !== undefined, 'refused for a fault that is there', () => request.code);
      same(request.status, status, 'the status of the fault');
      return;
    }
    same([...faults.keys()], [], 'accepted without a fault');
    same({ ...request }, wanted(head), 'the fields of the request');
    checkAnswer(request);
  },
  parse: (input) => {
    accepted(requestHead(input));
  },
};

/** What Node's HTTP parser would leave of it. */
function requestHead(input: Uint8Array): RequestHead {
  const { line, rawHeaders } = readHead(Buffer.from(input).toString('latin1'));
  const [method, target, version] = line;
  return { method, target, httpVersion: version.replace(/^HTTP\//, ''), rawHeaders };
}

function accepted(head: RequestHead): UpgradeRequest | HandshakeError {
  try {
    return readUpgradeRequest(head);
  } catch (error) {
    if (error instanceof HandshakeError) return error;
    throw error;
  }
}

function wanted({ rawHeaders, target }: RequestHead): UpgradeRequest {
  const only = (name: string): string => valuesOf(rawHeaders, name).join('\n');
  const protocols = valuesOf(rawHeaders, 'sec-websocket-protocol');
  const extensions = valuesOf(rawHeaders, 'sec-websocket-extensions');
  const host = only('host');
  const url = urlOf(target, host) ?? '';
  return {
    key: only('sec-websocket-key'),
    host,
    url,
    path: url.replace(/\?.*$/s, ''),
    subprotocols: protocols.length === 0 ? [] : (readSubprotocols(protocols.join(', ')) ?? []),
    extensions: extensions.length === 0 ? [] : (readExtensions(extensions.join(', ')) ?? []),
    origins: valuesOf(rawHeaders, 'origin'),
  };
}

function checkAnswer(request: UpgradeRequest): void {
  const subprotocol = selectSubprotocol([...request.subprotocols].reverse(), request.subprotocols);
  const extensions = request.extensions.slice(0, 1);
  const headers = [['Set-Cookie', 'a=b']] as const;
  const text = buildUpgradeResponse(request, { subprotocol, extensions, headers }, primitives);
  hold(/^HTTP\/1\.1 101 [^\r\n]*\r\n(?:[^\r\n:]+: [^\r\n]*\r\n)+\r\n$/.test(text), 'a head');
  const answer = { status: 101, httpVersion: '1.1', rawHeaders: readHead(text).rawHeaders };
  const agreed = readUpgradeResponse(answer, request, primitives);
  same(agreed.subprotocol, subprotocol, 'both ends agree on the subprotocol');
  same(agreed.extensions, extensions, 'both ends agree on the extensions');

  const asked = buildUpgradeRequest(request);
  const rawHeaders = [['Host', request.host] as const, ...asked].flat();
  const head = { method: 'GET', target: request.url, httpVersion: '1.1', rawHeaders };
  const again = accepted(head);
  same({ ...again }, { ...request, origins: [] }, 'what is asked again is read again');
}
