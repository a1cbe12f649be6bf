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

/**
 * Whether two readers say the same, but for the order of control frames among messages: one that inflates a message
 * beside the loop hears meanwhile what stands behind it.
 */
export function readsLike(one: Outcome, other: Outcome): boolean {
  return wordsOf(byKind(one)) === wordsOf(byKind(other));
}

/** What was reported, messages and control frames apart. */
export function inParts({ events }: Outcome): {
  readonly messages: readonly string[];
  readonly controls: readonly string[];
} {
  const isControl = (event: string): boolean => /^p[io]ng/.test(event);
  return {
    messages: events.filter((event) => !isControl(event)),
    controls: events.filter(isControl),
  };
}

function byKind(outcome: Outcome): Outcome {
  const { messages, controls } = inParts(outcome);
  return { events: [...messages, ...controls], end: outcome.end };
}
