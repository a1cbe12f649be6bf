// Sec-WebSocket-Extensions (RFC 6455 §9.1):
//   extension-list = 1#( token *( ";" token [ "=" ( token / quoted-string ) ] ) )
// A quoted value, once unquoted, must be a token as well.
import { UsageError } from '../usage-error.ts';
import { isBlank, isToken, isTokenCode } from './header-fields.ts';

/** One extension with its parameters in order, repeated ones kept. A parameter without a value has `true`. */
export interface ExtensionOffer {
  readonly name: string;
  readonly parameters: readonly (readonly [name: string, value: string | true])[];
}

/**
 * Reads the field's value; undefined when it is malformed. One pass over the characters, whatever they are.
 */
export function parseExtensions(value: string): ExtensionOffer[] | undefined {
  const scanner = new Scanner(value);
  const offers: ExtensionOffer[] = [];
  do {
    const name = scanner.token();
    if (name === '') return undefined;
    const parameters: (readonly [string, string | true])[] = [];
    while (scanner.skip(';')) {
      const parameter = scanner.token();
      if (parameter === '') return undefined;
      if (!scanner.skip('=')) {
        parameters.push([parameter, true]);
        continue;
      }
      const given = scanner.tokenOrQuoted();
      if (given === undefined) return undefined;
      parameters.push([parameter, given]);
    }
    offers.push({ name, parameters });
  } while (scanner.skip(','));
  return scanner.atEnd() ? offers : undefined;
}

/**
 * Writes extensions as a field's value.
 *
 * @throws {@link UsageError} for a name or a value that is no token.
 */
export function formatExtensions(offers: readonly ExtensionOffer[]): string {
  return offers
    .map(({ name, parameters }) =>
      [
        checkToken(name),
        ...parameters.map(([key, value]) =>
          value === true ? checkToken(key) : `${checkToken(key)}=${checkToken(value)}`,
        ),
      ].join('; '),
    )
    .join(', ');
}

/**
 * The name of the first of `agreed` that was not offered, or that is there a second time: of several offers of one
 * extension a server takes one (RFC 7692 §5). Undefined when all is well.
 */
export function unofferedExtension(
  agreed: readonly ExtensionOffer[],
  offered: readonly ExtensionOffer[],
): string | undefined {
  const left = new Set(offered.map(({ name }) => name));
  return agreed.find(({ name }) => !left.delete(name))?.name;
}

function checkToken(value: string): string {
  if (isToken(value)) return value;
  throw new UsageError('MEERKAT_HANDSHAKE_VALUE', `${JSON.stringify(value)} in an extension`);
}

class Scanner {
  readonly #value: string;
  #at = 0;

  constructor(value: string) {
    this.#value = value;
    this.#blanks();
  }

  atEnd(): boolean {
    return this.#at === this.#value.length;
  }

  /** Steps over `mark` and the blanks around it, if it is next. */
  skip(mark: string): boolean {
    if (this.#value[this.#at] !== mark) return false;
    this.#at += 1;
    this.#blanks();
    return true;
  }

  /** The next token, with the blanks behind it stepped over; empty if there is none. */
  token(): string {
    const start = this.#at;
    while (this.#at < this.#value.length && isTokenCode(this.#value.charCodeAt(this.#at))) {
      this.#at += 1;
    }
    const token = this.#value.slice(start, this.#at);
    this.#blanks();
    return token;
  }

  tokenOrQuoted(): string | undefined {
    if (this.#value[this.#at] !== '"') return this.token() || undefined;
    this.#at += 1;
    let unquoted = '';
    while (this.#at < this.#value.length) {
      let character = this.#value.charAt(this.#at++);
      if (character === '"') {
        this.#blanks();
        return isToken(unquoted) ? unquoted : undefined;
      }
      if (character === '\\') character = this.#value.charAt(this.#at++);
      unquoted += character;
    }
    return undefined;
  }

  #blanks(): void {
    while (isBlank(this.#value.charCodeAt(this.#at))) this.#at += 1;
  }
}
