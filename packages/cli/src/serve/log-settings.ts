// Apart from the log itself: who only asks for help need not load it.
export const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug'] as const;
export const LOG_FORMATS = ['pretty', 'json'] as const;

/** How a log looks, and where it goes. */
export interface LogSettings {
  readonly level: (typeof LOG_LEVELS)[number];
  /** A line of text for people, or a line of JSON for programs. */
  readonly format: (typeof LOG_FORMATS)[number];
  readonly colours: boolean;
  /** Takes one line, its end included. */
  write(line: string): void;
}
