import { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import type { InputStream } from '../cli-context.ts';

/** An escape sequence, a control character, or a run of text with tabs and line ends in it. */
const TOKENS =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what keys send
  /\x1b(?:\[[0-?]*[ -/]*[@-~]|O[ -~]|.)?|[\0-\x08\v\f\x0e-\x1f\x7f]|[^\0-\x08\v\f\x0e-\x1f\x7f]+/gsu;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what keys send
const BEGUN_SEQUENCE = /\x1b(?:\[[0-?]*[ -/]*|O)?$/;
const REST_OF_SEQUENCE = /^[[O]?[0-?]*[ -/]*[@-~]?/;

/**
 * A terminal's input for readline, one key at a time, with what is pasted kept apart.
 *
 * Readline (Node 20) adds all characters of a chunk but the last to the end of the line, wherever the cursor is, and
 * loses count of the rows. What comes as more than a key is therefore given to `pasted`, which inserts it whole.
 */
export class Keys extends Readable {
  readonly #terminal: InputStream & { setRawMode?(mode: boolean): unknown };
  readonly #decoder = new StringDecoder('utf8');
  readonly #pasted: (text: string) => void;
  /** The last chunk ended inside an escape sequence. */
  #begun = false;
  #closed = false;

  constructor(terminal: InputStream, pasted: (text: string) => void) {
    super({ read() {} });
    this.#terminal = terminal;
    this.#pasted = pasted;
    terminal.on('data', this.#onData);
    terminal.on('end', this.#onEnd);
    terminal.on('error', this.#onEnd); // a terminal that is gone fails to be read
  }

  /** Readline asks for single keys with this. */
  setRawMode(mode: boolean): this {
    this.#terminal.setRawMode?.(mode);
    return this;
  }

  /** Reads no more of the terminal. */
  close(): void {
    this.#closed = true;
    this.#terminal.off('data', this.#onData);
    this.#terminal.off('end', this.#onEnd);
    this.#terminal.pause();
  }

  readonly #onData = (chunk: Buffer | string): void => {
    let text = typeof chunk === 'string' ? chunk : this.#decoder.write(chunk);
    if (this.#begun) {
      const [rest = ''] = REST_OF_SEQUENCE.exec(text) ?? [];
      for (const character of rest) this.#key(character);
      text = text.slice(rest.length);
    }
    this.#begun = BEGUN_SEQUENCE.test(text);
    for (const [token] of text.matchAll(TOKENS)) {
      if (this.#closed) return; // by the key before: Ctrl-D
      if (token.length > 1 && !token.startsWith('\x1b')) this.#pasted(token);
      else this.#key(token);
    }
  };

  readonly #onEnd = (): void => {
    this.emit('end');
  };

  /** At once: what is pasted before and after must stay in order. */
  #key(key: string): void {
    this.emit('data', Buffer.from(key));
  }
}
