import type { Connection } from 'meerkat';

/** Sends Pings, and tells how long each Pong took. */
export class RoundTrips {
  readonly #connection: Connection;
  readonly #note: (text: string) => void;
  readonly #pending = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | undefined;
  #sent = 0;
  readonly #answered = new Statistics();

  /** @param note - Tells the user one line. */
  constructor(connection: Connection, note: (text: string) => void) {
    this.#connection = connection;
    this.#note = note;
  }

  /** Sends a Ping now, and one whenever so many milliseconds have passed. */
  begin(interval: number): void {
    this.#timer = setInterval(() => this.#measure(), interval);
    this.#measure();
  }

  /** Sends one Ping, which is not counted. */
  once(payload: Uint8Array | undefined): void {
    this.#wait(
      this.#connection.ping(payload),
      (milliseconds) => this.#note(`pong after ${shown(milliseconds)} ms`),
      () => this.#note('no pong came before the end'),
    );
  }

  /**
   * Sends no more, and resolves when every Pong that will come was told of: after the end of the connection at once.
   *
   * @returns What `begin` measured, in a line; undefined where it did not.
   */
  async end(): Promise<string | undefined> {
    clearInterval(this.#timer);
    await Promise.all(this.#pending);
    if (this.#timer === undefined) return undefined;
    const { count, least, mean, greatest } = this.#answered;
    const counts = `round trips: ${this.#sent} sent, ${count} answered`;
    return count === 0
      ? counts
      : `${counts}, min/avg/max ${shown(least)}/${shown(mean)}/${shown(greatest)} ms`;
  }

  #measure(): void {
    if (this.#connection.state !== 'open') return;
    this.#sent += 1;
    this.#wait(
      this.#connection.ping(),
      (milliseconds) => {
        this.#answered.add(milliseconds);
        this.#note(`round trip: ${shown(milliseconds)} ms`);
      },
      () => {}, // it counts as unanswered
    );
  }

  #wait(
    pong: Promise<number>,
    onPong: (milliseconds: number) => void,
    onNone: (reason: unknown) => void,
  ): void {
    const told = pong.then(onPong, onNone).finally(() => this.#pending.delete(told));
    this.#pending.add(told);
  }
}

/** Least, greatest and mean of numbers that are not kept. */
class Statistics {
  count = 0;
  least = Infinity;
  greatest = 0;
  #sum = 0;

  add(value: number): void {
    this.count += 1;
    this.#sum += value;
    this.least = Math.min(this.least, value);
    this.greatest = Math.max(this.greatest, value);
  }

  get mean(): number {
    return this.#sum / this.count;
  }
}

function shown(milliseconds: number): string {
  return milliseconds.toFixed(1);
}
