import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';

/** Addresses of this machine, of private networks and of links: RFC 1918, 3927, 4193, 4291, 6598. */
const PRIVATE = new BlockList();
for (const [net, prefix] of [
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const) {
  PRIVATE.addSubnet(net, prefix, 'ipv4');
}
for (const [net, prefix] of [
  ['::1', 128],
  ['fc00::', 7],
  ['fe80::', 10],
] as const) {
  PRIVATE.addSubnet(net, prefix, 'ipv6');
}

/** Finds the addresses of a name. */
export type Resolve = (name: string) => Promise<readonly string[]>;

/**
 * Whether a host is out on the internet: any of its addresses is neither of this machine nor of a private network. A
 * name that nobody knows is not: the dial says so.
 *
 * @param host - As in a URL: an IPv6 address may be in brackets.
 */
export async function isPublicHost(
  host: string,
  resolve: Resolve = systemResolve,
): Promise<boolean> {
  const name = host.replace(/^\[|\]$/g, '');
  if (name === 'localhost' || name.endsWith('.localhost')) return false;
  const addresses = isIP(name) === 0 ? await resolve(name) : [name];
  return addresses.some((address) => !isPrivate(address));
}

function isPrivate(address: string): boolean {
  // An IPv4 address in the clothes of IPv6 is looked at as what it is, which BlockList does by itself.
  return PRIVATE.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

async function systemResolve(name: string): Promise<readonly string[]> {
  try {
    return (await lookup(name, { all: true })).map(({ address }) => address);
  } catch {
    return [];
  }
}
