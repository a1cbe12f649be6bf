// The raw heads of cases are texts with names in braces: `GET {path} HTTP/1.1`.

/** Puts values in place of `{name}`; what has no value stays as it is. */
export function fillIn(template: string, values: Readonly<Record<string, string>>): string {
  return template.replace(/\{([a-z-]+)\}/g, (whole, name: string) =>
    Object.hasOwn(values, name) ? (values[name] ?? whole) : whole,
  );
}
