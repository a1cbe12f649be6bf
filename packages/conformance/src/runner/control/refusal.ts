/** A request to the control protocol that makes no sense, or asks for what it may not have. */
export class Refusal extends Error {
  /** Of HTTP. */
  readonly status: number;

  constructor(status: number, words: string) {
    super(words);
    this.status = status;
  }
}
