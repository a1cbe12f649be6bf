// A second reading of the header fields of a handshake, by regular expressions over whole values.
import type { ExtensionOffer } from 'meerkat/protocol';

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const QUOTED = '"(?:[^"\\\\]|\\\\[^])*"';
const BLANKS = '[ \\t]*';
const PARAMETER = `;${BLANKS}(${TOKEN})${BLANKS}(?:=${BLANKS}(${TOKEN}|${QUOTED})${BLANKS})?`;
const EXTENSION = new RegExp(`${BLANKS}(${TOKEN})${BLANKS}((?:${PARAMETER})*)(,|$)`, 'y');
const WHOLE_TOKEN = new RegExp(`^${TOKEN}$`);

function isToken(value: string): boolean {
  return WHOLE_TOKEN.test(value);
}

/** Reads Sec-WebSocket-Extensions (RFC 6455 §9.1); undefined when it is malformed. */
export function readExtensions(value: string): ExtensionOffer[] | undefined {
  const offers: ExtensionOffer[] = [];
  EXTENSION.lastIndex = 0;
  for (;;) {
    const [, name = '', rest = '', , , mark] = EXTENSION.exec(value) ?? [];
    if (name === '') return undefined;
    const parameters: [string, string | true][] = [];
    for (const [, key = '', given] of rest.matchAll(new RegExp(PARAMETER, 'g'))) {
      const unquoted = given?.startsWith('"') ? given.slice(1, -1).replace(/\\(.)/gs, '$1') : given;
      if (unquoted !== undefined && !isToken(unquoted)) return undefined;
      parameters.push([key, unquoted ?? true]);
    }
    offers.push({ name, parameters });
    if (mark !== ',') return offers;
  }
}

/** Reads Sec-WebSocket-Protocol (RFC 6455 §4.1); undefined when it is malformed or names one twice. */
export function readSubprotocols(value: string): string[] | undefined {
  const LIST = new RegExp(`^${BLANKS}${TOKEN}${BLANKS}(?:,${BLANKS}${TOKEN}${BLANKS})*$`);
  if (!LIST.test(value)) return undefined;
  const names = value.match(new RegExp(TOKEN, 'g')) ?? [];
  return new Set(names).size === names.length ? names : undefined;
}

/** Whether the elements of a list hold `token`, in any case. */
export function listHas(values: readonly string[], token: string): boolean {
  const element = new RegExp(`(?:^|,)${BLANKS}${token}${BLANKS}(?:,|$)`, 'i');
  return values.some((value) => element.test(value));
}

/** Whether `agreed` is within `offered`: each was offered, none is there twice. */
export function isWithin(
  agreed: readonly ExtensionOffer[],
  offered: readonly ExtensionOffer[],
): boolean {
  const names = agreed.map(({ name }) => name);
  return (
    new Set(names).size === names.length &&
    names.every((name) => offered.some((offer) => offer.name === name))
  );
}
