import { isIPv6 } from 'node:net';
import { HandshakeError } from '../protocol/handshake/handshake-error.ts';
import { plainAddress } from './ip-address.ts';
import { NewConnectionRate } from './new-connection-rate.ts';

/** How many connections there may be, and how many new ones a second; 0 for no limit. */
export interface AdmissionLimits {
  readonly maxConnections: number;
  readonly maxConnectionsPerAddress: number;
  readonly maxNewConnectionsPerAddress: number;
}

/**
 * Counts connections, those that are still being decided on among them, in all and by address. A unix socket has no
 * address, and is counted in all only.
 */
export class Admission {
  readonly #limits: AdmissionLimits;
  readonly #byAddress = new Map<string, number>();
  readonly #rate: NewConnectionRate;
  #all = 0;

  constructor(limits: AdmissionLimits) {
    this.#limits = limits;
    this.#rate = new NewConnectionRate(limits.maxNewConnectionsPerAddress);
  }

  /**
   * @param now - Milliseconds of a monotonic clock.
   * @throws {@link HandshakeError} 503 when there are too many, 429 when there are too many from this address, or they
   * come too fast.
   */
  enter(address: string | undefined, now: number): void {
    const { maxConnections, maxConnectionsPerAddress: most } = this.#limits;
    if (maxConnections > 0 && this.#all >= maxConnections) {
      throw new HandshakeError('MEERKAT_TOO_MANY_CONNECTIONS');
    }
    if (address !== undefined) {
      const key = addressKey(address);
      const count = most === 0 ? 0 : (this.#byAddress.get(key) ?? 0);
      if (most > 0 && count >= most) throw new HandshakeError('MEERKAT_TOO_MANY_FROM_ADDRESS');
      if (!this.#rate.take(key, now)) {
        throw new HandshakeError('MEERKAT_TOO_MANY_NEW_FROM_ADDRESS');
      }
      if (most > 0) this.#byAddress.set(key, count + 1);
    }
    this.#all += 1;
  }

  /** Undoes one `enter` of the same address. */
  leave(address: string | undefined): void {
    this.#all -= 1;
    if (address === undefined || this.#limits.maxConnectionsPerAddress === 0) return;
    const key = addressKey(address);
    const count = (this.#byAddress.get(key) ?? 1) - 1;
    if (count > 0) this.#byAddress.set(key, count);
    else this.#byAddress.delete(key);
  }
}

/**
 * What counts as one address: an IPv4 address, also where it came as `::ffff:192.0.2.1`, or the first 64 bits of an
 * IPv6 address, since whoever has one has all of them (RFC 4291 §2.5.4).
 */
export function addressKey(address: string): string {
  if (!address.includes(':')) return address; // IPv4, as most are: nothing to look at
  const bare = plainAddress(address);
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
