// Many clients that come at once, with as little work for each as can be: arguments are the port and how many. A line on
// standard input lets them come, so many at a time as it says. When each of them is in and has its echo, or has failed, the
// process tells what came of it; when all have lost their connections it says `cut` with the wave's number, and waits for the next line.
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

/** What came of a wave. */
export interface Wave {
  /** Clients that are in and have their echo. */
  readonly served: number;
  /** Milliseconds from the line until the last 101. */
  readonly allIn: number;
  /** The longest handshake, from `connect` to the 101, in milliseconds. */
  readonly longest: number;
  /** Why the others are not in, and how many of them. */
  readonly failures: Readonly<Record<string, number>>;
}

/** Milliseconds after which a wave is given up: a machine may be busy with others. */
const PATIENCE = 50_000;
const REQUEST = [
  'GET /chat HTTP/1.1',
  'Host: 127.0.0.1',
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version: 13',
  '\r\n',
].join('\r\n');
const ACCEPT = '\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n';

const [port = 0, count = 0] = process.argv.slice(2).map(Number);
let connected = 0;

function come(wave: number, atOnce: number): void {
  const began = performance.now();
  const failures: Record<string, number> = {};
  const unsettled = new Set<Client>();
  let [begun, served, longest, lastIn] = [0, 0, 0, began];
  const giveUp = setTimeout(() => {
    for (const client of unsettled) client.socket.destroy(new Error('not served in time'));
  }, PATIENCE);

  const next = (): void => {
    begun += 1;
    const client = new Client(`client ${begun}`, {
      entered(milliseconds) {
        connected += 1;
        longest = Math.max(longest, milliseconds);
        lastIn = performance.now();
      },
      settled(failure) {
        unsettled.delete(client);
        if (failure === undefined) served += 1;
        else failures[failure] = (failures[failure] ?? 0) + 1;
        if (begun < count) next();
        else if (unsettled.size === 0) {
          clearTimeout(giveUp);
          const told: Wave = { served, allIn: lastIn - began, longest, failures };
          console.log(`wave ${wave} ${JSON.stringify(told)}`);
        }
      },
      left() {
        connected -= 1;
        if (connected === 0) console.log(`cut ${wave}`);
      },
    });
    unsettled.add(client);
  };
  while (begun < Math.min(atOnce, count)) next();
}

/** What a client tells. */
interface Events {
  /** The 101 is here, so many milliseconds after `connect`. */
  entered(milliseconds: number): void;
  /** The echo is here, or none will come. */
  settled(failure?: string): void;
  /** The connection of one that had entered ended. */
  left(): void;
}

class Client {
  readonly socket: Socket;
  readonly #text: string;
  readonly #events: Events;
  readonly #began = performance.now();
  #state: 'entering' | 'echoing' | 'settled' = 'entering';
  #received = '';

  constructor(text: string, events: Events) {
    this.#text = text;
    this.#events = events;
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    socket.on('connect', () => socket.write(REQUEST));
    socket.on('data', (chunk) => this.#read(chunk.toString('latin1')));
    socket.on('error', (error: NodeJS.ErrnoException) => this.#fail(error.code ?? error.message));
    socket.on('close', () => this.#fail('ended'));
    this.socket = socket;
  }

  #read(octets: string): void {
    if (this.#state === 'settled') return;
    this.#received += octets;
    if (this.#state === 'entering') this.#enter();
    const echo = `\x81${String.fromCharCode(this.#text.length)}${this.#text}`;
    if (this.#state !== 'echoing' || this.#received.length < echo.length) return;
    if (this.#received !== echo) this.#fail('a wrong echo');
    else this.#settle();
  }

  #enter(): void {
    const end = this.#received.indexOf('\r\n\r\n');
    if (end < 0) return;
    const head = this.#received.slice(0, end + 2);
    if (!head.startsWith('HTTP/1.1 101 ') || !head.includes(ACCEPT)) {
      this.#fail(head.split('\r\n', 1)[0]);
      return;
    }
    this.#received = this.#received.slice(end + 4);
    this.#state = 'echoing';
    this.socket.once('close', () => this.#events.left());
    this.#events.entered(performance.now() - this.#began);
    // Masked with four zeros.
    const length = String.fromCharCode(0x80 | this.#text.length);
    this.socket.write(`\x81${length}\0\0\0\0${this.#text}`, 'latin1');
  }

  #fail(failure: string | undefined): void {
    this.socket.destroy();
    if (this.#state !== 'settled') this.#settle(failure);
  }

  #settle(failure?: string): void {
    this.#state = 'settled';
    this.#events.settled(failure);
  }
}

let wave = 0;
createInterface({ input: process.stdin }).on('line', (atOnce) => {
  wave += 1;
  come(wave, Number(atOnce));
});
console.log('ready');
