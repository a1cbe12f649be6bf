import { isIPv4, isIPv6 } from 'node:net';
import { HandshakeError } from '../protocol/handshake/handshake-error.ts';

/** How many connections there may be; 0 for no limit. */
export interface AdmissionLimits {
  readonly maxConnections: number;
  readonly maxConnectionsPerAddress: number;
}

/** Counts connections, those that are still being decided on among them, in all and by address. */
export class Admission {
  readonly #limits: AdmissionLimits;
  readonly #byAddress = new Map<string, number>();
  #all = 0;

  constructor(limits: AdmissionLimits) {
    this.#limits = limits;
  }

  /** @throws {@link HandshakeError} 503 when there are too many, 429 when there are too many from this address. */
  enter(address: string | undefined): void {
    const { maxConnections, maxConnectionsPerAddress } = this.#limits;
    if (maxConnections > 0 && this.#all >= maxConnections) {
      throw new HandshakeError('MEERKAT_TOO_MANY_CONNECTIONS');
    }
    const key = this.#key(address);
    if (key !== undefined) {
      const count = this.#byAddress.get(key) ?? 0;
      if (count >= maxConnectionsPerAddress) {
        throw new HandshakeError('MEERKAT_TOO_MANY_FROM_ADDRESS');
      }
      this.#byAddress.set(key, count + 1);
    }
    this.#all += 1;
  }

  /** Undoes one `enter` of the same address. */
  leave(address: string | undefined): void {
    this.#all -= 1;
    const key = this.#key(address);
    if (key === undefined) return;
    const count = (this.#byAddress.get(key) ?? 1) - 1;
    if (count > 0) this.#byAddress.set(key, count);
    else this.#byAddress.delete(key);
  }

  /** What counts as one address; undefined for what is not counted: a unix socket has none. */
  #key(address: string | undefined): string | undefined {
    if (this.#limits.maxConnectionsPerAddress === 0 || address === undefined) return undefined;
    return addressKey(address);
  }
}

/**
 * What counts as one address: an IPv4 address, also where it came as `::ffff:192.0.2.1`, or the first 64 bits of an
 * IPv6 address, since whoever has one has all of them (RFC 4291 §2.5.4).
 */
export function addressKey(address: string): string {
  const [bare = ''] = address.split('%', 1); // without its zone
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare)?.[1];
  if (mapped !== undefined && isIPv4(mapped)) return mapped;
  if (!isIPv6(bare)) return bare;
  const [front = '', back] = bare.split('::');
  const groups = front === '' ? [] : front.split(':');
  if (back !== undefined) {
    const rest = back === '' ? 0 : back.split(':').length + (back.includes('.') ? 1 : 0);
    while (groups.length + rest < 8) groups.push('0');
    if (rest > 0) groups.push(...back.split(':'));
  }
  const network = groups.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16));
  return `${network.join(':')}::/64`;
}
