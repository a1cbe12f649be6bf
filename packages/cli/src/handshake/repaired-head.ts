/** A head of which only the fields matter here. */
interface Head {
  readonly rawHeaders: readonly string[];
}

/** The head with exactly one line of the field, at its end. */
export function withField<H extends Head>(head: H, name: string, value: string): H {
  const bare = without(head, [name.toLowerCase()]);
  return { ...bare, rawHeaders: [...bare.rawHeaders, name, value] };
}

/**
 * The head without some fields.
 *
 * @param names - In lower case.
 */
export function without<H extends Head>(head: H, names: readonly string[]): H {
  const { rawHeaders } = head;
  const kept = rawHeaders.filter((_text, at) => {
    const name = rawHeaders[at - (at % 2)] ?? '';
    return !names.includes(name.toLowerCase());
  });
  return { ...head, rawHeaders: kept };
}
