import type { Writable } from 'node:stream';
import * as ws from 'ws';
import type { Outcome, OutcomeEnd } from './outcome.ts';
import type { ClientDeflate, Terms } from './readers.ts';

/** What is not in @types/ws: the parser of the package `ws`, and its extension. */
interface Internals {
  readonly Receiver: new (options: {
    readonly isServer: boolean;
    readonly maxPayload: number;
    readonly maxFragments: number;
    readonly extensions: Readonly<Record<string, PerMessageDeflate>>;
  }) => Writable;
  readonly PerMessageDeflate: new (options: {
    readonly isServer: boolean;
    readonly maxPayload: number;
    readonly clientNoContextTakeover: boolean;
  }) => PerMessageDeflate;
}

interface PerMessageDeflate {
  accept(offers: readonly Readonly<Record<string, readonly string[]>>[]): unknown;
  cleanup(): void;
}

const { Receiver, PerMessageDeflate } = ws as unknown as Internals;

/** What the package `ws` makes of a stream. */
export async function readWithWs(
  stream: Uint8Array,
  { role, maxMessageBytes, maxFramesPerMessage, deflate }: Terms,
): Promise<Outcome> {
  const events: string[] = [];
  let end: OutcomeEnd | undefined;
  const extension = deflate === undefined ? undefined : agreed(deflate, maxMessageBytes);
  const receiver = new Receiver({
    isServer: role === 'server',
    maxPayload: maxMessageBytes,
    maxFragments: maxFramesPerMessage,
    extensions: extension === undefined ? {} : { 'permessage-deflate': extension },
  });
  const hex = (octets: Buffer): string => octets.toString('hex');
  receiver.on('message', (octets: Buffer, binary: boolean) => {
    events.push(`${binary ? 'binary' : 'text'} ${hex(octets)}`);
  });
  receiver.on('ping', (octets: Buffer) => events.push(`ping ${hex(octets)}`));
  receiver.on('pong', (octets: Buffer) => events.push(`pong ${hex(octets)}`));
  receiver.on('conclude', (code: number, reason: Buffer) => {
    end = { by: 'close', code, reason: reason.toString() };
  });
  receiver.on('error', () => {}); // the write hears of it as well
  // It is done with a write when all of its octets are read, and inflated.
  const error = await new Promise<Error | null | undefined>((resolve) => {
    receiver.write(Buffer.from(stream), resolve);
  });
  if (error instanceof Error) end = { by: 'failure', code: closeCodeOf(error) };
  receiver.destroy();
  extension?.cleanup();
  return { events, end };
}

function agreed({ takeover, windowBits }: ClientDeflate, maxPayload: number): PerMessageDeflate {
  const clientNoContextTakeover = !takeover;
  const extension = new PerMessageDeflate({ isServer: true, maxPayload, clientNoContextTakeover });
  extension.accept([{ client_max_window_bits: [`${windowBits}`] }]);
  return extension;
}

/** `ws` keeps the close code of an error under a symbol. */
function closeCodeOf(error: Error): number {
  const [symbol] = Object.getOwnPropertySymbols(error);
  const code: unknown = symbol === undefined ? undefined : Reflect.get(error, symbol);
  if (typeof code !== 'number') throw error;
  return code;
}
