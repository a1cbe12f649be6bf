import type { ConnectionSetup } from '../connection/connection-core.ts';
import { nodePrimitives } from '../connection/node-primitives.ts';
import { formatExtensions } from '../protocol/handshake/extension-header.ts';
import { toHeaderList } from '../protocol/handshake/header-list.ts';
import { acceptDeflate } from '../protocol/handshake/permessage-deflate.ts';
import { selectSubprotocol } from '../protocol/handshake/subprotocol.ts';
import {
  buildUpgradeResponse,
  plainUpgradeResponse,
} from '../protocol/handshake/upgrade-response.ts';
import type { ResolvedServerOptions, ServerUpgradeRequest } from './server-options.ts';
import type { Acceptance } from './upgrade-decision.ts';

/** What an upgrade is accepted with. */
export interface UpgradeAnswer<Data> {
  /** The head of the response; undefined where it says nothing of its own. */
  readonly response: string | undefined;
  readonly data: Data;
  readonly agreed: Pick<ConnectionSetup<Data>, 'protocol' | 'deflate' | 'extensions'>;
}

const NOTHING: UpgradeAnswer<unknown>['agreed'] = { protocol: '', extensions: '' };

/**
 * What a decision to accept is answered with. Everything is read before anything is sent: a getter may throw.
 *
 * @throws {@link UsageError} for a subprotocol that was not offered, or a header field that may not be sent.
 */
export function answerUpgrade<Data>(
  request: ServerUpgradeRequest,
  decision: Acceptance<Data>,
  options: Pick<ResolvedServerOptions<Data>, 'subprotocols' | 'connection'>,
): UpgradeAnswer<Data> {
  const data = decision.data as Data;
  const protocol =
    decision.subprotocol ?? selectSubprotocol(options.subprotocols, request.subprotocols);
  const terms = options.connection.compression?.terms;
  const deflate = terms === undefined ? undefined : acceptDeflate(request.extensions, terms);
  const headers = toHeaderList(decision.headers);
  if (protocol === '' && deflate === undefined && headers.length === 0) {
    return { response: undefined, data, agreed: NOTHING };
  }
  const extensions = deflate === undefined ? [] : [deflate.answer];
  return {
    response: buildUpgradeResponse(
      request,
      { subprotocol: protocol, extensions, headers },
      nodePrimitives,
    ),
    data,
    agreed: {
      protocol,
      deflate: deflate?.agreement,
      extensions: formatExtensions(extensions),
    },
  };
}

/** The response as it leaves. */
export function responseOctets(
  request: ServerUpgradeRequest,
  { response }: UpgradeAnswer<unknown>,
): Buffer {
  return response === undefined
    ? Buffer.from(plainUpgradeResponse(request))
    : Buffer.from(response, 'latin1');
}
