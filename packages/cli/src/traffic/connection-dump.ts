import { oneLine } from '../terminal/escape-controls.ts';
import type { Palette } from '../terminal/palette.ts';
import { DirectionDump } from './direction-dump.ts';
import { octetCount } from './frame-header.ts';
import { HttpExchange } from './http-exchange.ts';
import type { InflateBudget } from './inflate-budget.ts';
import { octetRows } from './octet-rows.ts';
import type { Direction, TrafficListener } from './traffic-listener.ts';

/** Columns before what is decoded; three more are for its marks. */
const INDENT = ' '.repeat(7);

/** Which connection it is. */
export interface DumpedConnection {
  readonly id: number;
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
  /** Which end of it we are. */
  readonly role: 'server' | 'client';
  /** Octets that went before in each direction. @default 0 */
  readonly offset?: number | undefined;
}

/** How a dump looks, and where it goes. */
export interface DumpSettings {
  /** Writes text; a promise means that the output is behind. */
  readonly write: (text: string) => Promise<void> | undefined;
  /** A promise while the output is behind: nothing is made for it meanwhile. @default never behind */
  readonly ready?: ((signal?: AbortSignal) => Promise<void> | undefined) | undefined;
  readonly palette: Palette;
  /** Shows what is starred and redacted otherwise. */
  readonly showSecrets: boolean;
  /** What may be inflated in a turn. @default that of the process */
  readonly inflateBudget?: InflateBudget | undefined;
  /** @default the system's clock */
  readonly now?: (() => Date) | undefined;
}

/**
 * Dumps one connection. While the output is behind, octets wait before they are rendered, so that nothing piles up; its
 * ends cannot wait, and are missing then.
 */
export class ConnectionDump implements TrafficListener {
  readonly #settings: DumpSettings;
  readonly #onIncomplete: () => void;
  readonly #over = new AbortController();
  #complete = true;
  /** What waits for the output, in order. */
  #waiting: Promise<void> | undefined;
  readonly #name: readonly [id: string, local: string, remote: string];
  readonly #directions: Readonly<Record<Direction, DirectionDump>>;
  readonly #start: number;
  readonly #ended = { in: false, out: false };

  /** @param onIncomplete - Called once, when something of the connection is not shown. */
  constructor(
    connection: DumpedConnection,
    settings: DumpSettings,
    onIncomplete: () => void = () => {},
  ) {
    const { id, localAddress, localPort, remoteAddress, remotePort, role, offset = 0 } = connection;
    this.#settings = settings;
    this.#onIncomplete = onIncomplete;
    this.#start = offset;
    const hasAddress = localAddress !== undefined || remoteAddress !== undefined;
    this.#name = [
      `#${id}`,
      hasAddress ? authority(localAddress, localPort) : '(unix socket)',
      hasAddress ? authority(remoteAddress, remotePort) : '(unix socket)',
    ];
    const { palette, showSecrets, inflateBudget } = settings;
    const exchange = new HttpExchange(palette, showSecrets);
    const requests: Direction = role === 'server' ? 'in' : 'out';
    const asks = new DirectionDump({
      palette,
      inflateBudget,
      receiver: 'server',
      offset,
      head: (text) => exchange.request(text),
      decided: () => [],
    });
    const answers = new DirectionDump({
      palette,
      inflateBudget,
      receiver: 'client',
      offset,
      head: (text) => exchange.response(text),
      decided: (upgrade, deflate) => asks.decide(upgrade, deflate),
    });
    this.#directions = requests === 'in' ? { in: asks, out: answers } : { in: answers, out: asks };
    void this.#write([this.#line('--', 'opened')]); // too short to wait for
  }

  received(octets: Uint8Array): Promise<void> | undefined {
    return this.#octets('in', octets);
  }

  sent(octets: Uint8Array): Promise<void> | undefined {
    return this.#octets('out', octets);
  }

  ended(direction: Direction): Promise<void> | undefined {
    if (this.#ended[direction]) return undefined;
    this.#ended[direction] = true;
    if (this.#behind) return this.#omit();
    const { offset } = this.#directions[direction];
    return this.#write([
      this.#line(arrow(direction), `FIN after ${octetCount(offset - this.#start)}`),
      ...this.#last(direction),
    ]);
  }

  closed(error: Error | undefined): Promise<void> | undefined {
    this.#over.abort();
    if (this.#behind) return this.#omit();
    const { palette } = this.#settings;
    const how = error === undefined ? 'closed' : palette.red(`closed: ${oneLine(error.message)}`);
    const lines = [this.#line('--', how)];
    for (const direction of ['in', 'out'] as const) {
      if (!this.#ended[direction]) lines.push(...this.#last(direction));
      this.#ended[direction] = true;
    }
    return this.#write(lines);
  }

  #octets(direction: Direction, octets: Uint8Array): Promise<void> | undefined {
    if (this.#waiting === undefined && !this.#behind) return this.#show(direction, octets);
    const waiting = this.#showWhenReady(direction, octets, this.#waiting);
    this.#waiting = waiting;
    void waiting.then(() => {
      if (this.#waiting === waiting) this.#waiting = undefined;
    });
    return waiting;
  }

  async #showWhenReady(
    direction: Direction,
    octets: Uint8Array,
    before: Promise<void> | undefined,
  ): Promise<void> {
    await before;
    const { signal } = this.#over;
    const { ready } = this.#settings;
    // Others wait too, and the first one woken fills the output again.
    for (let wait = ready?.(signal); wait !== undefined; wait = ready?.(signal)) await wait;
    if (signal.aborted) this.#omit();
    else void this.#show(direction, octets);
  }

  #show(direction: Direction, octets: Uint8Array): Promise<void> | undefined {
    const { palette, showSecrets } = this.#settings;
    const dump = this.#directions[direction];
    const { offset } = dump;
    const { lines, hidden } = dump.take(octets);
    const paint = direction === 'in' ? palette.cyan : palette.green;
    return this.#write([
      paint(this.#line(arrow(direction), octetCount(octets.length))),
      ...octetRows(octets, offset, showSecrets ? [] : hidden),
      ...lines.map((line) => INDENT + line),
    ]);
  }

  get #behind(): boolean {
    return this.#settings.ready?.() !== undefined;
  }

  #omit(): undefined {
    if (this.#complete) this.#onIncomplete();
    this.#complete = false;
  }

  #last(direction: Direction): string[] {
    return this.#directions[direction].end().map((line) => INDENT + line);
  }

  #line(sign: string, what: string): string {
    const { now = () => new Date() } = this.#settings;
    const [id, local, remote] = this.#name;
    return `${now().toISOString()} ${id} ${local} ${sign} ${remote}  ${what}`;
  }

  #write(lines: readonly string[]): Promise<void> | undefined {
    return this.#settings.write(`${lines.join('\n')}\n`);
  }
}

function arrow(direction: Direction): string {
  return direction === 'in' ? '<-' : '->';
}

function authority(address: string | undefined, port: number | undefined): string {
  if (address === undefined) return '(unknown)';
  return `${address.includes(':') ? `[${address}]` : address}:${port ?? '?'}`;
}
