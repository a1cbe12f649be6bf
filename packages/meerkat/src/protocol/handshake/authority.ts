// Host and Origin, as far as a handshake compares them (RFC 9110 §7.2, RFC 6454 §7).

const DEFAULT_PORTS: Readonly<Record<string, number>> = { http: 80, https: 443, ws: 80, wss: 443 };

/** A host, in lower case, and a port; undefined where the scheme's default is meant. */
export interface Authority {
  readonly host: string;
  readonly port: number | undefined;
}

/** Reads `example.com:8000`, `127.0.0.1`, `[::1]:80`; undefined when it is none of these. Never throws. */
export function parseAuthority(value: string): Authority | undefined {
  const match = /^(\[[0-9a-f:.]{2,45}\]|[a-z0-9._~!$&'()*+,;=%-]{1,255})(?::([0-9]{0,5}))?$/i.exec(
    value,
  );
  const host = match?.[1];
  if (host === undefined) return undefined;
  const digits = match?.[2] ?? '';
  if (digits === '') return { host: host.toLowerCase(), port: undefined };
  const port = Number(digits);
  return port <= 65_535 ? { host: host.toLowerCase(), port } : undefined;
}

/** An origin: scheme, host and port. */
export interface Origin {
  readonly scheme: string;
  readonly authority: Authority;
}

/** Reads `https://example.com`; undefined for `null` and everything else that is no origin. Never throws. */
export function parseOrigin(value: string): Origin | undefined {
  const match = /^([a-z][a-z0-9+.-]{0,63}):\/\/([^/]*)$/i.exec(value);
  const [, scheme, rest] = match ?? [];
  if (scheme === undefined || rest === undefined) return undefined;
  const authority = parseAuthority(rest);
  return authority === undefined ? undefined : { scheme: scheme.toLowerCase(), authority };
}

/** Whether both name the same host and port, once a missing port is filled in by `scheme`. */
export function sameAuthority(scheme: string, one: Authority, other: Authority): boolean {
  const missing = DEFAULT_PORTS[scheme];
  return one.host === other.host && (one.port ?? missing) === (other.port ?? missing);
}
