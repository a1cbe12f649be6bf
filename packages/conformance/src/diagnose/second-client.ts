// A second client beside the first: whether it gets in, and what the answer to another key is.
import { valuesOf } from './answer-head.ts';
import { Conversation } from './conversation.ts';
import type { Step } from './diagnosis.ts';
import { type Dialler, isFailure } from './dialler.ts';
import type { OtherAccept } from './field-steps.ts';
import { type Asked, type Exchange, exchange, requestFor } from './handshake.ts';
import type { Link } from './link.ts';

/** A second client, and what it got while the first was there. */
export class SecondClient {
  readonly #link: Link | undefined;
  #exchange: Exchange | undefined;
  readonly #code: string;

  private constructor(link: Link | undefined, first: Exchange | undefined, code: string) {
    this.#link = link;
    this.#exchange = first;
    this.#code = code;
  }

  /** Dials and asks. */
  static async dial(dialler: Dialler, asked: Asked, waitMs: number): Promise<SecondClient> {
    const link = await dialler.dial(waitMs);
    if (isFailure(link)) return new SecondClient(undefined, undefined, link.code);
    const request = requestFor(dialler.target, asked);
    return new SecondClient(link, await exchange(link, request, waitMs), '');
  }

  /** Its handshake's answer. */
  get accept(): OtherAccept | undefined {
    const { head, request } = this.#exchange ?? {};
    if (head === undefined || request === undefined) return undefined;
    return { key: request.key, values: valuesOf(head, 'sec-websocket-accept') };
  }

  /** Whether it was answered. */
  get answered(): boolean {
    return this.#exchange?.head !== undefined;
  }

  get status(): number | undefined {
    return this.#exchange?.head?.status;
  }

  /** Waits again for the answer, now that the first client is gone. */
  async wait(waitMs: number): Promise<void> {
    const link = this.#link;
    const before = this.#exchange;
    if (link === undefined || before === undefined || this.answered) return;
    await exchangeAgain(link, before, waitMs, (later) => {
      this.#exchange = later;
    });
  }

  /** Its frames, where it got in. */
  conversation(): Conversation | undefined {
    const head = this.#exchange?.head;
    if (this.#link === undefined || head?.status !== 101) return undefined;
    return new Conversation(this.#link, head.end);
  }

  /** Judges it when the first client has left. @param whileOpen - Whether it was answered before that. */
  step(whileOpen: boolean): Step {
    const base = { name: 'second client', rule: 'RFC 6455 §4.1' } as const;
    if (whileOpen && this.status === 101) {
      return { ...base, outcome: 'ok', seen: 'A second client gets in while the first is there.' };
    }
    if (whileOpen) {
      return {
        ...base,
        outcome: 'warning',
        fault: 'second-refused',
        seen: `A second client was answered ${this.status} while the first was there.`,
        means: 'The server counts connections, and one is all that it allows from here.',
        advice: 'Raise the limit, if that is not what you want.',
      };
    }
    const later = this.answered;
    const what = this.#link === undefined ? `was not taken (${this.#code})` : 'got no answer';
    return {
      ...base,
      outcome: 'wrong',
      fault: 'one-client',
      seen: `The server serves one client at a time: a second one ${what} while the first was there${later ? ', and got it as soon as the first had left' : ''}.`,
      means: 'Everybody else waits until that client leaves: one that stays keeps all others out.',
      advice:
        'Go on accepting connections while one is open: an event loop, a thread for each, or select over all of them.',
    };
  }

  drop(): void {
    this.#link?.drop();
  }
}

async function exchangeAgain(
  link: Link,
  { request }: Exchange,
  waitMs: number,
  take: (exchange: Exchange) => void,
): Promise<void> {
  take(await exchange(link, { ...request, text: '' }, waitMs));
}
