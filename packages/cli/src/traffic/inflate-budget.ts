/** What a turn of the event loop has: two of the largest messages, so that one is shown when it comes and when it is echoed. */
const TURN = 2_621_440;
/** Of a call of zlib, however little it inflates: 20 to 40 µs, where an octet inflated takes one or two ns. */
const CALL = 8_192;
/** Of an octet that is shown: text or rows made of it take 20 to 130 ns. */
const SHOWN = 16;

/**
 * What may be inflated for show in one turn of the event loop, counted in octets: those that zlib gives, and as many as
 * take as long for its calls and for what is shown. A chunk of 64 KiB may hold thousands of messages, each of which
 * inflates a thousandfold. It counts and measures no time, so that a slow machine shows what a fast one does.
 */
export class InflateBudget {
  readonly #turn: number;
  readonly #nextTurn: (renew: () => void) => void;
  #spent = 0;

  /** @param nextTurn - Calls what it is given in the next turn. @default `setImmediate` */
  constructor(
    turn: number = TURN,
    nextTurn: (renew: () => void) => void = (renew) => void setImmediate(renew),
  ) {
    this.#turn = turn;
    this.#nextTurn = nextTurn;
  }

  /** Whether nothing is left of this turn's. A message that was begun is inflated to its end. */
  get exhausted(): boolean {
    return this.#spent >= this.#turn;
  }

  /** Counts a call of zlib, and the octets that it gave or, where it was stopped, may have given. */
  called(octets: number): void {
    this.#spend(CALL + octets);
  }

  /** Counts octets that are shown. */
  showing(octets: number): void {
    this.#spend(SHOWN * octets);
  }

  #spend(cost: number): void {
    if (this.#spent === 0 && cost > 0) {
      this.#nextTurn(() => {
        this.#spent = 0;
      });
    }
    this.#spent += cost;
  }
}

/** What all connections of this process have together. */
export const inflateBudget: InflateBudget = new InflateBudget();
