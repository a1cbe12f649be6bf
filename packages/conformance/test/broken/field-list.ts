// Sec-WebSocket-Extensions and Sec-WebSocket-Protocol (RFC 6455 §4.3, §9.1), and permessage-deflate in them (RFC 7692 §7.1).
import type { Agreement } from './permessage-deflate.ts';

export interface Extension {
  readonly name: string;
  readonly params: readonly (readonly [name: string, value: string | undefined])[];
}

const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+";
const PARAM = new RegExp(`^(${TOKEN})(?:[ \\t]*=[ \\t]*(?:(${TOKEN})|"((?:${TOKEN})?)"))?$`);

/** Undefined: the field is malformed. */
export function parseExtensions(field: string): readonly Extension[] | undefined {
  const extensions: Extension[] = [];
  for (const element of field.split(',')) {
    const [name = '', ...rest] = element.split(';').map((part) => part.trim());
    if (!isToken(name)) return undefined;
    const params: [string, string | undefined][] = [];
    for (const part of rest) {
      const found = PARAM.exec(part);
      if (found === null) return undefined;
      params.push([(found[1] as string).toLowerCase(), found[2] ?? found[3]]);
    }
    extensions.push({ name: name.toLowerCase(), params });
  }
  return extensions;
}

export function isToken(text: string): boolean {
  return new RegExp(`^${TOKEN}$`).test(text);
}

/** The parameters of permessage-deflate; of a window without a value the value is `true`. */
export interface DeflateParams {
  readonly serverNoContextTakeover: boolean;
  readonly clientNoContextTakeover: boolean;
  readonly serverMaxWindowBits: number | undefined;
  readonly clientMaxWindowBits: number | true | undefined;
}

/** Undefined: it breaks RFC 7692 §7.1. */
export function deflateParams({ params }: Extension): DeflateParams | undefined {
  const seen = new Map<string, string | undefined>();
  for (const [name, value] of params) {
    if (seen.has(name) || !isValid(name, value)) return undefined;
    seen.set(name, value);
  }
  const bits = (name: string) => (seen.has(name) ? Number(seen.get(name)) : undefined);
  const client = 'client_max_window_bits';
  return {
    serverNoContextTakeover: seen.has('server_no_context_takeover'),
    clientNoContextTakeover: seen.has('client_no_context_takeover'),
    serverMaxWindowBits: bits('server_max_window_bits'),
    clientMaxWindowBits: seen.has(client) && seen.get(client) === undefined ? true : bits(client),
  };
}

function isValid(name: string, value: string | undefined): boolean {
  switch (name) {
    case 'server_no_context_takeover':
    case 'client_no_context_takeover':
      return value === undefined;
    case 'server_max_window_bits':
      return value !== undefined && isWindow(value);
    case 'client_max_window_bits':
      return value === undefined || isWindow(value);
    default:
      return false;
  }
}

function isWindow(value: string): boolean {
  return /^(?:[89]|1[0-5])$/.test(value);
}

/** What a server's answer comes to. */
export function agreementOf(answer: DeflateParams): Agreement {
  const { clientMaxWindowBits } = answer;
  return {
    server: {
      noContextTakeover: answer.serverNoContextTakeover,
      windowBits: answer.serverMaxWindowBits ?? 15,
    },
    client: {
      noContextTakeover: answer.clientNoContextTakeover,
      windowBits: typeof clientMaxWindowBits === 'number' ? clientMaxWindowBits : 15,
    },
  };
}

/** The first offer that can be taken, as it is answered. */
export function acceptDeflate(
  offers: readonly Extension[],
): { field: string; agreement: Agreement } | undefined {
  for (const offer of offers) {
    const params = offer.name === 'permessage-deflate' ? deflateParams(offer) : undefined;
    if (params === undefined) continue;
    const parts = ['permessage-deflate'];
    if (params.serverNoContextTakeover) parts.push('server_no_context_takeover');
    if (params.clientNoContextTakeover) parts.push('client_no_context_takeover');
    if (params.serverMaxWindowBits !== undefined) {
      parts.push(`server_max_window_bits=${params.serverMaxWindowBits}`);
    }
    // A client that sets its own window is held to it; `true` only says that it could be.
    const client = params.clientMaxWindowBits;
    if (typeof client === 'number') parts.push(`client_max_window_bits=${client}`);
    return { field: parts.join('; '), agreement: agreementOf(params) };
  }
  return undefined;
}
