// Heads of HTTP messages as octets (RFC 9112): taken as they come, bounded, and kept with all that is odd about them. Each
// character of a text here is one octet.

/** No head of a handshake is longer; reports keep 16 KiB of it. */
const MAX_HEAD_BYTES = 65_536;

/** Name, as it was written, and value without the blanks around it. */
type HeadField = readonly [name: string, value: string];

/** A head, taken apart. Nothing of it is checked. */
export interface HttpHead {
  /** Without its line end. */
  readonly startLine: string;
  /** In the order they came. */
  readonly lines: readonly HeadField[];
  /** The values by name in lower case, one for each line. */
  readonly fields: ReadonlyMap<string, readonly string[]>;
  /** Whether a line ends with LF alone. */
  readonly bareLf: boolean;
  /** What RFC 9112 §5 does not allow and many take nevertheless, as sentence parts whose subject is the peer. */
  readonly oddities: readonly string[];
}

/** A head that has come in whole. */
export interface WholeHead {
  readonly head: HttpHead;
  /** As it was on the wire, its empty line included. */
  readonly text: string;
  /** What came behind it. */
  readonly rest: Buffer;
}

/** `more`: the head is not over. `too long`, `not HTTP`: it never will be. */
export type HeadProgress = WholeHead | 'more' | 'too long' | 'not HTTP';

const CR = 0x0d;
const LF = 0x0a;
const RESPONSE_BEGINS = 'HTTP/';

/** Reads one head. The work is linear in its length, however it is cut. */
export class HeadReader {
  readonly #kind: 'request' | 'response';
  readonly #maxBytes: number;
  #octets = Buffer.alloc(1024);
  #length = 0;
  /** Where the line begins that is being read. */
  #lineStart = 0;
  /** Where the head begins: behind empty lines, which a server passes over (RFC 9112 §2.2). */
  #start = 0;

  constructor(kind: 'request' | 'response', maxBytes: number = MAX_HEAD_BYTES) {
    this.#kind = kind;
    this.#maxBytes = maxBytes;
  }

  /** What has come so far, not more than the bound. */
  get text(): string {
    return this.#octets.toString('latin1', 0, Math.min(this.#length, this.#maxBytes));
  }

