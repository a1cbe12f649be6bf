import { isIP } from 'node:net';
import type { Step } from './diagnosis.ts';

/** Where to connect. */
export interface Target {
  readonly secure: boolean;
  /** A name, or an address without brackets. */
  readonly host: string;
  readonly port: number;
  /** Path and query. */
  readonly path: string;
  /** The value of Host (§4.1: without a port that is the scheme's own). */
  readonly hostField: string;
  /** The origin of a page on the same host. */
  readonly origin: string;
  /** The value of Authorization, where the URL has a user name. */
  readonly authorization: string | undefined;
  /** To be shown: without user name, password and query. */
  readonly shown: string;
}

const RULE = 'RFC 6455 §3';
const ADVICE = 'Write it as ws://example.com:8000/path, or wss:// where the server speaks TLS.';

/** Reads a URL. Without a target there is nothing to connect to. */
export function readTarget(given: string | URL): { readonly target?: Target; readonly step: Step } {
  const text = String(given);
  if (/[\s\p{Cc}]/u.test(text)) return invalid('The URL contains a blank or a control character.');
  const hasScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(text);
  const url = URL.canParse(hasScheme ? text : `ws://${text}`)
    ? new URL(hasScheme ? text : `ws://${text}`)
    : undefined;
  if (url === undefined) return invalid('The URL cannot be read.');
  const http = url.protocol === 'http:' || url.protocol === 'https:';
  if (!http && url.protocol !== 'ws:' && url.protocol !== 'wss:') {
    return invalid(`The scheme is ${url.protocol}//, where a WebSocket has ws:// or wss://.`);
  }
  const target = targetOf(url);
  return { target, step: stepOf(url, target, { http, hasScheme, fragment: text.includes('#') }) };
}

function targetOf(url: URL): Target {
  const secure = url.protocol === 'wss:' || url.protocol === 'https:';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const own = secure ? 443 : 80;
  const port = url.port === '' ? own : Number(url.port);
  const hostField = port === own ? url.hostname : `${url.hostname}:${port}`;
  const user = `${decoded(url.username)}:${decoded(url.password)}`;
  return {
    secure,
    host,
    port,
    path: `${url.pathname}${url.search}`,
    hostField,
    origin: `${secure ? 'https' : 'http'}://${hostField}`,
    authorization: user === ':' ? undefined : `Basic ${Buffer.from(user).toString('base64')}`,
    shown: `${secure ? 'wss' : 'ws'}://${hostField}${url.pathname}`,
  };
}

/** What is no percent-encoding stays as it is. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function stepOf(
  url: URL,
  { shown, secure, port, host }: Target,
  { http, hasScheme, fragment }: { http: boolean; hasScheme: boolean; fragment: boolean },
): Step {
  const head = { name: 'URL', rule: RULE } as const;
  if (fragment) {
    return {
      ...head,
      outcome: 'wrong',
      blocks: true,
      fault: 'url-fragment',
      seen: `The URL has a fragment, ${url.hash === '' ? '#' : 'what begins with #'}.`,
      means: 'The URL of a WebSocket has none: browsers throw a SyntaxError before they connect.',
      advice: 'Leave out everything from the # on; write %23 for a # that belongs to the path.',
    };
  }
  if (http || !hasScheme) {
    return {
      ...head,
      outcome: 'warning',
      fault: 'url-scheme',
      seen: http
        ? `The scheme is ${url.protocol}//, which is taken for ${secure ? 'wss' : 'ws'}://.`
        : 'The URL has no scheme, and is taken for ws://.',
      means: 'Many clients take ws:// and wss:// only.',
      advice: `Write ${shown}`,
    };
  }
  const local = isIP(host) !== 0 || host === 'localhost' || !host.includes('.');
  if (url.port === '' && local && !/:(?:80|443)$/.test(shown)) {
    return {
      ...head,
      outcome: 'warning',
      fault: 'url-no-port',
      seen: `The URL has no port, so it is ${port}.`,
      means: 'A server of your own usually listens on another one.',
      advice: `If it does, write the port behind the host: ${secure ? 'wss' : 'ws'}://${url.hostname}:8000/.`,
    };
  }
  return {
    ...head,
    outcome: 'ok',
    seen: `${shown} is ${secure ? 'a WebSocket over TLS' : 'a WebSocket without encryption'}, on port ${port}.`,
  };
}

function invalid(seen: string): { step: Step } {
  return {
    step: {
      name: 'URL',
      outcome: 'wrong',
      blocks: true,
      fault: 'url-invalid',
      rule: RULE,
      seen,
      advice: ADVICE,
    },
  };
}
