import { HandshakeError } from '../protocol/handshake/handshake-error.ts';
import { type HeaderFieldsInit, toHeaderList } from '../protocol/handshake/header-list.ts';
import { checkHeaders } from '../protocol/handshake/upgrade-response.ts';
import { refuseUnknownOptions } from '../protocol/option-range.ts';
import { UsageError } from '../protocol/usage-error.ts';

/** What an `upgrade` hook decides: to accept, or to refuse with an HTTP answer. */
export type UpgradeDecision<Data> =
  | {
      /** What the connection keeps as `connection.data`. */
      readonly data?: Data;
      /** One of `request.subprotocols`. Default: the first of the option `subprotocols` that the client offers. */
      readonly subprotocol?: string | undefined;
      /** Further header fields of the 101 response, for example Set-Cookie. */
      readonly headers?: HeaderFieldsInit | undefined;
    }
  | {
      /** The status of the answer, 200 to 599. */
      readonly refuse: number;
      /** Header fields of the answer; Content-Length and Connection are ours. */
      readonly headers?: HeaderFieldsInit | undefined;
      /** Text of the answer. */
      readonly body?: string | undefined;
    };

/** A decision to accept. */
export type Acceptance<Data> = Exclude<UpgradeDecision<Data>, { refuse: number }>;

/**
 * Reads what a hook decided. Nothing but what is known counts: a misspelt `refuse` must not let anybody in.
 *
 * @throws {@link HandshakeError} with the answer, for a decision to refuse.
 * @throws {@link UsageError} for something that is no decision.
 */
export function acceptOrRefuse<Data>(
  decision: UpgradeDecision<Data> | undefined,
): Acceptance<Data> {
  if (decision === undefined) return {};
  const form = 'upgrade decides with { refuse, headers, body } or { data, subprotocol, headers }';
  if (typeof decision !== 'object' || decision === null) {
    throw new UsageError('MEERKAT_HANDSHAKE_VALUE', `${form}, not with ${String(decision)}`);
  }
  if (!('refuse' in decision)) {
    refuseUnknownOptions(decision, ['data', 'subprotocol', 'headers']);
    return decision;
  }
  refuseUnknownOptions(decision, ['refuse', 'headers', 'body']);
  const headers = toHeaderList(decision.headers);
  checkHeaders(headers);
  const { refuse: status, body } = decision;
  if (!Number.isInteger(status) || status < 200 || status > 599) {
    throw new UsageError('MEERKAT_HANDSHAKE_VALUE', `status ${String(status)}`);
  }
  if (body !== undefined && typeof body !== 'string') {
    throw new UsageError('MEERKAT_HANDSHAKE_VALUE', 'body is not a string');
  }
  throw new HandshakeError('MEERKAT_REFUSED', {
    status,
    headers,
    ...(body === undefined ? {} : { body }),
  });
}
