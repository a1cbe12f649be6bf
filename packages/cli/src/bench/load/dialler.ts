import { isIP } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { bareDialsWork } from 'meerkat/transport';
import type { BenchPlan } from '../bench-plan.ts';
import { type DialTarget, localAddress } from './dial-target.ts';
import type { Dialling } from './load-connection.ts';
import type { LoadSetup } from './load-source.ts';
import { type OpeningRequest, OpeningRequests } from './opening-request.ts';
import type { PreparedMessages } from './prepared-messages.ts';
import { tlsContext } from './tls-context.ts';

const LEAST_MEMORY = 65_536;
/** More at once is not faster. */
const MOST_MEMORY = 1_048_576;

/** What connections of one process to one URL are made with. */
export interface Dialler {
  readonly dialling: Dialling;
  request(): OpeningRequest;
  /** The address to dial from, by the number of a connection in this process; undefined for any. */
  local(index: number): string | undefined;
}

/** What all connections of this process read into. */
export interface ReadMemory {
  readonly memory: Buffer;
  /** See `Dialling.bare`. */
  readonly bare: boolean;
}

/** Makes it, and finds out what the connections can do without. */
export async function readMemoryFor(
  messages: PreparedMessages,
  depth: number,
): Promise<ReadMemory> {
  const wanted = messages.largest * Math.max(1, depth);
  const memory = Buffer.allocUnsafeSlow(Math.max(LEAST_MEMORY, Math.min(MOST_MEMORY, wanted)));
  const alive = setInterval(() => {}, 1_000); // the test of the transport is nothing that a process waits for
  const bare = await bareDialsWork(memory);
  clearInterval(alive);
  return { memory, bare };
}

export function dialler(
  { plan, share, meter }: LoadSetup,
  target: DialTarget,
  messages: PreparedMessages,
  { memory, bare }: ReadMemory,
): Dialler {
  const requests = new OpeningRequests(plan, target);
  const { address, port } = target;
  const tls = target.secure ? tlsOptions(plan, target) : undefined;
  return {
    dialling: { address, port, tls, bare, memory, meter, messages },
    request: () => requests.next(),
    local: (index) => localAddress(target, share.first + index),
  };
}

function tlsOptions(plan: BenchPlan, { host }: DialTarget): ConnectionOptions {
  return {
    secureContext: tlsContext(plan),
    rejectUnauthorized: !plan.insecure,
    ALPNProtocols: ['http/1.1'],
    // A name never for an address (RFC 6066 §3); what is dialled is an address always.
    servername: isIP(host) === 0 ? host : '',
    ...(isIP(host) === 0 ? { host } : {}),
  };
}
