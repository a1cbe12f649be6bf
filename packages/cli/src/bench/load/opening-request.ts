import { randomFillSync } from 'node:crypto';
import {
  buildUpgradeRequest,
  createKey,
  type DeflateTerms,
  HandshakeError,
  type Primitives,
  plainPrimitives,
  readUpgradeResponse,
  type UpgradeAgreement,
  type UpgradeOffer,
} from 'meerkat/protocol';
import type { BenchPlan } from '../bench-plan.ts';
import type { DialTarget } from './dial-target.ts';

/** Different keys that are used in turn: to make one for each connection takes as long as a tenth of a handshake. */
const KEYS = 64;
/** RFC 7692 §7.1.1: each message can be inflated, and compared, on its own. */
const TERMS: DeflateTerms = {
  windowBits: 15,
  serverNoContextTakeover: true,
  clientNoContextTakeover: true,
};
const EMPTY_LINE = Buffer.from('\r\n\r\n');

export const primitives: Primitives = plainPrimitives((octets) => void randomFillSync(octets));

/** A request that is ready to be written, and what the answer to it has to be. */
export class OpeningRequest {
  readonly octets: Buffer;
  readonly #offer: UpgradeOffer;
  /** The head of an answer that was found right: the same octets are right again. */
  #right: Buffer | undefined;
  #agreement: UpgradeAgreement | undefined;

  constructor(octets: Buffer, offer: UpgradeOffer) {
    this.octets = octets;
    this.#offer = offer;
  }

  /**
   * @param head - Of the answer, its empty line included.
   * @throws {@link HandshakeError} that says what is wrong with it.
   */
  judge(head: Buffer): UpgradeAgreement {
    if (this.#agreement !== undefined && this.#right?.equals(head) === true) return this.#agreement;
    const lines = head.toString('latin1').split('\r\n');
    const [, version, status, reason] =
      /^HTTP\/(\d\.\d) (\d{3})(?: (.*))?$/.exec(lines[0] ?? '') ?? [];
    if (version === undefined) {
      throw new HandshakeError('WS_RESPONSE_HEADERS', { detail: 'the answer is not HTTP' });
    }
    if (status !== '101') {
      throw new HandshakeError('WS_RESPONSE_STATUS', {
        detail: `${status} ${reason ?? ''}`.trim(),
      });
    }
    const rawHeaders = lines.slice(1, -2).flatMap((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, Math.max(0, colon)), line.slice(colon + 1).trim()];
    });
    const answer = { status: 101, httpVersion: version, rawHeaders };
    const agreement = readUpgradeResponse(answer, this.#offer, primitives);
    if (agreement.deflate?.server.contextTakeover === true) {
      const detail = 'it keeps its compression context, which was not to be';
      throw new HandshakeError('WS_RESPONSE_EXTENSION', { detail });
    }
    this.#right = Buffer.from(head);
    this.#agreement = agreement;
    return agreement;
  }
}

/** Where a head ends, behind its empty line; -1 where that is not here yet. */
export function endOfHead(octets: Buffer): number {
  const at = octets.indexOf(EMPTY_LINE);
  return at < 0 ? -1 : at + EMPTY_LINE.length;
}

/** The requests of a load, in turn. */
export class OpeningRequests {
  readonly #requests: readonly OpeningRequest[];
  #next = 0;

  constructor(plan: BenchPlan, target: DialTarget) {
    this.#requests = Array.from({ length: KEYS }, () => prepare(plan, target));
  }

  next(): OpeningRequest {
    const request = this.#requests[this.#next] as OpeningRequest;
    this.#next = (this.#next + 1) % KEYS;
    return request;
  }
}

function prepare(plan: BenchPlan, target: DialTarget): OpeningRequest {
  // One offer only: `ws` answers 400 to parameters it cannot meet, and that is said.
  const parameters = [
    ['server_no_context_takeover', true],
    ['client_no_context_takeover', true],
  ] as const;
  const offer: UpgradeOffer = {
    key: createKey(primitives),
    subprotocols: plan.subprotocols,
    extensions: plan.compression ? [{ name: 'permessage-deflate', parameters }] : [],
    deflate: plan.compression ? TERMS : undefined,
  };
  const fields: [string, string][] = [['Host', target.authority]];
  for (const [name, value] of [...buildUpgradeRequest(offer), ...plan.headers]) {
    if (name.toLowerCase() === 'host') fields[0] = ['Host', value];
    else fields.push([name, value]);
  }
  const authorized = fields.some(([name]) => name.toLowerCase() === 'authorization');
  if (target.credentials !== undefined && !authorized) {
    fields.push(['Authorization', `Basic ${Buffer.from(target.credentials).toString('base64')}`]);
  }
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  const head = `GET ${target.pathAndQuery} HTTP/1.1\r\n${lines}\r\n`;
  return new OpeningRequest(Buffer.from(head, 'latin1'), offer);
}
