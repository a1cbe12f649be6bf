import { isSecretParameter, rangesInTarget, type TextRange } from './target-secrets.ts';

/** Fields that are secret as a whole, but for the name of an authentication scheme that everybody knows. */
const SECRET_FIELD =
  /^(?:authentication-info|cookie2?|set-cookie2?|.*(?:auth|authorization|credentials?|jwt|jwt-assertion|passw(?:or)?d|secret|session(?:-?id)?|token|(?:access|api|auth|functions|subscription)-?key))$/;
/** Fields that hold a target or a URL. */
const URL_FIELD =
  /^(?:content-location|destination|link|location|referer|refresh|(?:.*-)?(?:origin|ur[il]))$/;
/** Fields that hold a host and a port. */
const HOST_FIELD = /^(?::authority|(?:.*-)?host)$/;
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
    if (URL_FIELD.test(known)) return rangesInTarget(value, open);
    if (HOST_FIELD.test(known)) return rangesInTarget(value, open, true);
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
  return /(?:api[-_.]?key|auth|authorization|basic|bearer|jwt|password|secret|token)$/i.test(
    withoutMarks(item),
  );
}

/** Without what is no letter at both ends, such as quotes. */
function withoutMarks(item: string): string {
  let start = 0;
  let end = item.length;
  while (start < end && !isLetter(item[start])) start += 1;
  while (end > start && !isLetter(item[end - 1])) end -= 1;
  return item.slice(start, end);
}

function isLetter(character: string | undefined): boolean {
  return /^[a-z]$/i.test(character ?? '');
}

/** What announces a secret in the rest of the same subprotocol: whatever is no letter ends it. */
const MARKER =
  /(?:bearer\.authorization\.k8s\.io|api[-_.]?key|authorization|bearer|jwt|password|secret|token|(?<![a-z])(?:auth|basic))(?![a-z])/i;
/** What stands between it and the secret. */
const GAP = /(?:%(?:25)*[0-7][0-9a-f]|[^a-z0-9%])*/iy;

/** Where in a subprotocol a secret begins; its length when there is none. */
function secretInSubprotocol(item: string): number {
  const marked = MARKER.exec(item);
  const jwt = item.indexOf('eyJ');
  const named = /^[^.=:]*(?=[.=:])/.exec(item)?.[0] ?? '';
  return Math.min(
    marked === null ? item.length : gapEnd(item, marked.index + marked[0].length),
    jwt < 0 ? item.length : jwt,
    named !== '' && isSecretParameter(named) ? named.length + 1 : item.length,
  );
}

function gapEnd(item: string, from: number): number {
  const gap = new RegExp(GAP);
  gap.lastIndex = from;
  return from + (gap.exec(item)?.[0].length ?? 0);
}

/** Whether a field of this name is looked at at all. */
export function mayHoldSecrets(name: string): boolean {
  const known = name.trim().toLowerCase();
  return (
    [URL_FIELD, HOST_FIELD, SECRET_FIELD].some((field) => field.test(known)) ||
    known === PROTOCOL_FIELD
  );
}

function rest(value: string, start: number): TextRange[] {
  const end = value.trimEnd().length;
  return start < end ? [[start, end]] : [];
}
