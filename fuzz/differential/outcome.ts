/** What a reader made of a stream, in words that fit any reader. */
export interface Outcome {
  /** `text 6869`, `binary …`, `ping …`, `pong …`: the content is hex. */
  readonly events: readonly string[];
  /** How it ended; undefined when it waits for more. */
  readonly end: OutcomeEnd | undefined;
}

/** The peer's Close, or the code with which the connection fails. `rule` is meerkat's name for what was broken. */
export type OutcomeEnd =
  | { readonly by: 'close'; readonly code: number; readonly reason: string }
  | { readonly by: 'failure'; readonly code: number; readonly rule?: string };

/** Whether two readers say the same, whatever they call it. */
export function agree(one: Outcome, other: Outcome): boolean {
  return wordsOf(one) === wordsOf(other);
}

export function wordsOf({ events, end }: Outcome): string {
  if (end === undefined) return [...events, 'waits'].join('\n');
  const reason = end.by === 'close' ? ` ${JSON.stringify(end.reason)}` : '';
  return [...events, `${end.by} ${end.code}${reason}`].join('\n');
}

/** Whether `events` begin with all of `first`. */
export function beginsWith(events: readonly string[], first: readonly string[]): boolean {
  return first.every((event, at) => events[at] === event);
}
