import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PassThrough, Writable } from 'node:stream';
import {
  type Connection,
  connect,
  type Message,
  WebSocketServer,
  type WebSocketServerOptions,
} from 'meerkat';
import { onTestFinished } from 'vitest';
import type { CliContext, OutputStream } from '../../src/cli-context.ts';
import { type ConsoleSettings, OperatorConsole } from '../../src/console/operator-console.ts';
import { ConnectionIds } from '../../src/serve/connection-ids.ts';
import { Collector } from '../connect/command.ts';

/** An output that takes nothing until it is told to. */
export class StuckOutput extends Writable implements OutputStream {
  readonly isTTY = false;
  text = '';
  #release: (() => void) | undefined;
  #stuck = true;

  constructor() {
    super({ highWaterMark: 1 });
  }

  /** Takes everything from now on. */
  release(): void {
    this.#stuck = false;
    this.#release?.();
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    this.emit('written');
    if (this.#stuck) this.#release = done;
    else done();
  }
}

/** What a {@link Room} can be told. */
export interface RoomOptions extends Partial<ConsoleSettings> {
  readonly server?: WebSocketServerOptions<unknown>;
  readonly terminal?: boolean;
  readonly stdout?: StuckOutput;
  readonly host?: string;
}

/** A server with an operator's console on streams of the test's. It ends with the test. */
export class Room {
  readonly stdin: PassThrough & { isTTY?: boolean } = new PassThrough();
  readonly stdout: Collector | StuckOutput;
  readonly stderr: Collector;
  readonly console: OperatorConsole;
  readonly server: WebSocketServer<unknown>;
  readonly running: Promise<void>;
  stops = 0;
  readonly #url: () => string;
  #joined = 0;

  static async open(options: RoomOptions = {}): Promise<Room> {
    const http = createServer();
    const room = new Room(options, () => {
      const { address, port, family } = http.address() as AddressInfo;
      return `ws://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
    });
    room.server.attach(http, { path: '/websocket' });
    await new Promise<void>((resolve) => http.listen(0, options.host ?? '127.0.0.1', resolve));
    onTestFinished(async () => {
      room.console.close();
      room.stdin.end();
      if (room.stdout instanceof StuckOutput) room.stdout.release();
      await room.running;
      await room.server.close({ timeout: 0 });
      await new Promise((resolve) => http.close(resolve));
    });
    return room;
  }

  private constructor(options: RoomOptions, url: () => string) {
    const { terminal = false } = options;
    this.#url = url;
    this.stdin.isTTY = terminal;
    this.stdout = options.stdout ?? new Collector(terminal);
    this.stderr = new Collector(terminal);
    const context: CliContext = {
      stdin: this.stdin,
      stdout: this.stdout,
      stderr: this.stderr,
      env: { NO_COLOR: '1' },
      onInterrupt: () => () => {},
    };
    const { manualAccept = false, echo = false, quitWord, handshakeTimeout = 10_000 } = options;
    const settings = { manualAccept, echo, quitWord, handshakeTimeout };
    this.console = new OperatorConsole(context, settings, new ConnectionIds(), () => {
      this.stops += 1;
    });
    this.server = new WebSocketServer<unknown>({
      ...this.console.handlers,
      handshakeTimeout,
      ...options.server,
    });
    this.running = this.console.run();
  }

  get url(): string {
    return this.#url();
  }

  get output(): string {
    return this.stdout.text;
  }

  get notes(): string {
    return this.stderr.text;
  }

  /** Types lines. */
  type(...lines: readonly string[]): void {
    for (const line of lines) this.stdin.write(`${line}\n`);
  }

  /** Resolves with the first match in the transcript, or in the notes. */
  async prints(pattern: RegExp, from: 'stdout' | 'stderr' = 'stdout'): Promise<RegExpExecArray> {
    const stream = this[from];
    for (;;) {
      const match = pattern.exec(stream.text);
      if (match !== null) return match;
      await new Promise<void>((resolve) => {
        stream.once('written', resolve);
      });
    }
  }

  /** A client, numbered in the order of these calls; the transcript tells of it when this resolves. */
  async join(path = '/websocket', subprotocols: readonly string[] = []): Promise<Guest> {
    this.#joined += 1;
    const here = this.prints(new RegExp(`#${this.#joined} \\S+ is here`));
    const guest = await Guest.dial(`${this.url}${path}`, subprotocols);
    await here;
    return guest;
  }
}

/** A client of ours. It ends with the test. */
export class Guest {
  readonly received: Message[] = [];
  readonly #wakers: (() => void)[] = [];
  connection!: Connection;

  static async dial(url: string, subprotocols: readonly string[] = []): Promise<Guest> {
    const guest = new Guest();
    guest.connection = (await connect(url, {
      subprotocols,
      message: (_connection, message) => {
        guest.received.push(typeof message === 'string' ? message : Buffer.from(message));
        for (const wake of guest.#wakers.splice(0)) wake();
      },
    })) as Connection;
    onTestFinished(async () => {
      guest.connection.terminate();
      await guest.connection.closed;
    });
    return guest;
  }

  /** The messages, once there are as many. */
  async messages(count: number): Promise<readonly Message[]> {
    while (this.received.length < count) {
      await new Promise<void>((resolve) => {
        this.#wakers.push(resolve);
      });
    }
    return this.received;
  }
}
