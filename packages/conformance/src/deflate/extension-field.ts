// The Sec-WebSocket-Extensions field (RFC 6455 §9.1), read strictly.

/** A parameter; `true` where it has no value. A quoted value is given without its quotes. */
type ExtensionParameter = readonly [name: string, value: string | true];

/** An element of the field. */
export interface Extension {
  readonly name: string;
  readonly parameters: readonly ExtensionParameter[];
}

/** A field that breaks a rule; the message says how, as a sentence without subject: "repeats server_max_window_bits". */
export class ExtensionFieldError extends Error {
  override readonly name = 'ExtensionFieldError';
}

const BLANKS = /[ \t]*/y;
const TOKEN = /[!#$%&'*+\-.^_`|~\dA-Za-z]+/y;
const QUOTED = /"((?:[^"\\]|\\.)*)"/y;

/**
 * The extensions of a field, in their order. Several lines of it are joined with commas before.
 *
 * @throws {@link ExtensionFieldError} for what is not a list of extensions.
 */
export function readExtensions(field: string): Extension[] {
  const reader = new FieldReader(field);
  const extensions: Extension[] = [];
  do {
    // Empty elements of a list are nothing (RFC 9110 §5.6.1.2).
    if (reader.isElementEnd) continue;
    const name = reader.token('an extension');
    const parameters: ExtensionParameter[] = [];
    while (reader.takes(';')) {
      const parameter = reader.token('a parameter');
      parameters.push([parameter, reader.takes('=') ? reader.value() : true]);
    }
    extensions.push({ name, parameters });
  } while (reader.takes(','));
  reader.end();
  return extensions;
}

class FieldReader {
  readonly #field: string;
  #at = 0;

  constructor(field: string) {
    this.#field = field;
    this.#match(BLANKS);
  }

  get isElementEnd(): boolean {
    return this.#at === this.#field.length || this.#field[this.#at] === ',';
  }

  takes(character: string): boolean {
    if (this.#field[this.#at] !== character) return false;
    this.#at += 1;
    this.#match(BLANKS);
    return true;
  }

  token(name: string): string {
    const [token] = this.#match(TOKEN) ?? this.#fail(`has no name of ${name} where one must be`);
    this.#match(BLANKS);
    return token;
  }

  /** "When using the quoted-string syntax variant, the value after unescaping MUST conform to the token ABNF." (§9.1) */
  value(): string {
    const quoted = this.#match(QUOTED);
    if (quoted === undefined) return this.token('a value');
    const value = (quoted[1] ?? '').replace(/\\(.)/g, '$1');
    TOKEN.lastIndex = 0;
    if (TOKEN.exec(value)?.[0] !== value) this.#fail(`has the quoted value ${quoted[0]}`);
    this.#match(BLANKS);
    return value;
  }

  end(): void {
    if (this.#at < this.#field.length) this.#fail(`has ${JSON.stringify(this.#field[this.#at])}`);
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#field) ?? undefined;
    if (match !== undefined) this.#at += match[0].length;
    return match;
  }

  #fail(words: string): never {
    throw new ExtensionFieldError(`${words} at character ${this.#at} of Sec-WebSocket-Extensions`);
  }
}
