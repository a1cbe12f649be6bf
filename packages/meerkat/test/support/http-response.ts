import { observe } from './observed.ts';

/** One HTTP response, taken apart. */
export interface HttpResponse {
  readonly version: string;
  readonly status: number;
  /** Names in lower case; each line is one element. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
  /** The values of a field, joined; undefined when it is not there. */
  header(name: string): string | undefined;
}

/** Reads a head, and everything behind it as the body. One character is one octet. */
export function parseResponse(octets: string): HttpResponse {
  const end = octets.indexOf('\r\n\r\n');
  if (end < 0) throw new Error(`no complete response: ${JSON.stringify(octets)}`);
  const [statusLine = '', ...lines] = octets.slice(0, end).split('\r\n');
  const [, version, status] = /^HTTP\/(\d\.\d) (\d{3}) /.exec(statusLine) ?? [];
  if (version === undefined) throw new Error(`no status line: ${JSON.stringify(statusLine)}`);
  observe(status ?? '');
  const headers = lines.map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
  });
  return {
    version,
    status: Number(status),
    headers,
    body: octets.slice(end + 4),
    header(name) {
      const values = headers
        .filter(([one]) => one === name.toLowerCase())
        .map(([, value]) => value);
      return values.length === 0 ? undefined : values.join(', ');
    },
  };
}
