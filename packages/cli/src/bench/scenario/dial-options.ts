import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { ConnectOptions } from 'meerkat';
import type { BenchPlan, ScenarioConnect } from '../bench-plan.ts';
import type { DialTarget } from '../load/dial-target.ts';
import { tlsContext } from '../load/tls-context.ts';
import { fillIn, type Variables } from './template.ts';

/** Largest message that is taken from a server. */
const MAX_MESSAGE_BYTES = 64 * 1_048_576;

/** What every dial of a plan has in common. */
export function commonOptions(
  plan: BenchPlan,
  { secure, address, port }: DialTarget,
): ConnectOptions {
  return {
    subprotocols: plan.subprotocols,
    compression: plan.compression,
    handshakeTimeout: plan.connectTimeout,
    maxMessageBytes: MAX_MESSAGE_BYTES,
    ...(secure && {
      tls: { secureContext: tlsContext(plan), rejectUnauthorized: !plan.insecure },
    }),
    // The name was looked up once: a resolver is not what is to be loaded.
    createConnection: (request) =>
      request.secure
        ? connectTls({ ...request, host: address })
        : connectTcp({ host: address, port, noDelay: true }),
  };
}

/** What the dial of one step is told. */
export function dialOf(
  plan: BenchPlan,
  { path, subprotocols, headers = {} }: ScenarioConnect,
  variables: Variables,
): { readonly url: string; readonly options: ConnectOptions } {
  const own = Object.entries(headers).map(
    ([name, value]) => [name, fillIn(value, variables)] as const,
  );
  return {
    url: path === undefined ? plan.url : withPath(plan.url, fillIn(path, variables)),
    options: {
      headers: [...plan.headers.filter(([name]) => !has(own, name)), ...own],
      ...(subprotocols && { subprotocols }),
    },
  };
}

/** The URL with another path or query: never another host, whatever a variable holds. */
function withPath(url: string, path: string): string {
  const changed = new URL(url);
  const query = path.indexOf('?');
  const name = query === -1 ? path : path.slice(0, query);
  if (name !== '') changed.pathname = name;
  changed.search = query === -1 ? '' : path.slice(query);
  return changed.href;
}

function has(fields: readonly (readonly [string, string])[], wanted: string): boolean {
  return fields.some(([name]) => name.toLowerCase() === wanted.toLowerCase());
}
