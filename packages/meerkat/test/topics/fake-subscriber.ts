import type { PreparedMessage, SendOptions, SendResult } from '../../src/topics/index.ts';
import { deferred } from '../support/waiting.ts';

/** A subscriber that keeps what it gets. */
export class FakeSubscriber {
  readonly name: string;
  /** What came: text as it is, octets in hex. */
  readonly heard: string[] = [];
  readonly messages: PreparedMessage[] = [];
  readonly options: (SendOptions | undefined)[] = [];
  /** How often somebody began to listen for its end. */
  listeners = 0;
  /** What it answers. */
  answer: SendResult = 'sent';
  /** Called with each message, before it answers. */
  onMessage: (text: string) => void = () => {};
  readonly #closed = deferred();

  constructor(name = '') {
    this.name = name;
  }

  readonly closed: PromiseLike<unknown> = {
    // biome-ignore lint/suspicious/noThenProperty: it counts who listens.
    then: (...told) => {
      this.listeners += 1;
      return this.#closed.promise.then(...told);
    },
  };

  send(message: PreparedMessage, options?: SendOptions): SendResult {
    const { content } = message;
    const text = typeof content === 'string' ? content : Buffer.from(content).toString('hex');
    this.heard.push(text);
    this.messages.push(message);
    this.options.push(options);
    this.onMessage(text);
    return this.answer;
  }

  /** It ends; its topics hear of it after the microtasks. */
  close(): void {
    this.#closed.resolve();
  }

  fail(error: unknown): void {
    this.#closed.reject(error);
  }
}
