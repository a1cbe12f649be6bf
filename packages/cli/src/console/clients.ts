import type { Connection, Message } from 'meerkat';
import type { RequestHead } from 'meerkat/protocol';

/** What went one way. */
export interface Tally {
  messages: number;
  /** Of the payloads. */
  octets: number;
}

/** A client that is here. */
export interface Client {
  readonly id: number;
  /** `#1 127.0.0.1:59668` */
  readonly label: string;
  readonly connection: Connection<unknown>;
  /** Its request, as it came. */
  readonly head: RequestHead;
  readonly since: Date;
  /** Milliseconds of `performance.now()`. */
  readonly cameAt: number;
  readonly received: Tally;
  readonly sent: Tally;
  /** A Ping of the operator's waits for its Pong. */
  pinged: boolean;
  /** A message of it waits to be shown: to be aborted when it leaves. */
  unshown: AbortController | undefined;
}

/** Who is here, in the order in which they came. */
export class Clients {
  readonly #byId = new Map<number, Client>();
  readonly #ids = new WeakMap<Connection<unknown>, number>();

  add(client: Client): void {
    this.#byId.set(client.id, client);
    this.#ids.set(client.connection, client.id);
  }

  delete({ id }: Client): void {
    this.#byId.delete(id);
  }

  get(id: number): Client | undefined {
    return this.#byId.get(id);
  }

  of(connection: Connection<unknown>): Client | undefined {
    const id = this.#ids.get(connection);
    return id === undefined ? undefined : this.#byId.get(id);
  }

  get all(): Client[] {
    return [...this.#byId.values()];
  }
}

/** Counts one message more. */
export function tally(counts: Tally, message: Message): void {
  counts.messages += 1;
  counts.octets += typeof message === 'string' ? Buffer.byteLength(message) : message.byteLength;
}
