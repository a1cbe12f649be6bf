import type { Message } from 'meerkat';

/** The user's side of a connection: a terminal with a prompt, or pipes. */
export interface View {
  /** The lines that the user gives, as they come; asked for once. Ends with the input, or with `endInput`. */
  lines(): AsyncIterable<readonly Uint8Array[]>;
  /** Takes no more lines. */
  endInput(): void;
  /** Shows a message from the server. A promise means that the output is behind. */
  show(message: Message): Promise<void> | undefined;
  /** Tells the user something that is not a message, on stderr. One line. */
  note(text: string): void;
  /** Whether the output is behind. */
  readonly blocked: boolean;
}

/** What a view needs to know. */
export interface ViewSettings {
  /** Payloads as they come, nothing between them. */
  readonly raw: boolean;
  readonly times: boolean;
}
