import { oneLine } from '../terminal/escape-controls.ts';
import type { Endpoint } from './listener.ts';
import { type Serving, WEBSOCKET_PATH } from './serve.ts';
import type { TlsIdentity } from './tls-identity.ts';

/** Columns of what stands before a URL. */
const LABEL = 21;

/** Who answers WebSocket messages, and how. */
export interface BannerFlags {
  readonly console?: true;
  readonly echo?: true;
  readonly compression?: true;
}

/** What a server says when it has started: everything that it answers on, ready to be copied. */
export function banner(
  { directory, endpoints, testPagePath }: Pick<Serving, 'directory' | 'endpoints' | 'testPagePath'>,
  tls: TlsIdentity | undefined,
  flags: BannerFlags,
): string {
  const webSocket = flags.console === true && flags.echo !== true ? 'WebSocket' : 'WebSocket echo';
  const lines = [
    `meerkat serves ${oneLine(directory)}`,
    ...endpoints.flatMap((endpoint) =>
      endpointLines(endpoint, webSocket.padEnd(LABEL), testPagePath),
    ),
  ];
  if (flags.compression === true) {
    lines.push(`  ${'compression'.padEnd(LABEL)}for clients that offer permessage-deflate`);
  }
  if (tls !== undefined) {
    const made = tls.selfSigned ? ', made for this run: browsers and clients do not trust it' : '';
    lines.push(`  certificate          SHA-256 ${tls.fingerprint}${made}`);
    if (tls.selfSigned) lines.push('  from this machine    meerkat connect URL --insecure');
  }
  const how =
    flags.console === true
      ? '/help says what to type, Ctrl-C or /quit ends it.'
      : 'Ctrl-C ends it.';
  return `${lines.join('\n')}\n${how}\n`;
}

function endpointLines(
  endpoint: Endpoint,
  webSocket: string,
  testPagePath: Serving['testPagePath'],
): string[] {
  const s = endpoint.secure ? 's' : '';
  if ('path' in endpoint) {
    const path = oneLine(endpoint.path);
    return [
      `  unix socket          ${path}${endpoint.secure ? ' (TLS)' : ''}`,
      `  ${webSocket}ws${s}://localhost${WEBSOCKET_PATH}, with meerkat connect --unix ${path}`,
    ];
  }
  const { authority } = endpoint;
  return [
    ...(testPagePath === '/'
      ? [`  test page and files  http${s}://${authority}/`]
      : [
          `  files                http${s}://${authority}/`,
          `  test page            http${s}://${authority}${testPagePath}`,
        ]),
    `  ${webSocket}ws${s}://${authority}${WEBSOCKET_PATH}`,
    `  REST                 http${s}://${authority}/rest`,
  ];
}
