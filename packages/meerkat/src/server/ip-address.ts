import { isIPv4, SocketAddress } from 'node:net';

/** An IP address without its zone; an IPv4 address that came as `::ffff:192.0.2.1` as such. */
export function plainAddress(address: string): string {
  const [bare = ''] = address.split('%', 1);
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare)?.[1] ?? bare;
}

/** The address with every bit after the first `bits` cleared: `10.0.0.0` for `10.0.0.1` and 8. An IPv6 one in one spelling. */
export function networkAddress(address: string, bits: number): string {
  const dotted = isIPv4(address);
  const width = dotted ? 8 : 16;
  const groups = dotted ? address.split('.').map(Number) : ipv6Groups(address);
  const cleared = groups.map((group, at) => {
    const kept = Math.min(width, Math.max(0, bits - at * width));
    return group & (0xffff << (width - kept));
  });
  if (dotted) return cleared.join('.');
  const hex = cleared.map((group) => group.toString(16)).join(':');
  return new SocketAddress({ address: hex, family: 'ipv6' }).address;
}

function ipv6Groups(address: string): number[] {
  // A URL writes the last 32 bits in hexadecimal too, and the longest run of zeros as two colons.
  const [front = '', back = ''] = new URL(`ws://[${address}]`).hostname.slice(1, -1).split('::');
  const [before = [], after = []] = [front, back].map((part) =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16)),
  );
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => 0);
  return [...before, ...zeros, ...after];
}
