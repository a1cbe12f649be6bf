/** What a client is called everywhere in the console: `#1 127.0.0.1:59668`, `#2 [::1]:59670`; `#3` on a unix socket. */
export function peerLabel(
  id: number,
  address: string | undefined,
  port: number | undefined,
): string {
  if (address === undefined || address === '') return `#${id}`;
  const host = address.includes(':') ? `[${address}]` : address;
  return port === undefined ? `#${id} ${host}` : `#${id} ${host}:${port}`;
}

/** Clients by their numbers, the first few of them: `#1, #2 and 7 more`. */
export function listIds(ids: readonly number[], most = 10): string {
  const named = ids.slice(0, most).map((id) => `#${id}`);
  const rest = ids.length - named.length;
  return rest === 0 ? named.join(', ') : `${named.join(', ')} and ${rest} more`;
}
