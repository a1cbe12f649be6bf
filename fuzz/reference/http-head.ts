// What an HTTP parser would leave of the text of a head; lenient, since any text is an input.

export interface HttpHead {
  /** The first line, in up to three parts. */
  readonly line: readonly [string, string, string];
  readonly rawHeaders: readonly string[];
}

export function readHead(text: string): HttpHead {
  const [first = '', ...lines] = text.split('\n').map((line) => line.replace(/\r$/, ''));
  const [one = '', two = '', ...rest] = first.split(' ');
  const rawHeaders = lines.flatMap((line) => {
    const colon = line.indexOf(':');
    if (colon < 0) return [];
    return [line.slice(0, colon), withoutBlanks(line.slice(colon + 1))];
  });
  return { line: [one, two, rest.join(' ')], rawHeaders };
}

/** Every value of a field, its name in any case. */
export function valuesOf(rawHeaders: readonly string[], name: string): string[] {
  return rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === name);
}

/** Without the blanks at both ends. No regular expression: those that find the end take the square of the time. */
function withoutBlanks(value: string): string {
  const octets = [...value];
  const isInner = (octet: string): boolean => octet !== ' ' && octet !== '\t';
  const start = octets.findIndex(isInner);
  return start < 0 ? '' : octets.slice(start, octets.findLastIndex(isInner) + 1).join('');
}
