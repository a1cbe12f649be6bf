import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { StreamRequest } from 'meerkat';
import type { CliContext } from '../cli-context.ts';
import type { LineIo } from '../terminal/line-io.ts';
import { Output } from '../terminal/output.ts';
import { paletteFor } from '../terminal/palette.ts';
import type { DumpedConnection, DumpSettings } from '../traffic/connection-dump.ts';
import { TrafficDump } from '../traffic/traffic-dump.ts';
import { openTrafficFile, type TrafficFile } from '../traffic/traffic-file.ts';
import { HandshakeView } from './handshake-view.ts';
import { dialWatched, type Watchers } from './watched-dial.ts';

/** What of a connection is shown beside its messages. */
export interface DialViewSettings {
  /** Whether the handshake is shown. */
  readonly verbose: boolean;
  /** Whether credentials are shown in it, and in the dump. */
  readonly showSecrets: boolean;
  /** Where every octet goes: a file, or stderr for `true`. @default nowhere */
  readonly hexdump: string | true | undefined;
}

/** Shows what crosses a connection, as its settings say: the handshake on stderr, octets there or in a file. */
export class DialView {
  readonly #settings: DialViewSettings;
  readonly #context: CliContext;
  readonly #io: LineIo;
  readonly #stderr: Output;
  readonly #onFailure: (error: NodeJS.ErrnoException) => void;
  #dump: TrafficDump | undefined;
  #file: TrafficFile | undefined;
  #closed = false;

  /** @param onFailure - Called when the dump cannot be written any more. */
  constructor(
    settings: DialViewSettings,
    context: CliContext,
    io: LineIo,
    onFailure: (error: NodeJS.ErrnoException) => void,
  ) {
    this.#settings = settings;
    this.#context = context;
    this.#io = io;
    this.#stderr = new Output(context.stderr);
    this.#onFailure = onFailure;
  }

  /**
   * Opens what has to be open before the dial.
   *
   * @throws CliError when the file of the dump cannot be written.
   */
  async open(): Promise<void> {
    const { hexdump, showSecrets } = this.#settings;
    if (hexdump === undefined) return;
    const { stderr, env } = this.#context;
    if (hexdump === true) {
      const { write, ready } = this.#dumpOutput;
      this.#dump = new TrafficDump({ write, ready, palette: paletteFor(stderr, env), showSecrets });
      return;
    }
    const file = await openTrafficFile(hexdump, this.#onFailure);
    this.#file = file;
    if (this.#closed) await file.close(); // nobody waited for it
    const palette = paletteFor(stderr, { NO_COLOR: '1' });
    const { write, ready } = file;
    this.#dump = new TrafficDump({ write, ready, palette, showSecrets });
  }

  /** Writes the rest of the dump and closes its file, after the connection. Never rejects; a second call does nothing. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#file?.close();
  }

  /** How to dial so that everything is seen; undefined where nobody looks. */
  get createConnection(): ((request: StreamRequest) => Duplex) | undefined {
    const { verbose, showSecrets } = this.#settings;
    const dump = this.#dump;
    if (!verbose && dump === undefined) return undefined;
    const { stderr, env } = this.#context;
    const print = (line: string): void => void this.#stderr.line(line);
    const watchers: Watchers = {
      view: verbose
        ? new HandshakeView({ palette: paletteFor(stderr, env), showSecrets, print })
        : undefined,
      dump: dump && ((socket) => dump.connection({ id: 1, role: 'client', ...addresses(socket) })),
    };
    return (request) => dialWatched(request, watchers);
  }

  /** Where a line is being typed on the terminal that stderr is, the dump stands above it. */
  get #dumpOutput(): Pick<DumpSettings, 'write' | 'ready'> {
    const besidePrompt = this.#io.interactive && this.#context.stderr.isTTY === true;
    const output = besidePrompt ? this.#io : this.#stderr;
    return {
      write: (text) => output.write(text),
      ready: (signal) => output.ready(signal),
    };
  }
}

function addresses(socket: Socket): Omit<DumpedConnection, 'id' | 'role'> {
  const { localAddress, localPort, remoteAddress, remotePort } = socket;
  return { localAddress, localPort, remoteAddress, remotePort };
}
