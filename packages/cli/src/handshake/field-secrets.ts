import { isSecretParameter, rangesInTarget, type TextRange } from './target-secrets.ts';

/** Fields that are secret as a whole, but for the name of an authentication scheme that everybody knows. */
const SECRET_FIELD =
  /^(?:authentication-info|cookie2?|set-cookie2?|.*(?:authorization|password|secret|token|api-?key))$/;
/** Fields that hold a target or a URL. */
const URL_FIELDS: ReadonlySet<string> = new Set([
  'content-location',
  'destination',
  'location',
  'referer',
  'refresh',
]);
const PROTOCOL_FIELD = 'sec-websocket-protocol';

const SCHEME =
  /^\s*(?:basic|bearer|digest|dpop|hoba|hawk|mutual|negotiate|ntlm|scram-sha-(?:1|256)|token|vapid|apikey|aws4-hmac-sha256)\s+/i;

/** Finds secrets in the fields of one head, in their order: one line may say what the next one holds. */
export class FieldSecrets {
  /** The last subprotocol was one like `bearer`, which a token follows. */
  #tokenFollows = false;

  /** Goes on from here without a trace in this one. */
  copy(): FieldSecrets {
    const copy = new FieldSecrets();
    copy.#tokenFollows = this.#tokenFollows;
    return copy;
  }

  rangesIn(name: string, value: string, open = false): TextRange[] {
    const known = name.trim().toLowerCase();
    if (known === PROTOCOL_FIELD) return this.#inSubprotocols(value);
    if (URL_FIELDS.has(known)) return rangesInTarget(value, open);
    if (!SECRET_FIELD.test(known)) return [];
    const scheme = known.endsWith('authorization') ? SCHEME.exec(value) : null;
    return rest(value, scheme?.[0].length ?? value.length - value.trimStart().length);
  }

  #inSubprotocols(value: string): TextRange[] {
    const found: TextRange[] = [];
    let at = 0;
    for (const element of value.split(',')) {
      const item = element.trim();
      const start = at + element.indexOf(item);
      at += element.length + 1;
      if (item === '') continue;
      const secret = this.#tokenFollows ? 0 : secretInSubprotocol(item);
      this.#tokenFollows = isTokenMarker(item);
      if (secret < item.length) found.push([start + secret, start + item.length]);
    }
    return found;
  }
}

/** Whether the subprotocol announces that the next one is a token. */
function isTokenMarker(item: string): boolean {
  return /^(?:.*(?:api[-_.]?key|auth|authorization|basic|bearer|jwt|password|secret|token))$/i.test(
    item,
  );
}

/** Where in a subprotocol a secret begins; its length when there is none. */
function secretInSubprotocol(item: string): number {
  const marked = /(?:^|[.\-_])(?:bearer\.authorization\.k8s\.io\.|(?:bearer|basic)[.\-_=:])/i.exec(
    item,
  );
  const jwt = item.indexOf('eyJ');
  const named = /^[^.=:]*(?=[.=:])/.exec(item)?.[0] ?? '';
  return Math.min(
    marked === null ? item.length : marked.index + marked[0].length,
    jwt < 0 ? item.length : jwt,
    named !== '' && isSecretParameter(named) ? named.length + 1 : item.length,
  );
}

/** Whether a field of this name is looked at at all. */
export function mayHoldSecrets(name: string): boolean {
  const known = name.trim().toLowerCase();
  return known === PROTOCOL_FIELD || URL_FIELDS.has(known) || SECRET_FIELD.test(known);
}

function rest(value: string, start: number): TextRange[] {
  const end = value.trimEnd().length;
  return start < end ? [[start, end]] : [];
}
