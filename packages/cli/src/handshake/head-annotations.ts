/** `fine`: keeps the rules of the opening handshake; `wrong`: breaks them; `plain`: has no part in them. */
export type Verdict = 'fine' | 'wrong' | 'plain';

/** A request line or a status line. */
interface AnnotatedLine {
  readonly text: string;
  readonly verdict: Verdict;
  /** What is wrong with it. */
  readonly note?: string;
}

/** One header field, or one that should be there and is not. */
export interface AnnotatedField {
  readonly name: string;
  /** Undefined for one that is missing. */
  readonly value: string | undefined;
  readonly verdict: Verdict;
  /** What is wrong with it. */
  readonly note?: string;
  /** What it says, in words, a line each. */
  readonly meaning?: readonly string[];
}

/** What our engine says of a head as a whole. */
export type HandshakeVerdict =
  | { readonly fine: true }
  | {
      readonly fine: false;
      /** Of the `HandshakeError`. */
      readonly code: string;
      readonly message: string;
      /** The HTTP status that answers it; 0 on the client's side. */
      readonly status: number;
    };

/** The head of an HTTP message, field by field. */
export interface AnnotatedHead {
  readonly firstLine: AnnotatedLine;
  readonly fields: readonly AnnotatedField[];
  /** What is not there, and worth knowing. */
  readonly remarks?: readonly string[];
  /** Undefined for ordinary HTTP. */
  readonly handshake: HandshakeVerdict | undefined;
}

/** How much a head may show. */
export interface AnnotationOptions {
  /** Shows what is redacted otherwise. @default false */
  readonly showSecrets?: boolean | undefined;
}
