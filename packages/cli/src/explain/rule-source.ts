/** Where a rule stands, from its section: one that names no RFC is of RFC 6455. */
export function ruleSource(section = ''): string {
  return section.startsWith('RFC ') ? section : `RFC 6455 ${section}`;
}
