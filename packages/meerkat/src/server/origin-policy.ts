import {
  type Origin,
  parseAuthority,
  parseOrigin,
  sameAuthority,
} from '../protocol/handshake/authority.ts';
import { HandshakeError } from '../protocol/handshake/handshake-error.ts';
import { UsageError } from '../protocol/usage-error.ts';
import type { ServerUpgradeRequest } from './server-options.ts';

/** Who may connect from a browser. A page of any site can dial any server, and its user's cookies go with it. */
export interface OriginOptions {
  /**
   * The origins that may connect, as `https://example.com`, or a function that decides. In place of the default: the
   * same host and port as the request's Host.
   */
  origins?:
    | readonly string[]
    | ((origin: string, request: ServerUpgradeRequest) => boolean | Promise<boolean>)
    | undefined;
  /** Refuses requests without Origin, which is every client but browsers. @default false */
  requireOrigin?: boolean | undefined;
  /** Lets every web page connect with its visitor's cookies: cross-site WebSocket hijacking. @default false */
  dangerouslyAcceptAnyOrigin?: boolean | undefined;
}

/** A page of any other scheme is not on the same host, whatever its origin looks like. */
const WEB_SCHEMES: ReadonlySet<string> = new Set(['http', 'https']);

type Decide = Exclude<OriginOptions['origins'], readonly string[] | undefined>;

/** Decides whether the Origin of a request may connect (RFC 6455 §10.2). */
export class OriginPolicy {
  readonly #allowed: ReadonlySet<string> | undefined;
  readonly #decide: Decide | undefined;
  readonly #required: boolean;
  readonly #anyone: boolean;

  /** @throws {@link UsageError} for an origin in the list that is none. */
  constructor(options: OriginOptions) {
    const { origins, requireOrigin = false, dangerouslyAcceptAnyOrigin = false } = options;
    for (const [name, value] of Object.entries({ requireOrigin, dangerouslyAcceptAnyOrigin })) {
      if (typeof value !== 'boolean') {
        throw new UsageError('MEERKAT_OPTION_RANGE', `${name} is not a boolean`);
      }
    }
    if (typeof origins === 'function') this.#decide = origins;
    else if (Array.isArray(origins)) this.#allowed = new Set(origins.map(listed));
    else if (origins !== undefined) {
      throw new UsageError('MEERKAT_OPTION_RANGE', 'origins is neither a list nor a function');
    }
    this.#required = requireOrigin;
    this.#anyone = dangerouslyAcceptAnyOrigin;
  }

  /**
   * Resolves, or returns nothing, when it may.
   *
   * @throws {@link HandshakeError} 403 with a body that names Origin, Host and the option; 500 when the function fails.
   */
  check(request: ServerUpgradeRequest): Promise<void> | undefined {
    const { origins } = request;
    const [given] = origins;
    if (given === undefined) {
      if (this.#required) {
        throw new HandshakeError('WS_REQUEST_ORIGIN', { detail: 'it is missing' });
      }
      return undefined;
    }
    if (this.#anyone) return undefined;
    if (origins.length === 1) {
      if (this.#decide !== undefined) return this.#ask(this.#decide, given, request);
      if (this.#allows(given, request)) return undefined;
    }
    throw refusal(request);
  }

  /** Whether it may have to wait for the application's answer. */
  get asks(): boolean {
    return this.#decide !== undefined;
  }

  async #ask(decide: Decide, given: string, request: ServerUpgradeRequest): Promise<void> {
    let allowed: unknown;
    try {
      allowed = await decide(given, request);
    } catch (cause) {
      throw new HandshakeError('MEERKAT_HOOK_FAILED', { cause });
    }
    if (allowed !== true) throw refusal(request);
  }

  #allows(given: string, request: ServerUpgradeRequest): boolean {
    const origin = parseOrigin(given);
    if (origin === undefined) return false;
    if (this.#allowed !== undefined) return this.#allowed.has(serialize(origin));
    if (!WEB_SCHEMES.has(origin.scheme)) return false;
    const host = parseAuthority(request.host);
    return host !== undefined && sameAuthority(origin.scheme, origin.authority, host);
  }
}

function refusal({ origins, host }: ServerUpgradeRequest): HandshakeError {
  const given = origins.map((origin) => JSON.stringify(origin)).join(' and ');
  return new HandshakeError('WS_REQUEST_ORIGIN', {
    detail: `Origin ${given}, Host ${JSON.stringify(host)}; see the option "origins"`,
  });
}

function listed(value: string): string {
  const origin = typeof value === 'string' ? parseOrigin(value) : undefined;
  // A star would stand for itself, and so for nobody: whoever writes one means something else.
  if (origin === undefined || origin.authority.host.includes('*')) {
    throw new UsageError('MEERKAT_OPTION_RANGE', `origins: ${JSON.stringify(value)} is no origin`);
  }
  return serialize(origin);
}

/** One spelling per origin: lower case, without the scheme's own port. */
function serialize({ scheme, authority }: Origin): string {
  const standard = sameAuthority(scheme, authority, { host: authority.host, port: undefined });
  const port = standard || authority.port === undefined ? '' : `:${authority.port}`;
  return `${scheme}://${authority.host}${port}`;
}
