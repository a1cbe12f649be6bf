// S20: what captured traffic must not give away. Everything here is linear in its input, and never throws.
import { FieldSecrets } from './field-secrets.ts';
import { HeadSecrets } from './head-secrets.ts';
import { rangesInTarget, type TextRange } from './target-secrets.ts';
import { rangesInText } from './text-secrets.ts';

/** What stands in place of a secret. */
const REDACTED = '(redacted)';

/**
 * Names and values of header fields with every secret in them replaced.
 *
 * @param raw - Name, value, name, value, …, as `rawHeaders` has them.
 */
export function redactFields(raw: readonly string[]): string[] {
  const finder = new FieldSecrets();
  return raw.map((text, at) =>
    at % 2 === 0 ? text : replaceRanges(text, finder.rangesIn(raw[at - 1] ?? '', text)),
  );
}

/** A request target or URL with the secrets in its parameters and before its `@` replaced. */
export function redactTarget(target: string): string {
  return replaceRanges(target, rangesInTarget(target, false));
}

/** A sentence that quotes a target, a host or an Origin, with what stands before an `@` and secret parameters replaced. */
export function redactText(text: string): string {
  return replaceRanges(text, rangesInText(text));
}

/**
 * Where the secrets are in the head of an HTTP message, which may not be complete yet: see {@link HeadSecrets}.
 *
 * @param head - From the first octet of the head on, each octet one character.
 * @returns In order; none overlaps another.
 */
export function secretRanges(head: string): readonly TextRange[] {
  return new HeadSecrets().add(head);
}

function replaceRanges(text: string, ranges: readonly TextRange[]): string {
  let shown = '';
  let at = 0;
  for (const [start, end] of ranges) {
    shown += text.slice(at, start) + REDACTED;
    at = end;
  }
  return shown + text.slice(at);
}
