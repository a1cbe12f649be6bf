import { inspect, isDeepStrictEqual } from 'node:util';

/** An invariant does not hold. `rule` says which, without the particulars of the input. */
export class BrokenInvariant extends Error {
  override readonly name = 'BrokenInvariant';
  readonly rule: string;

  constructor(rule: string, detail = '') {
    super(detail === '' ? rule : `${rule}\n${detail}`);
    this.rule = rule;
  }
}

/** @throws {@link BrokenInvariant} when `condition` is false. */
export function hold(
  condition: boolean,
  rule: string,
  detail: () => string = () => '',
): asserts condition {
  if (!condition) throw new BrokenInvariant(rule, detail());
}

/** @throws {@link BrokenInvariant} that shows both when they are not deeply equal. */
export function same(actual: unknown, wanted: unknown, rule: string): void {
  if (!isDeepStrictEqual(actual, wanted)) {
    throw new BrokenInvariant(rule, `got:    ${show(actual)}\nwanted: ${show(wanted)}`);
  }
}

/** What distinguishes one fault from another while an input is made smaller. */
export function faultOf(error: unknown): string {
  if (error instanceof BrokenInvariant) return error.rule;
  return error instanceof Error ? error.name : typeof error;
}

function show(value: unknown): string {
  const text = inspect(value, { depth: 8, breakLength: 120, maxStringLength: 300 });
  return text.length > 1200 ? `${text.slice(0, 1200)}… (${text.length} characters)` : text;
}
