import { BlockList, isIP, isIPv6, SocketAddress } from 'node:net';
import { HandshakeError } from '../protocol/handshake/handshake-error.ts';
import { HeaderFields, splitList } from '../protocol/handshake/header-fields.ts';
import { UsageError } from '../protocol/usage-error.ts';
import { networkAddress, plainAddress } from './ip-address.ts';

/** Which proxies are trusted: a list of addresses, networks and words, or a function that decides. */
type TrustProxy = readonly string[] | ((address: string | undefined) => boolean);

/** What is known of a request's sender, and what it says itself. */
interface Sender {
  readonly remoteAddress?: string | undefined;
  readonly localAddress?: string | undefined;
  readonly rawHeaders: readonly string[];
}

/** Longer than any address with brackets and port. */
const MAX_ENTRY = 64;

/** Says whose requests these are: the peer's, or, where that is a trusted proxy, whoever it names in X-Forwarded-For. */
export class TrustedProxies {
  /** Undefined when nobody is trusted. */
  readonly #trusts: ((address: string | undefined) => boolean) | undefined;

  /** @throws {@link UsageError} for an entry that is no address, network or word. */
  constructor(trustProxy: TrustProxy | undefined) {
    if (trustProxy === undefined) return;
    if (typeof trustProxy === 'function') this.#trusts = trustProxy;
    else if (Array.isArray(trustProxy)) this.#trusts = listed(trustProxy);
    else
      throw new UsageError('MEERKAT_OPTION_RANGE', 'trustProxy is neither a list nor a function');
  }

  /**
   * The address of the client. Each proxy adds whom it heard from at the end: from there back, it is the first address
   * that is no trusted proxy's. What is left of an entry that is no address was written by nobody knows whom, and does
   * not count.
   *
   * @throws {@link HandshakeError} 500 when the function that decides fails.
   */
  clientAddress(sender: Sender): string | undefined {
    const { remoteAddress } = sender;
    // A unix socket has neither. A TCP socket that was reset has lost the peer's, and must not pass for one. Asked last: a
    // socket makes objects of its addresses, and keeps them.
    if (remoteAddress === undefined && sender.localAddress !== undefined) return undefined;
    if (!this.#isTrusted(remoteAddress)) return remoteAddress;
    const entries = splitList(
      new HeaderFields(sender.rawHeaders).combined('x-forwarded-for') ?? '',
    );
    let address = remoteAddress;
    for (let at = entries.length - 1; at >= 0; at -= 1) {
      const before = readEntry(entries[at] as string);
      if (before === undefined) break;
      address = before;
      if (!this.#isTrusted(address)) break;
    }
    return address;
  }

  #isTrusted(address: string | undefined): boolean {
    if (this.#trusts === undefined) return false;
    try {
      return this.#trusts(address === undefined ? undefined : plainAddress(address)) === true;
    } catch (cause) {
      throw new HandshakeError('MEERKAT_HOOK_FAILED', { cause });
    }
  }
}

/** Reads `192.0.2.1`, `192.0.2.1:5678`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:80`; undefined for anything else. */
function readEntry(entry: string): string | undefined {
  if (entry.length > MAX_ENTRY) return undefined;
  const [, bracketed, dotted] =
    /^(?:\[(.*)\]|(\d+\.\d+\.\d+\.\d+))(?::\d{1,5})?$/.exec(entry) ?? [];
  const bare = bracketed ?? dotted ?? entry;
  const version = isIP(bare);
  // A zone is a name on another machine, and may be any text.
  if (version === 0 || bare.includes('%')) return undefined;
  if (bracketed !== undefined && version !== 6) return undefined;
  // One spelling per address, in a string of its own: a part of the field's value would keep all of it alive.
  const family = version === 6 ? 'ipv6' : 'ipv4';
  return plainAddress(new SocketAddress({ address: bare, family }).address);
}

function listed(entries: readonly string[]): (address: string | undefined) => boolean {
  const networks = new BlockList();
  let unix = false;
  for (const entry of entries) {
    if (entry === 'unix') unix = true;
    else if (entry === 'loopback') {
      networks.addSubnet('127.0.0.0', 8, 'ipv4');
      networks.addAddress('::1', 'ipv6');
    } else addNetwork(networks, entry);
  }
  return (address) => {
    if (address === undefined) return unix;
    const version = isIP(address);
    return version !== 0 && networks.check(address, version === 6 ? 'ipv6' : 'ipv4');
  };
}

/** Adds an address, or a network as `192.0.2.0/24`. */
function addNetwork(networks: BlockList, entry: unknown): void {
  const wrong = wrongEntry(
    entry,
    'no address, no network such as 10.0.0.0/8, neither unix nor loopback',
  );
  if (typeof entry !== 'string') throw wrong;
  const slash = entry.indexOf('/');
  const given = slash === -1 ? entry : entry.slice(0, slash);
  const address = slash === -1 ? plainAddress(given) : given;
  const version = isIP(address);
  if (version === 0 || given.includes('%')) throw wrong;
  const family = version === 6 ? 'ipv6' : 'ipv4';
  if (slash === -1) {
    networks.addAddress(address, family);
    return;
  }
  const bits = entry.slice(slash + 1);
  const most = version === 6 ? 128 : 32;
  // IPv4 peers are compared as such: a network of them in IPv6's clothes would never match.
  const mapped =
    isIPv6(address) && /^::ffff:/i.test(new SocketAddress({ address, family }).address);
  if (mapped || !/^\d{1,3}$/.test(bits) || Number(bits) > most) throw wrong;
  const network = networkAddress(address, Number(bits));
  if (network !== new SocketAddress({ address, family }).address) {
    throw wrongEntry(
      entry,
      `no network of ${Number(bits)} bits: ${network}/${Number(bits)} may be meant, or ${address}`,
    );
  }
  networks.addSubnet(address, Number(bits), family);
}

function wrongEntry(entry: unknown, what: string): UsageError {
  return new UsageError('MEERKAT_OPTION_RANGE', `trustProxy: ${JSON.stringify(entry)} is ${what}`);
}
