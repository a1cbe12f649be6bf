const WORDS = ['{"id":', '"user":"', 'alpha', '","px":', '1.2345', ',"ts":', '1700000', 'bravo'];
const SEQUENCE_DIGITS = 8;

/** The messages of one run: of one length, each with its number, like JSON and compressible as that. */
export class Messages {
  #rest = '';
  /** The same octets for every message but the number at their beginning: rewritten for each use. */
  #octets;
  #text;

  constructor({ size, text }) {
    if (size < SEQUENCE_DIGITS) throw new Error(`a message has at least ${SEQUENCE_DIGITS} octets`);
    for (let seed = 12_345; this.#rest.length < size; ) {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
      this.#rest += WORDS[(seed >>> 16) % WORDS.length] + ((seed >>> 24) % 10);
    }
    this.#rest = this.#rest.slice(0, size - SEQUENCE_DIGITS);
    this.#octets = Buffer.from(this.textAt(0));
    this.#text = text;
  }

  /** Whether the messages are strings. */
  get text() {
    return this.#text;
  }

  /** Message `sequence`: a string, or octets that hold until the next call. */
  at(sequence) {
    return this.#text ? this.textAt(sequence) : this.octetsAt(sequence);
  }

  octetsAt(sequence) {
    this.#octets.latin1Write(digits(sequence), 0);
    return this.#octets;
  }

  textAt(sequence) {
    return digits(sequence) + this.#rest;
  }

  /** @throws when `received` is anything but message `sequence`, to the octet. */
  check(sequence, received) {
    const right = this.#text
      ? received === this.textAt(sequence)
      : typeof received !== 'string' && this.octetsAt(sequence).equals(received);
    if (!right) throw new Error(`message ${sequence} came back as ${shown(received)}`);
  }
}

function digits(sequence) {
  return sequence.toString(16).padStart(SEQUENCE_DIGITS, '0').slice(-SEQUENCE_DIGITS);
}

function shown(received) {
  const kind = typeof received === 'string' ? 'text' : 'binary';
  const beginning = Buffer.from(received).subarray(0, 40).toString('latin1');
  return `${kind} of ${received.length}: ${JSON.stringify(beginning)}`;
}