  push(chunk: Uint8Array): HeadProgress {
    const searched = this.#length;
    this.#keep(chunk.subarray(0, Math.max(0, this.#maxBytes - this.#length)));
    if (this.#kind === 'response' && !this.#mayBeResponse()) return 'not HTTP';
    for (let at = searched; at < this.#length; at += 1) {
      if (this.#octets[at] !== LF) continue;
      const empty = at - this.#lineStart - (this.#octets[at - 1] === CR ? 1 : 0) <= 0;
      const first = this.#lineStart === this.#start;
      this.#lineStart = at + 1;
      if (!empty) continue;
      if (!first) return this.#finish(at + 1, chunk.subarray(at + 1 - searched));
      this.#start = at + 1;
    }
    return this.#length >= this.#maxBytes ? 'too long' : 'more';
  }

  #finish(end: number, rest: Uint8Array): WholeHead {
    const text = this.#octets.toString('latin1', 0, end);
    return { head: parseHead(text.slice(this.#start)), text, rest: Buffer.from(rest) };
  }

  #keep(octets: Uint8Array): void {
    if (this.#length + octets.length > this.#octets.length) {
      const grown = Buffer.alloc(Math.max(this.#octets.length * 2, this.#length + octets.length));
      this.#octets.copy(grown, 0, 0, this.#length);
      this.#octets = grown;
    }
    this.#octets.set(octets, this.#length);
    this.#length += octets.length;
  }

  #mayBeResponse(): boolean {
    const begin = this.#octets.toString(
      'latin1',
      0,
      Math.min(this.#length, RESPONSE_BEGINS.length),
    );
    return RESPONSE_BEGINS.startsWith(begin);
  }
}

/** Takes a whole head apart, with or without its empty line. */
export function parseHead(text: string): HttpHead {
  const texts = text.split('\n');
  if (texts.at(-1) === '') texts.pop();
  const bareLf = texts.some((line) => !line.endsWith('\r'));
  const [startLine = '', ...rest] = texts.map((line) => line.replace(/\r$/, ''));
  const lines: HeadField[] = [];
  const oddities = new Set<string>();
  for (const line of rest) {
    if (line === '') break;
    if (isBlank(line[0])) {
      oddities.add('folds a header field over two lines');
      const [name, value] = lines.pop() ?? ['', ''];
      if (name !== '') lines.push([name, `${value} ${trim(line)}`]);
      continue;
    }
    const colon = line.indexOf(':');
    if (colon < 0) {
      oddities.add('sends a header line without a colon');
      continue;
    }
    const name = line.slice(0, colon);
    const value = trim(line.slice(colon + 1));
    if (!TOKEN.test(name)) oddities.add('sends a field whose name is no token');
    if (/[\0\r]/.test(value)) oddities.add('sends NUL or CR in a field');
    lines.push([name, value]);
  }
  const fields = new Map<string, string[]>();
  for (const [name, value] of lines) {
    const values = fields.get(name.toLowerCase());
    if (values === undefined) fields.set(name.toLowerCase(), [value]);
    else values.push(value);
  }
  return { startLine, lines, fields, bareLf, oddities: [...oddities] };
}

/** A token of RFC 9110 §5.6.2. */
const TOKEN: RegExp = /^[!#$%&'*+\-.^_`|~\dA-Za-z]+$/;

export interface StatusLine {
  /** `HTTP/1.1` */
  readonly version: string;
  readonly status: number;
  readonly reason: string;
}

/** Undefined for what is no status line. */
export function statusLineOf(head: HttpHead): StatusLine | undefined {
  const [whole, version, status, reason = ''] =
    /^(HTTP\/\d(?:\.\d)?) (\d{3})(?: (.*))?$/s.exec(head.startLine) ?? [];
  if (whole === undefined || version === undefined) return undefined;
  return { version, status: Number(status), reason };
}

/** The values of a field in any case, one for each line. */
export function valuesOf(head: HttpHead, name: string): readonly string[] {
  return head.fields.get(name.toLowerCase()) ?? [];
}

/** The elements of a field that is a list of tokens, from all of its lines; empty ones are left out (RFC 9110 §5.6.1). */
export function listOf(head: HttpHead, name: string): readonly string[] {
  return valuesOf(head, name)
    .flatMap((value) => value.split(','))
    .map(trim)
    .filter((element) => element !== '');
}

/** The elements of lists of extensions (RFC 6455 §9.1), each as it was written: `foo; bar="a, b"`. */
export function splitExtensions(values: readonly string[]): readonly string[] {
  return values
    .flatMap(splitOutsideQuotes)
    .map(trim)
    .filter((element) => element !== '');
}

/** At commas; a quoted string that does not end goes on to the end. */
function splitOutsideQuotes(value: string): readonly string[] {
  const elements: string[] = [];
  let start = 0;
  let quoted = false;
  for (let at = 0; at < value.length; at += 1) {
    const character = value[at];
    if (character === '"') quoted = !quoted;
    else if (character === '\\' && quoted) at += 1;
    else if (character === ',' && !quoted) {
      elements.push(value.slice(start, at));
      start = at + 1;
    }
  }
  return [...elements, value.slice(start)];
}

/** The name of one of {@link splitExtensions}. */
export function extensionName(extension: string): string {
  const [name = ''] = extension.split(';', 1);
  return trim(name);
}

/** Octets of a peer for a sentence: quoted, cut, and everything that is not printable ASCII as `\x1b`. */
export function shown(octets: string, max = 80): string {
  const cut = octets.length > max ? `${octets.slice(0, max)}…` : octets;
  const visible = cut.replace(
    /[^\x20-\x7e…]/g,
    (octet) => `\\x${octet.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
  return `"${visible}"`;
}

/** Without the blanks that RFC 9110 §5.6.3 calls OWS; others stay. A regular expression would take quadratic time. */
function trim(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text[start])) start += 1;
  while (end > start && isBlank(text[end - 1])) end -= 1;
  return text.slice(start, end);
}

function isBlank(character: string | undefined): boolean {
  return character === ' ' || character === '\t';
}
