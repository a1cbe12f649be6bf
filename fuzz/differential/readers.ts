import type { Writable } from 'node:stream';
import type { Role } from 'meerkat/protocol';
import * as ws from 'ws';
import { RecordedEndpoint, situationOf } from '../recorded-endpoint.ts';
import type { Outcome, OutcomeEnd } from './outcome.ts';

/** What both readers are told. */
export interface Terms {
  readonly role: Role;
  readonly maxMessageBytes: number;
  readonly maxFramesPerMessage: number;
}

/** What is not in @types/ws: the parser of the package `ws`. */
type ReceiverClass = new (options: {
  readonly isServer: boolean;
  readonly maxPayload: number;
  readonly maxFragments: number;
}) => Writable;
const { Receiver } = ws as unknown as { Receiver: ReceiverClass };

/** The first octet of an input says what its readers are told, in the words of `situationOf`. */
export function termsOf(octet: number): Terms {
  const { role, limits } = situationOf(octet);
  const { maxMessageBytes, maxFramesPerMessage } = limits;
  return { role, maxMessageBytes, maxFramesPerMessage };
}

/** What meerkat makes of a stream, and how many octets it needed until the end came. */
export function readWithMeerkat(
  stream: Uint8Array,
  { role, maxMessageBytes, maxFramesPerMessage }: Terms,
  octetByOctet = false,
): Outcome & { readonly needed: number } {
  const situation = situationOf(0);
  const limits = { ...situation.limits, maxMessageBytes, maxFramesPerMessage };
  const reader = new RecordedEndpoint({ ...situation, role, limits });
  let needed = stream.length;
  if (octetByOctet) {
    for (needed = 0; needed < stream.length && reader.end === undefined; needed += 1) {
      reader.receive([stream.slice(needed, needed + 1)]);
    }
  } else reader.receive([stream.slice()]);
  return { events: reader.events, end: endOf(reader), needed };
}

function endOf({ end }: RecordedEndpoint): OutcomeEnd | undefined {
  if (end?.by !== 'violation') return end;
  return { by: 'failure', code: end.code, rule: end.error.code };
}

/** What the package `ws` makes of a stream. */
export async function readWithWs(
  stream: Uint8Array,
  { role, maxMessageBytes, maxFramesPerMessage }: Terms,
): Promise<Outcome> {
  const events: string[] = [];
  let end: OutcomeEnd | undefined;
  const receiver = new Receiver({
    isServer: role === 'server',
    maxPayload: maxMessageBytes,
    maxFragments: maxFramesPerMessage,
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
  receiver.on('error', (error: Error) => {
    end = { by: 'failure', code: closeCodeOf(error) };
  });
  await new Promise<void>((resolve) => {
    receiver.write(Buffer.from(stream), () => resolve());
  });
  receiver.destroy();
  return { events, end };
}

/** `ws` keeps the close code of an error under a symbol. */
function closeCodeOf(error: Error): number {
  const [symbol] = Object.getOwnPropertySymbols(error);
  const code: unknown = symbol === undefined ? undefined : Reflect.get(error, symbol);
  if (typeof code !== 'number') throw error;
  return code;
}
